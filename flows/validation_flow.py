"""Steering and verdicts: `python flows/validation_flow.py run [--probes ProbeFlow/<run id>]`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from metaflow import Config, FlowSpec, Parameter, card, config_expr, current, resources, retry, step

import empathy_core  # noqa: F401  (at the top of the file, so that Metaflow packs the library)

LOCAL = str(Path(__file__).resolve().parent / "deploy" / "local.json")


class ValidationFlow(FlowSpec):
    """Steer, ablate, judge, and decide every criterion, one branch a model."""

    deploy = Config("deploy", default=LOCAL, help="resources and retries of the model steps: flows/deploy/*.json")
    probes = Parameter("probes", default="latest", help="ProbeFlow/<run id>, or latest")
    prompts = Parameter("prompts", default=28, help="held-out prompts, the same for every direction")
    random_directions = Parameter("random-directions", default=20, help="directions of the random band")
    max_new_tokens = Parameter("max-new-tokens", default=72, help="a reply that has not ended by then is unfinished")
    device = Parameter("device", default="cpu", help="cpu, cuda, mps or auto (over all GPUs)")
    dtype = Parameter("dtype", default="float32", help="of the weights: float32, bfloat16, float16, 8bit, 4bit")
    seed = Parameter("seed", default=0)

    @step
    def start(self):
        from empathy_core.runs import artifact, resolve_run

        self.probe_run = resolve_run("ProbeFlow", self.probes)
        self.texts = artifact(self.probe_run, "texts")
        self.directions = artifact(self.probe_run, "directions")
        self.names = list(self.directions)
        self.next(self.generate, foreach="names")

    @resources(cpu=config_expr("deploy.cpu"), gpu=config_expr("deploy.gpu"), memory=config_expr("deploy.memory_mb"))
    @retry(times=config_expr("deploy.retries"), minutes_between_retries=config_expr("deploy.minutes_between_retries"))
    @card(type="blank", refresh_interval=1)
    @step
    def generate(self):
        from empathy_core.cards.components import live_progress
        from empathy_core.models.load import load_model
        from empathy_core.runs import artifact
        from empathy_core.steering.experiment import run_experiment
        from empathy_core.steering.sampling import SamplingSettings
        from empathy_core.steering.sweep import SweepSettings

        self.model = self.input
        spec = artifact(self.probe_run, "manifests")[self.model].model
        settings = SweepSettings(prompts=self.prompts, random_directions=self.random_directions, seed=self.seed)
        sampling = SamplingSettings(max_new_tokens=self.max_new_tokens)
        progress = live_progress(current.card, "Replies")
        loaded = load_model(spec, self.device, self.dtype)
        self.experiment = run_experiment(loaded, self.texts, self.directions[self.model], settings, sampling, progress)
        self.next(self.judge)

    @card(type="blank")
    @step
    def judge(self):
        from empathy_core.cards.components import validation_card
        from empathy_core.runs import artifact, stamped
        from empathy_core.steering.analysis import analyse

        dimensions = artifact(self.probe_run, "dimensions")[self.model]
        written = analyse(self.experiment, self.texts, self.directions[self.model], dimensions, self.seed)
        self.estimates = stamped(written.estimates, current.pathspec)
        self.transcripts = written.transcripts
        current.card.extend(validation_card(self.estimates, self.transcripts))
        self.next(self.join)

    @card(type="blank")
    @step
    def join(self, branches):
        from empathy_core.cards.components import study_card
        from empathy_core.runs import artifact
        from empathy_core.verdicts import judge_models

        self.merge_artifacts(branches, include=["texts", "probe_run", "names"])
        written = tuple(estimate for branch in branches for estimate in branch.estimates)
        self.numbers = artifact(self.probe_run, "estimates") + written
        specs = [manifest.model for manifest in artifact(self.probe_run, "manifests").values()]
        self.verdicts = judge_models(self.numbers, self.texts, specs)
        current.card.extend(study_card(self.numbers, self.verdicts))
        self.next(self.end)

    @step
    def end(self):
        for verdict in self.verdicts:
            sys.stdout.write(f"{verdict.model}: {verdict.criterion}: {verdict.outcome}\n")


if __name__ == "__main__":
    ValidationFlow()
