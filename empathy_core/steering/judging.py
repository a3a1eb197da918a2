"""From an experiment's replies to what they show, by whichever judge a run has."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from empathy_core.contracts import TextSet
from empathy_core.datasets.generation.batches import Progress
from empathy_core.steering.analysis import Written, analyse
from empathy_core.steering.judges.interface import Exchange
from empathy_core.steering.judges.panel import Panel, seat_judge, told_cost
from empathy_core.steering.persistence import whole_replies
from empathy_core.steering.prepared import Preparation
from empathy_core.steering.sweep import Experiment


def judge_experiment(
    panel: Panel,
    texts: TextSet,
    prepared: Preparation,
    experiment: Experiment,
    folder: Path,
    seed: int,
    tell: Callable[[str], object],
    progress: Progress,
) -> Written:
    """Seat the judge, tell what it will cost, and analyse; its validity comes first among the estimates.

    Raises `BadInput` as the judge and `analyse` do; what was paid for before that stays in `folder`.
    """
    asked = exchanges(experiment)
    for line in told_cost(panel, texts, asked):
        tell(f"{line}\n")
    prefix = f"{texts.name}/{prepared.directions.steered[0].model}"
    seated = seat_judge(panel, prefix, texts, asked, folder, progress)
    written = analyse(experiment, texts, prepared.directions, prepared.dimensions, seated.judge, seed)
    return replace(written, estimates=(*seated.estimates, *written.estimates), notes=(*seated.notes, *written.notes))


def exchanges(experiment: Experiment) -> Sequence[Exchange]:
    """What a judge is asked about in one experiment: the replies, and the continuations with their openings."""
    prompts, opened = experiment.prompts, experiment.opened
    asked = [
        Exchange(prompts[trial.prompt].scenario, reply.text, reply.finished)
        for trial, reply in zip(experiment.trials, experiment.replies, strict=True)
    ]
    for replies in (*experiment.continuations.values(), *experiment.continuations_without.values()):
        rows = opened * (len(replies) // len(opened))
        whole = whole_replies(rows, [reply.text for reply in replies])
        asked += [
            Exchange(row.scenario, text, reply.finished) for row, text, reply in zip(rows, whole, replies, strict=True)
        ]
    return asked
