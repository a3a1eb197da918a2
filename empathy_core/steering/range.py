"""How far one can steer before replies fall apart, given that steering does anything at all."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from empathy_core.contracts import Estimate
from empathy_core.stats import percentile_interval
from empathy_core.steering.judged import (
    Sweep,
    bootstrap_weights,
    by_strength,
    dose_response,
    present_mean,
    random_means,
    rates,
    unsteered,
    weighted_means,
)

COHERENT_SHARE = 0.7
"""Replies must stay coherent at this share of the unsteered rate."""

BAND = 0.95
"""Quantile over random directions of their largest effect, which steering must exceed in its coherent range."""


@dataclass(frozen=True)
class RangeEstimate:
    """A steering range with its bootstrap draws, which bandwidth combines with those of dimensionality."""

    concept: str
    value: float
    """In units of the mean residual norm."""
    draws: Float[np.ndarray, " draw"]


def coherent_steps(coherence: Float[np.ndarray, " strength"]) -> int:
    """Number of strengths, from the weakest on, before coherence falls below 0.7 for the first time."""
    broken = np.flatnonzero(~(coherence >= COHERENT_SHARE))
    return int(broken[0]) if len(broken) else len(coherence)


def steering_range(
    strengths: Float[np.ndarray, " strength"],
    effect: Float[np.ndarray, " strength"],
    coherence: Float[np.ndarray, " strength"],
    random_effects: Float[np.ndarray, "draw strength"],
) -> float:
    """Largest strength up to which `coherence` stays at 0.7 or above at every step, or 0 where steering has no effect.

    `effect` is the change of the judged rate against the unsteered arm, in the direction that is asked for; it counts
    if, at some strength of the coherent range, it exceeds the 95 % quantile over random directions of their own largest
    effect within that range (the same search over strengths on both sides). The end is interpolated linearly between
    grid points; a direction still coherent at the last strength has that strength as its range, a lower bound.
    """
    end = coherent_steps(coherence)
    if end == 0:
        return 0.0
    # Random directions can push a rate down; doing nothing must not count as an effect beside them.
    if effect[:end].max() <= max(0.0, np.quantile(random_effects[:, :end].max(axis=1), BAND)):
        return 0.0
    if end == len(strengths):
        return float(strengths[-1])
    last, first_broken = coherence[end - 1], coherence[end]
    share = (last - COHERENT_SHARE) / (last - first_broken)
    return float(strengths[end - 1] + share * (strengths[end] - strengths[end - 1]))


def random_band(random_effects: Float[np.ndarray, "draw strength"]) -> Float[np.ndarray, " strength"]:
    """The 95 % quantile over random directions at each strength, for drawing beside the steered curve."""
    return np.quantile(random_effects, BAND, axis=0)


def relative_coherence(
    coherent: Float[np.ndarray, "*draw strength"], unsteered: Float[np.ndarray, "*draw"]
) -> Float[np.ndarray, "*draw strength"]:
    """Coherent share relative to strength 0; zero where unsteered replies are never coherent."""
    base = np.asarray(unsteered)[..., None]
    return np.divide(coherent, base, out=np.zeros_like(coherent), where=base > 0)


def coherence_curves(
    sweep: Sweep, concept: str, arm: str, weights: Float[np.ndarray, "draw prompt"]
) -> Float[np.ndarray, "draw strength"]:
    """Coherent share of a concept's direction relative to strength 0, in every draw."""
    shares = weighted_means(dose_response(sweep, sweep.coherent, concept, arm), weights)
    return relative_coherence(shares[:, 1:], shares[:, 0])


def steering_ranges(sweep: Sweep, concepts: Sequence[str], seed: int) -> tuple[RangeEstimate, ...]:
    """The steering range of every concept with draws from a bootstrap over scenarios; random directions stay fixed.

    Resampled, their largest effects would grow with the noise that resampling adds.
    """
    weights = bootstrap_weights(sweep.prompts, seed)
    ranges = []
    for concept in concepts:
        values = rates(sweep, concept)
        curves = weighted_means(dose_response(sweep, values, concept), weights)
        coherence = coherence_curves(sweep, concept, "steered", weights)
        nulls = random_means(sweep, values) - curves[0, 0]
        ranges.append(_range(sweep, concept, curves[:, 1:] - curves[:, :1], coherence, nulls))
    return tuple(ranges)


def opposed_ranges(sweep: Sweep, concepts: Sequence[str], seed: int) -> tuple[RangeEstimate, ...]:
    """How far one can steer away from every concept: as `steering_ranges`, with the fall of the rate as the effect.

    Replies that fall apart lose the style as well, so a fall counts only beyond that, for the direction as for random
    ones: the unsteered rate times relative coherence, minus the rate. A concept whose unsteered rate does not exceed
    what random directions take off has no room to fall and is left out.
    """
    weights = bootstrap_weights(sweep.prompts, seed)
    of_random = random_means(sweep, sweep.coherent)
    coherent = present_mean(unsteered(sweep, sweep.coherent), (0,))
    random_coherence = relative_coherence(of_random, np.full(len(of_random), coherent))
    ranges = []
    for concept in concepts:
        values = rates(sweep, concept)
        curves = weighted_means(dose_response(sweep, values, concept, "opposed"), weights)
        coherence = coherence_curves(sweep, concept, "opposed", weights)
        nulls = curves[0, 0] * np.minimum(random_coherence, 1.0) - random_means(sweep, values)
        if curves[0, 0] <= np.quantile(nulls.max(axis=1), BAND):
            continue
        falls = curves[:, :1] * np.minimum(coherence, 1.0) - curves[:, 1:]
        ranges.append(_range(sweep, concept, falls, coherence, nulls))
    return tuple(ranges)


def permuted_ranges(sweep: Sweep, styles: Sequence[str]) -> Float[np.ndarray, " permutation"]:
    """Mean range over the styles of each set of directions made from permuted labels: an upper bound.

    They are tried at one strength. One that exceeds the random band there gets the strongest strength as its range, as
    if coherent throughout; one that does not gets 0.
    """
    steps = np.array(sweep.settings.strengths)
    middle = int(np.flatnonzero(steps == sweep.settings.middle)[0])
    reached = []
    for style in styles:
        values = rates(sweep, style)
        found = present_mean(by_strength(sweep, values, "permuted", style), (1, 2))
        reached.append(steps[-1] * (found > random_band(random_means(sweep, values))[middle]))
    return np.mean(reached, axis=0)


def range_estimates(prefix: str, ranges: Sequence[RangeEstimate], n: int, name: str = "range") -> tuple[Estimate, ...]:
    """Ranges as estimates in units of the mean residual norm; a direction without effect has range 0, hence null 0.

    `name` is `range`, or `range-opposed` for steering away, whose strengths are given without their sign.
    """
    return tuple(
        Estimate(
            f"{prefix}/write/{found.concept}/{name}",
            found.value,
            *percentile_interval(found.draws),
            n,
            0.0,
            method="steering.range.range_estimates",
        )
        for found in ranges
    )


def _range(
    sweep: Sweep,
    concept: str,
    effects: Float[np.ndarray, "draw strength"],
    coherence: Float[np.ndarray, "draw strength"],
    nulls: Float[np.ndarray, "random strength"],
) -> RangeEstimate:
    strengths = np.array(sweep.settings.strengths)
    if np.isnan(nulls).any() or np.isnan(effects).any():
        # Without verdicts on these arms there is no saying whether steering does anything.
        return RangeEstimate(concept, np.nan, np.full(len(effects) - 1, np.nan))
    draws = np.array([steering_range(strengths, e, c, nulls) for e, c in zip(effects, coherence, strict=True)])
    return RangeEstimate(concept, float(draws[0]), draws[1:])
