"""From judged trials to estimates: dose–response curves, coherence, steering range."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from operator import attrgetter

import numpy as np
from jaxtyping import Float

from empathy_core.contracts import Estimate
from empathy_core.stats import percentile_interval
from empathy_core.steering.judges import Judgement
from empathy_core.steering.range import random_band, relative_coherence, steering_range
from empathy_core.steering.sweep import Prompt, SweepSettings, Trial

BOOTSTRAP_DRAWS = 1000


@dataclass(frozen=True)
class Sweep:
    """A finished steering experiment of one model: one entry of each list per trial."""

    settings: SweepSettings
    prompts: tuple[Prompt, ...]
    trials: tuple[Trial, ...]
    replies: tuple[str, ...]
    coherent: Float[np.ndarray, " trial"]
    """1 where a reply passes the coherence gates, 0 where not, NaN where it was not scored."""
    judgements: tuple[Judgement, ...]
    """Empty when no judge reads these texts."""


@dataclass(frozen=True)
class RangeEstimate:
    """A steering range with its bootstrap draws, which bandwidth combines with those of dimensionality."""

    concept: str
    value: float
    draws: Float[np.ndarray, " draw"]


def coherence_estimates(prefix: str, sweep: Sweep, concepts: Sequence[str], seed: int) -> tuple[Estimate, ...]:
    """Share of replies that pass the coherence gates, per concept and strength; needs no judge."""
    weights = _bootstrap_weights(sweep, seed)
    return tuple(
        Estimate(
            f"{prefix}/write/{concept}/steered/alpha={strength:g}/coherent",
            *_mean(values, weights),
            _n(sweep),
            None,
            method="steering.effects.coherence_estimates",
        )
        for concept in concepts
        for strength, values in zip(_with_zero(sweep), _steered(sweep, sweep.coherent, concept).T, strict=True)
    )


def effect_estimates(prefix: str, sweep: Sweep, concepts: Sequence[str], seed: int) -> tuple[Estimate, ...]:
    """Judged rates per concept and strength of its own direction, and without steering.

    A concept's rate is the mean share of a reply's sentences in that style (`casual`: the share of replies in casual
    register); with it come the shares of replies that parse and that are casual. The null of a steered rate is the
    95 % quantile of the random directions' rates at that strength.
    """
    weights = _bootstrap_weights(sweep, seed)
    estimates = []
    for concept in concepts:
        rates = _rates(sweep, concept)
        stem, n = f"{prefix}/write/{concept}/steered", _n(sweep)
        band = random_band(_by_strength(sweep, rates, "random", "").mean(axis=1))
        nulls = {"share": (None, *band), "parses": (None,) * (len(band) + 1), "casual": (None,) * (len(band) + 1)}
        measures = {"share": rates, "parses": _parses(sweep), "casual": _rates(sweep, "casual")}
        for measure, values in measures.items():
            curve = zip(_with_zero(sweep), _steered(sweep, values, concept).T, nulls[measure], strict=True)
            estimates += [
                Estimate(
                    f"{stem}/alpha={strength:g}/{measure}",
                    *_mean(by_prompt, weights),
                    n,
                    null,
                    method="steering.effects.effect_estimates",
                )
                for strength, by_prompt, null in curve
            ]
    return tuple(estimates)


def null_estimates(prefix: str, sweep: Sweep, concepts: Sequence[str]) -> tuple[Estimate, ...]:
    """Judged rates of random and permuted-label directions: mean and 95 % spread over them; null is the base rate."""
    return tuple(
        Estimate(
            f"{prefix}/write/{concept}/{arm}/alpha={strength:g}/share",
            float(of_direction.mean()),
            *percentile_interval(of_direction),
            len(of_direction),
            float(_unsteered(sweep, _rates(sweep, concept)).mean()),
            method="steering.effects.null_estimates",
        )
        for concept in concepts
        for arm, target in (("random", ""), ("permuted", concept))
        for strength, of_direction in zip(
            _strengths(sweep, arm),
            _by_strength(sweep, _rates(sweep, concept), arm, target).mean(axis=1).T,
            strict=True,
        )
    )


def steering_ranges(sweep: Sweep, concepts: Sequence[str], seed: int) -> tuple[RangeEstimate, ...]:
    """The steering range of every concept with draws from a bootstrap over scenarios; random directions stay fixed."""
    weights = _bootstrap_weights(sweep, seed)
    strengths = np.array(sweep.settings.strengths)
    ranges = []
    for concept in concepts:
        values = _rates(sweep, concept)
        rates = _weighted_means(_steered(sweep, values, concept), weights)
        coherent = _weighted_means(_steered(sweep, sweep.coherent, concept), weights)
        coherence = relative_coherence(coherent[:, 1:], coherent[:, 0])
        nulls = _by_strength(sweep, values, "random", "").mean(axis=1) - _unsteered(sweep, values).mean()
        draws = np.array(
            [
                steering_range(strengths, e, c, nulls)
                for e, c in zip(rates[:, 1:] - rates[:, :1], coherence, strict=True)
            ]
        )
        ranges.append(RangeEstimate(concept, draws[0], draws[1:]))
    return tuple(ranges)


def range_estimates(prefix: str, ranges: Sequence[RangeEstimate], n: int) -> tuple[Estimate, ...]:
    """Ranges as estimates in units of the mean residual norm; a direction without effect has range 0, hence null 0."""
    return tuple(
        Estimate(
            f"{prefix}/write/{found.concept}/range",
            found.value,
            *percentile_interval(found.draws),
            n,
            0.0,
            method="steering.effects.range_estimates",
        )
        for found in ranges
    )


def _rates(sweep: Sweep, concept: str) -> Float[np.ndarray, " trial"]:
    if concept == "casual":
        return np.array([judgement.casual for judgement in sweep.judgements], dtype=float)
    return np.array([judgement.shares[concept] for judgement in sweep.judgements])


def _parses(sweep: Sweep) -> Float[np.ndarray, " trial"]:
    return np.array([judgement.parses for judgement in sweep.judgements], dtype=float)


def _strengths(sweep: Sweep, arm: str) -> tuple[float, ...]:
    return tuple(sorted({trial.strength for trial in sweep.trials if trial.arm == arm}))


def _with_zero(sweep: Sweep) -> tuple[float, ...]:
    return (0.0, *sweep.settings.strengths)


def _n(sweep: Sweep) -> int:
    return len({prompt.scenario_id for prompt in sweep.prompts})


def _by_strength(
    sweep: Sweep, values: Float[np.ndarray, " trial"], arm: str, target: str
) -> Float[np.ndarray, "draw prompt strength"]:
    """Values of one arm as an array, strengths ascending."""
    trials = [index for index, trial in enumerate(sweep.trials) if (trial.arm, trial.target) == (arm, target)]
    axes = [sorted({axis(sweep.trials[i]) for i in trials}) for axis in (_draw, _prompt, _strength)]
    found = {(_draw(t), _prompt(t), _strength(t)): values[i] for i in trials for t in [sweep.trials[i]]}
    return np.array([found[key] for key in product(*axes)]).reshape([len(axis) for axis in axes])


_draw, _prompt, _strength = attrgetter("draw"), attrgetter("prompt"), attrgetter("strength")


def _unsteered(sweep: Sweep, values: Float[np.ndarray, " trial"]) -> Float[np.ndarray, " prompt"]:
    """Mean over the repeats of `none`."""
    return _by_strength(sweep, values, "none", "").mean(axis=(0, 2))


def _steered(sweep: Sweep, values: Float[np.ndarray, " trial"], concept: str) -> Float[np.ndarray, "prompt strength"]:
    """Means over repeats along a concept's own direction; strength 0 comes first and is the arm `none`."""
    return np.column_stack([_unsteered(sweep, values), _by_strength(sweep, values, "steered", concept).mean(axis=0)])


def _bootstrap_weights(sweep: Sweep, seed: int) -> Float[np.ndarray, "draw prompt"]:
    """How often each prompt counts: row 0 is the sample itself, the others resample whole scenarios."""
    _, position = np.unique([prompt.scenario_id for prompt in sweep.prompts], return_inverse=True)
    n = position.max() + 1
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=BOOTSTRAP_DRAWS)
    return np.concatenate([np.ones((1, len(position))), counts[:, position]]).astype(float)


def _weighted_means(
    values: Float[np.ndarray, "prompt strength"], weights: Float[np.ndarray, "draw prompt"]
) -> Float[np.ndarray, "draw strength"]:
    return weights @ values / weights.sum(axis=1, keepdims=True)


def _mean(
    values: Float[np.ndarray, " prompt"], weights: Float[np.ndarray, "draw prompt"]
) -> tuple[float, float, float]:
    means = _weighted_means(values[:, None], weights)[:, 0]
    return float(means[0]), *percentile_interval(means[1:])
