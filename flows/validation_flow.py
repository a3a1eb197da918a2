"""Steering and verdicts: `python flows/validation_flow.py run [--probes ProbeFlow/<run id>]`."""

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
@starts_after(flow="ProbeFlow")
class ValidationFlow(FlowSpec):
    """Choose where to steer, steer, ablate, judge, and decide every criterion, one branch a model."""

    deploy = Config("deploy", default=LOCAL, help="place and resources of the model steps: flows/deploy/*.json")
    probes = Parameter("probes", default="latest", help="ProbeFlow/<run id>, or latest")
    point = Parameter("point", type=int, default=None, help="where to steer; default: chosen on training scenarios")
    alphas = Parameter("strengths", default="0.15,0.3,0.45,0.6", help="α, in mean residual norms; both signs")
    prompts = Parameter("prompts", default=28, help="held-out prompts, the same for every direction")
    random_directions = Parameter("random-directions", default=20, help="directions of the random band")
    max_new_tokens = Parameter("max-new-tokens", default=72, help="a reply that has not ended by then is unfinished")
    judge_by = Parameter("judge", default="auto", help="grammar, claude, human, none, or auto, which spends nothing")
    judge_model = Parameter("judge-model", default="claude-opus-5-5", help="judges every reply")
    second_judge = Parameter("second-judge", default="claude-haiku-5-5", help="judges a share, for agreement")
    prices = Parameter("prices", default="", help="money per million tokens: judge in,out,second judge in,out")
    ratings = Parameter("ratings", default="", help="decisions files of raters, separated by commas")
    replies = Parameter("replies", default="", help="ValidationFlow/<run id>: judge its replies, generate none")
    device = Parameter("device", default="cpu", help="cpu, cuda, mps or auto (over all GPUs)")
    dtype = Parameter("dtype", default="float32", help="of the weights: float32, bfloat16, float16, 8bit, 4bit")
    seed = Parameter("seed", default=0)
    dry_run = Parameter("dry-run", is_flag=True, default=False, help="say what generation takes, and launch nothing")
    price = Parameter("price-per-gpu-hour", default=0.0, help="money; with it a dry run says what the GPUs cost")

    @step
    def start(self):
        from empathy_core.runs import artifact, check_answers_last, resolve_run
        from empathy_core.steering.judges.panel import make_panel
        from empathy_core.steering.judges.settings import ClaudeSettings
        from empathy_core.steering.sweep import SweepSettings, strengths
        from empathy_core.verdicts import criteria_hash

        self.criteria = criteria_hash()
        self.earlier = resolve_run("ValidationFlow", self.replies) if self.replies else ""
        self.probe_run = artifact(self.earlier, "probe_run") if self.earlier else resolve_run("ProbeFlow", self.probes)
        self.texts = artifact(self.probe_run, "texts")
        claude = ClaudeSettings(self.judge_model, self.second_judge, seed=self.seed)
        self.panel = make_panel(self.judge_by, self.texts, claude, self.prices, self.ratings, self.seed)
        check_answers_last(self.panel.name)
        self.sweep = SweepSettings(
            strengths(self.alphas), self.prompts, random_directions=self.random_directions, seed=self.seed
        )
        self.manifests = list(artifact(self.probe_run, "manifests").values())
        self.next(self.plan)

    @step
    def plan(self):
        if self.dry_run:
            # Here, because a forecast needs torch, which a machine that sends its models away may lack.
            from empathy_core.cards.tables import steering_lines
            from empathy_core.runs import artifact
            from empathy_core.steering.forecast import forecast_steering

            made, asked = artifact(self.probe_run, "directions"), (self.max_new_tokens, self.panel.judges, self.dtype)
            plans = forecast_steering(self.manifests, self.texts, made, self.sweep, *asked)
            announce(steering_lines(plans, self.price), self.deploy)
        self.next(self.prepare, foreach="manifests")

    @model_step
    @card(type="blank")
    @skipped_in_a_dry_run
    @step
    def prepare(self):
        from empathy_core.activations.store import point_reader
        from empathy_core.cards.components import likelihood_card
        from empathy_core.models.load import load_model
        from empathy_core.runs import artifact, stamped
        from empathy_core.steering.preparation import prepare

        self.manifest, self.kept = self.input, self.input.kept(self.texts)
        if self.earlier:
            self.prepared = artifact(self.earlier, "prepared")[self.manifest.model.name]
        else:
            loaded = load_model(self.manifest.model, self.device, self.dtype)
            read_point = point_reader(self.manifest, artifact(self.probe_run, "pool"))
            self.prepared = prepare(loaded, self.kept, read_point, self.manifest, self.point, self.seed)
        self.before = stamped(self.prepared.estimates, current.pathspec)
        current.card.extend(likelihood_card(self.before))
        self.next(self.generate)

    @model_step
    @card(type="blank", refresh_interval=1)
    @skipped_in_a_dry_run
    @step
    def generate(self):
        from empathy_core.cards.components import live_transcripts
        from empathy_core.models.load import load_model
        from empathy_core.runs import artifact
        from empathy_core.steering.experiment import run_experiment
        from empathy_core.steering.sampling import SamplingSettings

        if self.earlier:
            self.experiment = artifact(self.earlier, "experiments")[self.manifest.model.name]
        else:
            loaded = load_model(self.manifest.model, self.device, self.dtype)
            asked = (self.sweep, SamplingSettings(max_new_tokens=self.max_new_tokens), self.panel.judges)
            made, live = self.prepared, live_transcripts(current.card)
            self.experiment = run_experiment(loaded, self.kept, made.directions, *asked, made.contexts, *live)
        self.next(self.judge)

    @card(type="blank", refresh_interval=1)
    @skipped_in_a_dry_run
    @step
    def judge(self):
        from empathy_core.cards.components import live_batches, validation_card
        from empathy_core.runs import judgement_folder, stamped
        from empathy_core.steering.judging import judge_experiment

        folder, progress = judgement_folder(self.manifest.model.name), live_batches(current.card)
        made = (self.panel, self.kept, self.prepared, self.experiment, folder, self.seed)
        self.written = judge_experiment(*made, sys.stdout.write, progress)
        self.estimates = (*self.before, *stamped(self.written.estimates, current.pathspec))
        current.card.extend(validation_card(self.estimates, self.written.transcripts, self.written.notes))
        self.next(self.join)

    @card(type="blank")
    @skipped_in_a_dry_run
    @step
    def join(self, branches):
        from empathy_core.cards.study_card import study_card
        from empathy_core.results import load_run
        from empathy_core.steering.analysis import ranking
        from empathy_core.verdicts import judge_models

        self.merge_artifacts(branches, include=["texts", "probe_run", "panel", "sweep", "criteria"])
        self.prepared = {branch.manifest.model.name: branch.prepared for branch in branches}
        self.experiments = {branch.manifest.model.name: branch.experiment for branch in branches}
        self.written = {branch.manifest.model.name: branch.written for branch in branches}
        read = load_run(self.probe_run)
        self.numbers = read.numbers + tuple(estimate for branch in branches for estimate in branch.estimates)
        models = [manifest.model for manifest in read.manifests.values()]
        self.verdicts = judge_models(self.numbers, self.texts, models, self.criteria)
        self.ranking = ranking(self.written)
        current.card.extend(study_card(self.numbers, self.verdicts, self.ranking, read.quality))
        self.next(self.end)

    @skipped_in_a_dry_run
    @step
    def end(self):
        from empathy_core.steering.judges.choice import NO_JUDGE, how_to_judge

        for verdict in self.verdicts:
            sys.stdout.write(f"{verdict.model}: {verdict.criterion}: {verdict.outcome}\n")
        notes = [f"{model}: {note}" for model, written in self.written.items() for note in written.notes]
        # Who has rated has done what can be done: only the grammar reads the single sentences of ablation.
        if any(verdict.reason == NO_JUDGE for verdict in self.verdicts) and not self.panel.ratings:
            rated = f"ValidationFlow/{current.run_id}" if self.panel.name == "human" else ""
            notes += ["What needs a judge gets one by:", *how_to_judge(self.texts, self.probe_run, rated)]
        sys.stdout.writelines(f"{note}\n" for note in notes)


if __name__ == "__main__":
    ValidationFlow()
