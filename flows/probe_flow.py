"""What can be read off the activations: `python flows/probe_flow.py run [--activations ActivationFlow/<run id>]`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from metaflow import FlowSpec, Parameter, card, current, step

import empathy_core  # noqa: F401  (at the top of the file, so that Metaflow packs the library)


class ProbeFlow(FlowSpec):
    """Probes with nulls and text baselines, dimensionality, and the directions for steering, one branch a model."""

    activations = Parameter("activations", default="latest", help="ActivationFlow/<run id>, or latest")
    pool = Parameter("pool", default="mean", help="how response tokens become one vector: last, mean, quarter_1 …")
    point = Parameter("point", type=int, default=None, help="of directions and dimension; default: two thirds of depth")
    folds = Parameter("folds", default=5, help="folds of whole scenarios")
    permutations = Parameter("permutations", default=1000, help="label permutations behind every null")
    seed = Parameter("seed", default=0)

    @step
    def start(self):
        from empathy_core.runs import artifact, resolve_run

        self.activation_run = resolve_run("ActivationFlow", self.activations)
        self.texts = artifact(self.activation_run, "texts")
        self.manifests = list(artifact(self.activation_run, "activations").values())
        self.next(self.probe, foreach="manifests")

    @card(type="blank")
    @step
    def probe(self):
        from empathy_core.activations.store import point_reader
        from empathy_core.cards.components import probe_card
        from empathy_core.geometry.reading import ReadingSettings, read_model
        from empathy_core.probes.directions import make_directions
        from empathy_core.runs import stamped

        self.manifest = self.input
        read_point, texts = point_reader(self.manifest, self.pool), self.manifest.kept(self.texts)
        settings = ReadingSettings(self.point, self.folds, self.permutations, self.seed)
        self.reading = read_model(read_point, self.manifest, texts, settings)
        self.directions = make_directions(read_point, self.manifest, texts, self.reading.point, seed=self.seed)
        self.estimates = stamped(self.reading.estimates, current.pathspec)
        current.card.extend(probe_card(self.estimates))
        self.next(self.join)

    @step
    def join(self, branches):
        self.merge_artifacts(branches, include=["texts", "activation_run"])
        self.manifests = {branch.manifest.model.name: branch.manifest for branch in branches}
        self.readings = {branch.manifest.model.name: branch.reading for branch in branches}
        self.directions = {branch.manifest.model.name: branch.directions for branch in branches}
        self.estimates = tuple(estimate for branch in branches for estimate in branch.estimates)
        self.next(self.end)

    @step
    def end(self):
        sys.stdout.write(f"{len(self.estimates)} estimates for {', '.join(self.manifests)}\n")


if __name__ == "__main__":
    ProbeFlow()
