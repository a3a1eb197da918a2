"""From a finished experiment to estimates: judge, gate, measure. Needs no torch and no model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from empathy_core.contracts import Estimate, TextSet
from empathy_core.geometry.dimensionality import Dimensionality
from empathy_core.probes.directions import DirectionSet
from empathy_core.steering.bandwidth import bandwidth
from empathy_core.steering.coherence import calibrate, measure
from empathy_core.steering.effects import (
    Sweep,
    coherence_estimates,
    effect_estimates,
    null_estimates,
    range_estimates,
    steering_ranges,
)
from empathy_core.steering.judges import Judge, judge_for, judge_replies
from empathy_core.steering.persistence import ARMS, Continuations, persistence_estimates, whole_replies
from empathy_core.steering.sweep import Experiment

TRANSCRIPTS_PER_ARM = 2


@dataclass(frozen=True)
class Written:
    """What steering showed for one model."""

    estimates: tuple[Estimate, ...]
    transcripts: tuple[tuple[str, str, str, str], ...]
    """(arm, strength, scenario, reply) of the same few prompts, to read side by side."""


def analyse(
    experiment: Experiment,
    texts: TextSet,
    directions: DirectionSet,
    dimensions: dict[str, Dimensionality],
    seed: int,
) -> Written:
    """Every write-side estimate that this experiment supports; without a judge, coherence alone."""
    prefix = f"{texts.name}/{directions.steered[0].model}"
    concepts = tuple(direction.concept for direction in directions.steered)
    judge = judge_for(texts)
    sweep = _sweep(experiment, judge)
    estimates = coherence_estimates(prefix, sweep, concepts, seed)
    if judge is not None:
        ranges = steering_ranges(sweep, concepts, seed)
        n = len({prompt.scenario_id for prompt in sweep.prompts})
        estimates += effect_estimates(prefix, sweep, concepts, seed)
        estimates += null_estimates(prefix, sweep, concepts)
        estimates += range_estimates(prefix, ranges, n)
        estimates += persistence_estimates(prefix, _continuations(experiment, judge), seed)
        estimates += tuple(
            bandwidth(
                prefix,
                concept,
                dimensionality,
                [r for r in ranges if (r.concept == "casual") == (concept == "register")],
                n,
                seed,
            )
            for concept, dimensionality in dimensions.items()
        )
    return Written(estimates, _transcripts(experiment))


def _sweep(experiment: Experiment, judge: Judge | None) -> Sweep:
    scenarios = [experiment.prompts[trial.prompt].scenario for trial in experiment.trials]
    replies = [reply.text for reply in experiment.replies]
    finished = [reply.finished for reply in experiment.replies]
    measures = measure(scenarios, replies, finished, experiment.surprise)
    unsteered = np.array([trial.arm == "none" for trial in experiment.trials])
    passes = calibrate(measures[unsteered]).passes(measures)
    coherent = np.where(np.isnan(experiment.surprise), np.nan, passes)
    judgements = judge_replies(judge, scenarios, replies, finished) if judge else []
    return Sweep(
        experiment.settings, experiment.prompts, experiment.trials, tuple(replies), coherent, tuple(judgements)
    )


def _continuations(experiment: Experiment, judge: Judge) -> Continuations:
    opened = experiment.opened
    judgements = {}
    for arm in ARMS:
        replies = experiment.continuations[arm]
        repeated = opened * (len(replies) // len(opened))
        whole = whole_replies(repeated, [reply.text for reply in replies])
        finished = [reply.finished for reply in replies]
        judgements[arm] = tuple(judge_replies(judge, [row.scenario for row in repeated], whole, finished))
    return Continuations(tuple(row.scenario for row in opened), judgements)


def _transcripts(experiment: Experiment) -> tuple[tuple[str, str, str, str], ...]:
    shown = [
        (trial, reply)
        for trial, reply in zip(experiment.trials, experiment.replies, strict=True)
        if trial.prompt < TRANSCRIPTS_PER_ARM and trial.draw == 0 and trial.strength in (0.0, *_shown(experiment))
    ]
    return tuple(
        (
            f"{trial.arm} {trial.target}".strip(),
            f"{trial.strength:g}",
            experiment.prompts[trial.prompt].scenario,
            reply.text or "(empty)",
        )
        for trial, reply in sorted(
            shown, key=lambda pair: (pair[0].prompt, pair[0].arm, pair[0].target, pair[0].strength)
        )
    )


def _shown(experiment: Experiment) -> Sequence[float]:
    """A weak, a middle and the strongest of the strengths."""
    strengths = experiment.settings.strengths
    return strengths[0], strengths[len(strengths) // 2], strengths[-1]
