"""Texts with their quality gates: `python flows/dataset_flow.py run --source bundled|organism|file|anthropic|auto`."""

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from metaflow import FlowSpec, Parameter, card, current, project, step

import empathy_core  # noqa: F401  (at the top of the file, so that Metaflow packs the library)


@project(name="empathy")
class DatasetFlow(FlowSpec):
    """Read or generate texts, apply what reviewers decided, and measure what words alone give away."""

    source = Parameter("source", default="bundled", help="bundled, organism (the grammar), file, anthropic or auto")
    path = Parameter("path", default="", help="with --source file: one or more files, separated by commas")
    decisions = Parameter("decisions", default="", help="files of the review page, separated by commas")
    folds = Parameter("folds", default=5, help="folds of whole scenarios, for the text baselines")
    seed = Parameter("seed", default=0)
    triplets = Parameter("triplets", default=90, help="with --source anthropic: how many scenarios to write")
    attempts = Parameter("attempts", default=3, help="how often a triplet that fails is written anew")
    writer = Parameter("writer", default="claude-haiku-5-5", help="model that writes")
    judge = Parameter("judge", default="claude-opus-5-5", help="model that judges, of another line")
    prices = Parameter("prices", default="", help="money per million tokens: writer in,out,judge in,out")

    @step
    def start(self):
        from empathy_core.datasets.generation.cost import forecast
        from empathy_core.datasets.generation.plan import GenerationSettings
        from empathy_core.datasets.review.decisions import read_decisions
        from empathy_core.datasets.sources import named_source
        from empathy_core.runs import check_answers_last

        self.taken = named_source(self.source, self.path)
        check_answers_last(self.taken)
        self.given = read_decisions([Path(name) for name in self.decisions.split(",") if name])
        self.settings = GenerationSettings(self.writer, self.judge, self.triplets, self.attempts, self.seed)
        self.forecast = forecast(self.settings, self.prices) if self.taken == "anthropic" else ()
        for line in (f"Source: {self.taken}", *self.forecast):
            sys.stdout.write(f"{line}\n")
        self.next(self.collect)

    @card(type="blank", refresh_interval=1)
    @step
    def collect(self):
        from empathy_core.cards.components import live_batches
        from empathy_core.cards.text_cards import collection_card
        from empathy_core.datasets.sources import collect
        from empathy_core.runs import generation_folder

        progress = live_batches(current.card)
        self.collected = collect(self.taken, self.path, self.seed, self.settings, generation_folder(), progress)
        current.card.clear()
        current.card.extend(collection_card(self.collected, self.forecast))
        self.next(self.measure)

    @card(type="blank")
    @step
    def measure(self):
        from empathy_core.cards.text_cards import dataset_card
        from empathy_core.datasets.gates import every_gate
        from empathy_core.datasets.review.reviewed import apply
        from empathy_core.runs import stamped

        self.reviewed = apply(self.collected.texts, self.given)
        self.texts = self.reviewed.texts
        found = every_gate(self.collected, self.reviewed, self.given, self.folds, self.seed)
        estimates = stamped([gate.estimate for gate in found], current.pathspec)
        self.quality = tuple(replace(gate, estimate=own) for gate, own in zip(found, estimates, strict=True))
        current.card.extend(dataset_card(self.reviewed, self.quality, self.taken))
        self.next(self.end)

    @step
    def end(self):
        failed = ", ".join(gate.name for gate in self.quality if gate.passed is False)
        sys.stdout.write(f"{len(self.texts)} texts in {self.texts.name}, hash {self.texts.content_hash}\n")
        sys.stdout.write(f"Gates failed: {failed or 'none'}\n")
        sys.stdout.write(f"Review: {self.reviewed.status}\n")


if __name__ == "__main__":
    DatasetFlow()
