"""Activations of every model: `python flows/activation_flow.py run --models persistent,./my-llama [--with batch]`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from metaflow import Config, FlowSpec, Parameter, card, current, project, step

import empathy_core  # noqa: F401  (at the top of the file, so that Metaflow packs the library)
from empathy_core.chaining import starts_after
from empathy_core.deployment import model_step
from empathy_core.dry_run import announce, skipped_in_a_dry_run

LOCAL = str(Path(__file__).resolve().parent / "deploy" / "local.json")


@project(name="empathy")
@starts_after(flow="DatasetFlow")
class ActivationFlow(FlowSpec):
    """Extract every residual point and pool of every model, one branch a model."""

    deploy = Config("deploy", default=LOCAL, help="place and resources of the model steps: flows/deploy/*.json")
    models = Parameter("models", default="persistent,graded,scrambled,untrained", help="names, folders or hub ids")
    dataset = Parameter("dataset", default="latest", help="DatasetFlow/<run id>, or latest: the bundled texts if none")
    store = Parameter("store", default="", help="folder or s3://bucket/prefix; default: beside Metaflow's datastore")
    points = Parameter("points", default="all", help="residual points: all, middle, or numbers with commas")
    pools = Parameter("pools", default="all", help="all, or of last, mean, quarter_1 … quarter_4, with commas")
    device = Parameter("device", default="cpu", help="cpu, cuda, mps or auto (over all GPUs)")
    dtype = Parameter("dtype", default="float32", help="of the weights: float32, bfloat16, float16, 8bit, 4bit")
    stored = Parameter("stored", default="float32", help="dtype of what is stored: float32 or float16")
    token_budget = Parameter("token-budget", default=2048, help="tokens a batch; halved when memory runs out")
    shard_texts = Parameter("shard-texts", default=256, help="texts written at once, and lost if the run is killed")
    drop_too_long = Parameter("drop-too-long", is_flag=True, default=False, help="leave out what exceeds the context")
    dry_run = Parameter("dry-run", is_flag=True, default=False, help="say what a run will take, and launch nothing")
    price = Parameter("price-per-gpu-hour", default=0.0, help="money; with it a dry run says what the GPUs cost")

    @card(type="blank")
    @step
    def start(self):
        from empathy_core.activations.settings import ExtractionSettings
        from empathy_core.models.specs import resolve_all
        from empathy_core.runs import activation_store, upstream_texts

        self.specs = resolve_all(self.models)
        self.settings = ExtractionSettings(
            self.points, self.pools, self.stored, self.drop_too_long, self.shard_texts, self.token_budget
        )
        self.dataset_run, self.texts = upstream_texts(self.dataset)
        self.store_root = self.store or activation_store()
        if self.dry_run:
            from empathy_core.activations.forecast import forecast
            from empathy_core.cards.components import plan_card
            from empathy_core.cards.tables import plan_lines

            self.plans = forecast(self.specs, self.texts, self.dtype, self.settings)
            current.card.extend(plan_card(self.plans))
            announce(plan_lines(self.plans, self.price), self.deploy)
        self.next(self.extract, foreach="specs")

    @model_step
    @card(type="blank", refresh_interval=1)
    @skipped_in_a_dry_run
    @step
    def extract(self):
        from empathy_core.activations.extract import extract
        from empathy_core.cards.components import activation_card, live_extraction
        from empathy_core.models.load import load_model
        from empathy_core.runs import package_versions

        progress = live_extraction(current.card)
        loaded = load_model(self.input, self.device, self.dtype)
        self.activations = extract(loaded, self.texts, self.store_root, self.settings, progress)
        self.versions = package_versions()
        current.card.clear()
        current.card.extend(activation_card(self.activations, len(self.texts)))
        self.next(self.join)

    @skipped_in_a_dry_run
    @step
    def join(self, branches):
        self.activations = {branch.activations.model.name: branch.activations for branch in branches}
        self.merge_artifacts(branches, include=["texts", "dataset_run", "versions"])
        self.next(self.end)

    @skipped_in_a_dry_run
    @step
    def end(self):
        from empathy_core.cards.tables import extraction_lines

        for line in extraction_lines(self.activations.values()):
            sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    ActivationFlow()
