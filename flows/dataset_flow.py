"""Texts with their quality gates: `python flows/dataset_flow.py run --source bundled|organism|file --path FILE`."""

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from metaflow import FlowSpec, Parameter, card, current, step

import empathy_core  # noqa: F401  (at the top of the file, so that Metaflow packs the library)


class DatasetFlow(FlowSpec):
    """Load texts, check them, and measure what words alone give away."""

    source = Parameter("source", default="bundled", help="bundled, organism (the grammar's texts) or file")
    path = Parameter("path", default="", help="with --source file: one or more files, separated by commas")
    folds = Parameter("folds", default=5, help="folds of whole scenarios, for the text baselines")
    seed = Parameter("seed", default=0)

    @step
    def start(self):
        from empathy_core.datasets.sources import read_source

        self.texts = read_source(self.source, self.path, self.seed)
        self.next(self.measure)

    @card(type="blank")
    @step
    def measure(self):
        from empathy_core.cards.components import dataset_card
        from empathy_core.datasets.gates import gates
        from empathy_core.datasets.splits import grouped_folds
        from empathy_core.runs import stamped

        found = gates(self.texts, grouped_folds(self.texts, self.folds, self.seed), self.seed)
        estimates = stamped([gate.estimate for gate in found], current.pathspec)
        self.quality = tuple(replace(gate, estimate=own) for gate, own in zip(found, estimates, strict=True))
        current.card.extend(dataset_card(self.texts, self.quality))
        self.next(self.end)

    @step
    def end(self):
        sys.stdout.write(f"{len(self.texts)} texts in {self.texts.name}, hash {self.texts.content_hash}\n")


if __name__ == "__main__":
    DatasetFlow()
