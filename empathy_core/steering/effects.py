"""From judged trials to estimates: dose–response curves of every arm, and coherence."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from empathy_core.contracts import Estimate
from empathy_core.stats import percentile_interval
from empathy_core.steering.judged import (
    Sweep,
    bootstrap_weights,
    by_strength,
    dose_response,
    has_arm,
    n_scenarios,
    parses,
    present_mean,
    random_means,
    rates,
    strengths,
    unsteered,
    weighted_means,
    with_interval,
)
from empathy_core.steering.range import BAND, random_band

CURVES = ("steered", "opposed")
"""The arms that move along a concept's own direction and against it."""


def coherence_estimates(prefix: str, sweep: Sweep, concepts: Sequence[str], seed: int) -> tuple[Estimate, ...]:
    """Share of replies that pass the coherence gates, per concept and strength; needs no judge.

    The null, where there are random directions, is their mean share at that strength.
    """
    weights = bootstrap_weights(sweep.prompts, seed)
    nulls = _random_coherence(sweep)
    return tuple(
        Estimate(
            f"{prefix}/write/{concept}/{arm}/alpha={strength:g}/coherent",
            *with_interval(draws),
            n_scenarios(sweep),
            nulls.get(abs(strength)),
            method="steering.effects.coherence_estimates",
        )
        for concept in concepts
        for arm in CURVES
        if has_arm(sweep, arm, concept)
        for strength, draws in _curve(sweep, sweep.coherent, concept, arm, weights).items()
    )


def effect_estimates(prefix: str, sweep: Sweep, concepts: Sequence[str], seed: int) -> tuple[Estimate, ...]:
    """Judged rates per concept and strength along its own direction (`steered`) and against it (`opposed`).

    A concept's rate is the mean share of a reply's sentences in that style (`casual`: the share of replies in casual
    register); with it come the shares of replies that parse and that are casual. Strength 0 is the arm `none`. The null
    of a rate is what it has to pass to be told from random directions at that strength: the 95 % quantile of their
    rates when steered towards the concept, the 5 % quantile when steered away.
    """
    weights = bootstrap_weights(sweep.prompts, seed)
    estimates = []
    for concept in concepts:
        own = rates(sweep, concept)
        of_random = random_means(sweep, own)
        bands = {"steered": random_band(of_random), "opposed": np.quantile(of_random, 1 - BAND, axis=0)}
        measures = {"share": own, "parses": parses(sweep), "casual": rates(sweep, "casual")}
        for arm in CURVES:
            nulls = dict(zip(strengths(sweep, arm), bands[arm].tolist(), strict=True))
            estimates += [
                Estimate(
                    f"{prefix}/write/{concept}/{arm}/alpha={strength:g}/{measure}",
                    *with_interval(draws),
                    n_scenarios(sweep),
                    nulls.get(strength) if measure == "share" else None,
                    method="steering.effects.effect_estimates",
                )
                for measure, values in measures.items()
                for strength, draws in _curve(sweep, values, concept, arm, weights).items()
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
            float(present_mean(unsteered(sweep, rates(sweep, concept)), (0,))),
            method="steering.effects.null_estimates",
        )
        for concept in concepts
        for arm, target in (("random", ""), ("permuted", concept))
        if has_arm(sweep, arm, target)
        for strength, of_direction in zip(
            strengths(sweep, arm),
            present_mean(by_strength(sweep, rates(sweep, concept), arm, target), (1,)).T,
            strict=True,
        )
    )


def arm_estimates(prefix: str, sweep: Sweep, concepts: Sequence[str], seed: int) -> tuple[Estimate, ...]:
    """Judged rates where nothing is added: asked for in words (`prompted`), or its direction projected out (`ablated`).

    The null is the base rate, which a prompt or an ablation that does nothing leaves as it is.
    """
    weights = bootstrap_weights(sweep.prompts, seed)
    return tuple(
        Estimate(
            f"{prefix}/write/{concept}/{arm}/share",
            *with_interval(weighted_means(present_mean(by_strength(sweep, values, arm, concept), (0, 2)), weights)),
            n_scenarios(sweep),
            float(present_mean(unsteered(sweep, values), (0,))),
            method="steering.effects.arm_estimates",
        )
        for concept in concepts
        for values in [rates(sweep, concept)]
        for arm in ("prompted", "ablated")
        if has_arm(sweep, arm, concept)
    )


def _random_coherence(sweep: Sweep) -> dict[float, float]:
    """Mean coherent share of random directions by strength; their opposites are as random."""
    if not has_arm(sweep, "random"):
        return {}
    shares = present_mean(random_means(sweep, sweep.coherent), (0,))
    return dict(zip(strengths(sweep, "random"), shares.tolist(), strict=True))


def _curve(
    sweep: Sweep,
    values: Float[np.ndarray, " trial"],
    concept: str,
    arm: str,
    weights: Float[np.ndarray, "draw prompt"],
) -> dict[float, Float[np.ndarray, " draw"]]:
    """Draws of the mean by strength; strength 0 stands with the steered arm alone."""
    draws = weighted_means(dose_response(sweep, values, concept, arm), weights).T
    curve = dict(zip((0.0, *strengths(sweep, arm)), draws, strict=True))
    if arm != "steered":
        del curve[0.0]
    return curve
