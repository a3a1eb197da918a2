"""Activations of every model: `python flows/activation_flow.py run --models persistent,./my-llama [--with batch]`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from metaflow import Config, FlowSpec, Parameter, card, config_expr, current, resources, retry, step

import empathy_core  # noqa: F401  (at the top of the file, so that Metaflow packs the library)

LOCAL = str(Path(__file__).resolve().parent / "deploy" / "local.json")


class ActivationFlow(FlowSpec):
    """Extract every residual point and pool of every model, one branch a model."""

    deploy = Config("deploy", default=LOCAL, help="resources and retries of the model steps: flows/deploy/*.json")
    models = Parameter("models", default="persistent,graded,scrambled,untrained", help="names, folders or hub ids")
    dataset = Parameter("dataset", default="latest", help="DatasetFlow/<run id>, or latest: the bundled texts if none")
    store = Parameter("store", default="", help="folder for activations; default: beside Metaflow's datastore")
    device = Parameter("device", default="cpu", help="cpu, cuda or mps")
    dtype = Parameter("dtype", default="float32", help="of the weights: float32, bfloat16 or float16")

    @step
    def start(self):
        from empathy_core.models.specs import resolve_all
        from empathy_core.runs import activation_store, upstream_texts

        self.specs = resolve_all(self.models)
        self.dataset_run, self.texts = upstream_texts(self.dataset)
        self.store_root = self.store or activation_store()
        self.next(self.extract, foreach="specs")

    @resources(cpu=config_expr("deploy.cpu"), gpu=config_expr("deploy.gpu"), memory=config_expr("deploy.memory_mb"))
    @retry(times=config_expr("deploy.retries"), minutes_between_retries=config_expr("deploy.minutes_between_retries"))
    @card(type="blank", refresh_interval=1)
    @step
    def extract(self):
        from empathy_core.activations.extract import extract
        from empathy_core.cards.components import activation_card, live_progress
        from empathy_core.models.load import load_model
        from empathy_core.runs import package_versions

        progress = live_progress(current.card, "Texts")
        loaded = load_model(self.input, self.device, self.dtype)
        self.activations = extract(loaded, self.texts, self.store_root, progress=progress)
        self.versions = package_versions()
        current.card.clear()
        current.card.extend(activation_card(self.activations, len(self.texts)))
        self.next(self.join)

    @step
    def join(self, branches):
        self.activations = {branch.activations.model.name: branch.activations for branch in branches}
        self.merge_artifacts(branches, include=["texts", "dataset_run", "versions"])
        self.next(self.end)

    @step
    def end(self):
        for name, activations in self.activations.items():
            sys.stdout.write(
                f"{name}: {len(activations.points)} points of {len(self.texts)} texts, {activations.key}\n"
            )


if __name__ == "__main__":
    ActivationFlow()
