"""What can be read off the activations: `python flows/probe_flow.py run [--activations ActivationFlow/<run id>]`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from metaflow import Config, FlowSpec, Parameter, card, current, project, step

import empathy_core  # noqa: F401  (at the top of the file, so that Metaflow packs the library)
from empathy_core.chaining import starts_after
from empathy_core.deployment import model_step

LOCAL = str(Path(__file__).resolve().parent / "deploy" / "local.json")


@project(name="empathy")
@starts_after(flow="ActivationFlow")
class ProbeFlow(FlowSpec):
    """Probes, controls, directions and sparse dictionaries, beside nulls and text baselines, one branch a model."""

    deploy = Config("deploy", default=LOCAL, help="resources and retries of the model steps: flows/deploy/*.json")
    activations = Parameter("activations", default="latest", help="ActivationFlow/<run id>, or latest")
    pool = Parameter("pool", default="mean", help="how response tokens become one vector: last, mean, quarter_1 …")
    point = Parameter("point", type=int, default=None, help="of the directions; default: two thirds of depth")
    folds = Parameter("folds", default=5, help="folds of whole scenarios, where there is one lexical family")
    permutations = Parameter("permutations", default=1000, help="label permutations behind every null")
    seed = Parameter("seed", default=0)
    dictionaries = Parameter("dictionaries", default=3, help="sparse autoencoders to train, one a seed; 0 for none")
    pretrained = Parameter("dictionary", default="", help="a dictionary's folder or SAELens release/id, to train none")
    device = Parameter("device", default="cpu", help="of model and dictionaries: cpu, cuda, mps or auto")
    dtype = Parameter("dtype", default="float32", help="of the weights: float32, bfloat16, float16, 8bit, 4bit")

    @step
    def start(self):
        from empathy_core.probes.directions import steering_point
        from empathy_core.probes.reading import ReadingSettings
        from empathy_core.runs import artifact, resolve_run
        from empathy_core.saes.wanted import wanted

        self.activation_run = resolve_run("ActivationFlow", self.activations)
        self.texts = artifact(self.activation_run, "texts")
        self.wanted = wanted(self.texts, self.dictionaries, self.pretrained, self.device, self.dtype)
        self.settings = ReadingSettings(self.folds, self.permutations, self.seed)
        self.manifests = list(artifact(self.activation_run, "activations").values())
        self.steered_at = {manifest.model.name: steering_point(manifest, self.point) for manifest in self.manifests}
        self.next(self.probe, foreach="manifests")

    @card(type="blank", refresh_interval=1)
    @step
    def probe(self):
        from empathy_core.activations.store import point_reader
        from empathy_core.cards.components import live_progress, probe_card
        from empathy_core.probes.reading import read_model
        from empathy_core.runs import stamped

        self.manifest = self.input
        self.kept = self.manifest.kept(self.texts)
        progress = live_progress(current.card, "Residual points")
        read_point = point_reader(self.manifest, self.pool)
        self.reading = read_model(read_point, self.manifest, self.kept, self.settings, progress)
        self.read = stamped(self.reading.estimates, current.pathspec)
        current.card.extend(probe_card(self.read, self.reading.inexact))
        self.next(self.control)

    @card(type="blank", refresh_interval=1)
    @step
    def control(self):
        from functools import partial

        from empathy_core.activations.store import point_reader
        from empathy_core.cards.components import control_card, live_progress
        from empathy_core.probes.reading import control_model
        from empathy_core.runs import stamped

        progress, reader = live_progress(current.card, "Controls"), partial(point_reader, self.manifest)
        point = self.steered_at[self.manifest.model.name]
        about = (self.manifest, self.kept, self.reading, point, self.settings)
        self.controls = stamped(control_model(reader, self.pool, *about, progress), current.pathspec)
        current.card.extend(control_card((*self.read, *self.controls)))
        self.next(self.direct)

    @step
    def direct(self):
        from empathy_core.activations.store import point_reader
        from empathy_core.probes.directions import make_directions

        read_point, point = point_reader(self.manifest, self.pool), self.steered_at[self.manifest.model.name]
        self.directions = make_directions(read_point, self.manifest, self.kept, point, seed=self.seed)
        self.next(self.dictionary)

    @model_step
    @card(type="blank", refresh_interval=1)
    @step
    def dictionary(self):
        from empathy_core.cards.components import live_progress
        from empathy_core.saes.measure import dictionaries

        progress, point = live_progress(current.card, "Dictionaries"), self.steered_at[self.manifest.model.name]
        self.codes = dictionaries(self.manifest, self.kept, point, self.wanted, progress)
        self.next(self.converge)

    @card(type="blank")
    @step
    def converge(self):
        from empathy_core.activations.store import point_reader
        from empathy_core.cards.components import convergence_card
        from empathy_core.runs import stamped
        from empathy_core.saes.measure import converge

        read_point, point = point_reader(self.manifest, self.pool), self.steered_at[self.manifest.model.name]
        found = converge(read_point, self.manifest, self.kept, point, self.codes, self.seed)
        self.estimates = (*self.read, *self.controls, *stamped(found.estimates, current.pathspec))
        current.card.extend(convergence_card(found.estimates, found.examples, found.notes))
        self.next(self.join)

    @card(type="blank")
    @step
    def join(self, branches):
        from empathy_core.cards.components import probe_card
        from empathy_core.probes.reading import holm_over_models
        from empathy_core.runs import stamped

        self.merge_artifacts(branches, include=["texts", "activation_run", "settings"])
        self.manifests = {branch.manifest.model.name: branch.manifest for branch in branches}
        self.directions = {branch.manifest.model.name: branch.directions for branch in branches}
        found = tuple(estimate for branch in branches for estimate in branch.estimates)
        self.estimates = (*found, *stamped(holm_over_models(found), current.pathspec))
        current.card.extend(probe_card(self.estimates))
        self.next(self.end)

    @step
    def end(self):
        sys.stdout.write(f"{len(self.estimates)} estimates for {', '.join(self.manifests)}\n")


if __name__ == "__main__":
    ProbeFlow()
