"""How steeply, and how reliably from prompt to prompt, a style's rate rises while its direction is turned up."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from empathy_core.contracts import Estimate
from empathy_core.steering.judged import (
    Sweep,
    bootstrap_weights,
    by_strength,
    dose_response,
    n_scenarios,
    present_mean,
    rates,
    unsteered,
    weighted_means,
    with_interval,
)
from empathy_core.steering.range import BAND, coherence_curves, coherent_steps

NO_OP = 0.5
"""A prompt that does not move counts half as moved the wrong way, so half of them do where nothing happens."""

ROUNDING = 1e-9
"""Slopes of rates that are thirds and quarters come out this close to 0 where nothing moved."""


def slopes(
    strengths: Float[np.ndarray, " strength"], values: Float[np.ndarray, "*axes strength"]
) -> Float[np.ndarray, "*axes"]:
    """Least-squares slopes over strengths, in units of the value per mean residual norm."""
    centred = strengths - strengths.mean()
    return (values * centred).sum(axis=-1) / (centred**2).sum()


def coherent_strengths(sweep: Sweep, concept: str) -> int:
    """How many strengths of a concept's direction are read: those of its coherent range, or else the weakest alone.

    Coherence alone decides, so that what is read there does not choose where it is read.
    """
    [curve] = coherence_curves(sweep, concept, "steered", np.ones((1, len(sweep.prompts))))
    return max(coherent_steps(curve), 1)


def slope_estimates(prefix: str, sweep: Sweep, concepts: Sequence[str], seed: int) -> tuple[Estimate, ...]:
    """Per concept, the mean over prompts of the slope of its rate, and the share of prompts whose slope is negative.

    Slopes run from strength 0 to the last strength of the coherent range. The null of the slope is the 95 % quantile of
    random directions' slopes over the same strengths. A slope of 0 counts half as the wrong way: a no-op scores 0.5.
    """
    weights = bootstrap_weights(sweep.prompts, seed)
    estimates = []
    for concept in concepts:
        values, end = rates(sweep, concept), coherent_strengths(sweep, concept) + 1
        strengths = np.array((0.0, *sweep.settings.strengths))[:end]
        own = slopes(strengths, dose_response(sweep, values, concept)[:, :end])
        wrong = np.where(np.isnan(own), np.nan, (own < -ROUNDING) + NO_OP * (abs(own) <= ROUNDING))
        null = float(np.quantile(_random_slopes(sweep, values, strengths), BAND))
        estimates += [
            Estimate(
                f"{prefix}/write/{concept}/{measure}",
                *with_interval(weighted_means(by_prompt, weights)),
                n_scenarios(sweep),
                bound,
                method="steering.slopes.slope_estimates",
            )
            for measure, by_prompt, bound in (("slope", own, null), ("wrong-way", wrong, NO_OP))
        ]
    return tuple(estimates)


def _random_slopes(
    sweep: Sweep, values: Float[np.ndarray, " trial"], strengths: Float[np.ndarray, " strength"]
) -> Float[np.ndarray, " draw"]:
    """The mean slope over prompts of every random direction."""
    moved = by_strength(sweep, values, "random")[:, :, : len(strengths) - 1]
    start = np.broadcast_to(unsteered(sweep, values)[None, :, None], (*moved.shape[:2], 1))
    return present_mean(slopes(strengths, np.concatenate([start, moved], axis=2)), (1,))
