"""From a finished experiment to estimates: judge, gate, measure. Needs no torch and no model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from empathy_core.contracts import Estimate, TextSet
from empathy_core.geometry.dimensionality import Dimensionality
from empathy_core.probes.directions import DirectionSet
from empathy_core.steering.bandwidth import Bandwidth, bandwidth, bandwidth_estimates, permuted_bandwidth, rank_models
from empathy_core.steering.coherence import calibrate, measure
from empathy_core.steering.effects import arm_estimates, coherence_estimates, effect_estimates, null_estimates
from empathy_core.steering.gate_agreement import gate_agreement
from empathy_core.steering.judged import Sweep, n_scenarios
from empathy_core.steering.judges import Judge, Judgement, judge_replies
from empathy_core.steering.persistence import (
    ARMS,
    Continuations,
    persistence_estimates,
    single_style_estimates,
    whole_replies,
)
from empathy_core.steering.range import (
    RangeEstimate,
    opposed_ranges,
    permuted_ranges,
    range_estimates,
    steering_ranges,
)
from empathy_core.steering.sampling import Reply
from empathy_core.steering.selectivity import selectivity_estimates
from empathy_core.steering.slopes import slope_estimates
from empathy_core.steering.sweep import Experiment
from empathy_core.steering.transfer import transfer_estimates

TRANSCRIPTS_PER_ARM = 2


@dataclass(frozen=True)
class Written:
    """What steering showed for one model."""

    estimates: tuple[Estimate, ...]
    transcripts: tuple[tuple[str, str, str, str], ...]
    """(arm, strength, scenario, reply) of the same few prompts, to read side by side."""
    bandwidths: tuple[Bandwidth, ...] = ()
    """With the draws that a comparison of models needs."""
    notes: tuple[str, ...] = ()
    """What was left out, and why."""


def analyse(
    experiment: Experiment,
    texts: TextSet,
    directions: DirectionSet,
    dimensions: dict[str, Dimensionality],
    judge: Judge | None,
    seed: int,
) -> Written:
    """Every write-side estimate that this experiment and this judge support; without a judge, coherence alone.

    Raises `BadInput` if the unsteered replies are too few, or empty: then there is nothing to compare with.
    """
    prefix = f"{texts.name}/{directions.steered[0].model}"
    concepts = tuple(direction.concept for direction in directions.steered)
    sweep = _sweep(experiment, judge)
    estimates, bandwidths = coherence_estimates(prefix, sweep, concepts, seed), ()
    if judge is not None:
        read = tuple(concept for concept in concepts if concept in (*judge.styles, "casual"))
        styles = tuple(style for style in texts.main_styles if style in read)
        ranges = steering_ranges(sweep, read, seed)
        bandwidths = _bandwidths(sweep, ranges, dimensions, seed)
        estimates += _effects(prefix, sweep, read, styles, seed)
        estimates += _ranges(prefix, sweep, ranges, read, seed)
        estimates += _ablation(prefix, experiment, judge, seed)
        norm = directions.steered[0].residual_norm
        estimates += tuple(e for found in bandwidths for e in bandwidth_estimates(prefix, found, norm))
        if "empathy" in dimensions and directions.permuted and styles:
            nulls = permuted_ranges(sweep, styles)
            estimates += (permuted_bandwidth(prefix, dimensions["empathy"], nulls),)
    return _written(experiment, estimates, bandwidths)


def ranking(written: Mapping[str, Written]) -> tuple[tuple[str, ...], ...]:
    """Groups of models by the bandwidth of their styles, as `rank_models` makes them, without models that have none."""
    empathy = {model: one for model, found in written.items() for one in found.bandwidths if one.concept == "empathy"}
    return rank_models({model: one.draws for model, one in empathy.items()})


def _effects(
    prefix: str, sweep: Sweep, concepts: Sequence[str], styles: Sequence[str], seed: int
) -> tuple[Estimate, ...]:
    return (
        *effect_estimates(prefix, sweep, concepts, seed),
        *null_estimates(prefix, sweep, concepts),
        *arm_estimates(prefix, sweep, concepts, seed),
        *slope_estimates(prefix, sweep, concepts, seed),
        *selectivity_estimates(prefix, sweep, concepts, styles, seed),
        *transfer_estimates(prefix, sweep, concepts, seed),
        *gate_agreement(prefix, sweep, seed),
    )


def _ranges(
    prefix: str, sweep: Sweep, ranges: Sequence[RangeEstimate], concepts: Sequence[str], seed: int
) -> tuple[Estimate, ...]:
    n = n_scenarios(sweep)
    opposed = opposed_ranges(sweep, concepts, seed)
    return range_estimates(prefix, ranges, n) + range_estimates(prefix, opposed, n, "range-opposed")


def _bandwidths(
    sweep: Sweep, ranges: Sequence[RangeEstimate], dimensions: dict[str, Dimensionality], seed: int
) -> tuple[Bandwidth, ...]:
    of_concept = {
        concept: [found for found in ranges if (found.concept == "casual") == (concept == "register")]
        for concept in dimensions
    }
    return tuple(
        bandwidth(concept, dimensionality, of_concept[concept], n_scenarios(sweep), seed)
        for concept, dimensionality in dimensions.items()
        if of_concept[concept]
    )


def _ablation(prefix: str, experiment: Experiment, judge: Judge, seed: int) -> tuple[Estimate, ...]:
    if not experiment.opened:
        return ()
    continuations = _continuations(experiment, judge)
    judged = (*continuations.judgements.values(), *continuations.without.values())
    if any(judgement.keeps_style is None for of_arm in judged for judgement in of_arm):
        return ()  # this judge reads no single sentences
    return (
        *persistence_estimates(prefix, continuations, seed),
        *single_style_estimates(prefix, continuations, seed),
    )


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

    def judged(replies: Sequence[Reply]) -> tuple[Judgement, ...]:
        repeated = opened * (len(replies) // len(opened))
        whole = whole_replies(repeated, [reply.text for reply in replies])
        finished = [reply.finished for reply in replies]
        return tuple(judge_replies(judge, [row.scenario for row in repeated], whole, finished))

    return Continuations(
        tuple(row.scenario for row in opened),
        experiment.openings,
        {arm: judged(experiment.continuations[arm]) for arm in ARMS},
        {style: judged(replies) for style, replies in experiment.continuations_without.items()},
    )


def _written(experiment: Experiment, estimates: Sequence[Estimate], bandwidths: Sequence[Bandwidth]) -> Written:
    found = tuple(
        replace(e, null=None) if e.null is not None and np.isnan(e.null) else e
        for e in estimates
        if np.isfinite([e.value, e.low, e.high]).all()
    )
    unjudged = len(estimates) - len(found)
    notes = (f"{unjudged} estimates are left out for want of verdicts",) if unjudged else ()
    known = tuple(bandwidth for bandwidth in bandwidths if np.isfinite(bandwidth.draws).all())
    return Written(found, _transcripts(experiment), known, experiment.notes + notes)


def _transcripts(experiment: Experiment) -> tuple[tuple[str, str, str, str], ...]:
    shown = [
        (trial, reply)
        for trial, reply in zip(experiment.trials, experiment.replies, strict=True)
        if trial.prompt < TRANSCRIPTS_PER_ARM and trial.draw == 0 and abs(trial.strength) in (0, *_shown(experiment))
    ]
    return tuple(
        (
            f"{trial.arm} {trial.target}".strip(),
            f"{trial.strength:g}",
            experiment.prompts[trial.prompt].scenario,
            reply.text or "(empty)",
        )
        for trial, reply in sorted(
            shown, key=lambda pair: (pair[0].prompt, pair[0].arm, pair[0].target, abs(pair[0].strength))
        )
    )


def _shown(experiment: Experiment) -> Sequence[float]:
    """A weak, a middle and the strongest of the strengths."""
    return experiment.settings.strengths[0], experiment.settings.middle, experiment.settings.strengths[-1]
