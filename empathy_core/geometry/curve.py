"""Dimensionality against the number of scenarios: what smaller sets would have found.

An estimate that counts texts rather than directions grows with them; one that counts directions rises to their number,
once there are scenarios enough to find them, and stays there.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Shaped

from empathy_core.contracts import Estimate, TextSet
from empathy_core.geometry.components import (
    MIN_SCENARIOS,
    Design,
    cross_validated_components,
    effective_dimension,
    main_conditions,
    make_design,
    null_bound,
)
from empathy_core.geometry.dimensionality import Dimensionality
from empathy_core.stats import percentile_interval

SHARES = (0.25, 0.5, 0.75)
"""Of the scenarios, in each smaller set; the last place of the curve is all of them."""
SMALLEST = MIN_SCENARIOS // 2
"""Scenarios of the smallest set that is drawn, as of the smallest half-sample."""


@dataclass(frozen=True)
class CurvePlace:
    """Effective dimension of a concept in sets of one size."""

    n: int
    """Number of scenarios."""
    effective: float
    """Median over random sets of this size; of all scenarios, the effective dimension itself."""
    draws: Float[np.ndarray, " draw"]
    """Of smaller sets, as far apart as independent sets of this size would be."""
    permuted: Float[np.ndarray, " permutation"]
    """Effective dimension of sets of this size under permuted labels, by the same gate."""


def dimension_curves(
    features: Float[np.ndarray, "text dim"], texts: TextSet, dimensions: Mapping[str, Dimensionality], seed: int
) -> dict[str, tuple[CurvePlace, ...]]:
    """The curve of every concept in `dimensions`, which hold its last place; `features` are those of all texts."""
    main = texts.column("role") == "main"
    rows = texts.rows(main)
    conditions = main_conditions(rows)
    return {
        concept: dimension_curve(features[main], conditions[concept], rows, whole, seed)
        for concept, whole in dimensions.items()
    }


def dimension_curve(
    features: Float[np.ndarray, "text dim"],
    conditions: Shaped[np.ndarray, " text"],
    texts: TextSet,
    whole: Dimensionality,
    seed: int,
    permutations: int = 200,
    draws: int = 200,
    halvings: int = 30,
) -> tuple[CurvePlace, ...]:
    """Effective dimension of random sets of a quarter, a half and three quarters of the scenarios, then of all.

    Whole scenarios are drawn without replacement, and each size has its own null. Sets of m among n scenarios have some
    in common: their spread, σ² (1/m - 1/n), is not that of m scenarios about the truth, σ²/m. Sets of mn / (m + n) have
    just this spread, and make the interval; for all scenarios these are the half-samples of `whole`, the dimensionality
    of all of these texts. A size whose sets would have fewer than four scenarios is left out.
    """
    rng = np.random.default_rng(seed)
    design, places = make_design(features, conditions, texts, permutations, rng), []
    for size in (int(share * design.n) for share in SHARES):
        smaller = size * design.n // (size + design.n)
        if smaller >= SMALLEST:
            found, permuted = _at_size(design, size, draws, halvings, rng)
            spread, _ = _at_size(design, smaller, draws, halvings, rng)
            places.append(CurvePlace(size, float(np.median(found)), spread, permuted))
    return (*places, CurvePlace(whole.n, whole.effective, whole.draws, whole.permuted))


def curve_estimates(prefix: str, curves: Mapping[str, tuple[CurvePlace, ...]]) -> tuple[Estimate, ...]:
    """Every place of every curve, named `{prefix}/dimension/{concept}/n={n}/effective`.

    The interval is that of sets of this size; the null is the 95 % bound under permuted labels at this size.
    """
    return tuple(
        Estimate(
            f"{prefix}/dimension/{concept}/n={place.n}/effective",
            place.effective,
            *percentile_interval(place.draws),
            place.n,
            float(np.quantile(place.permuted, 0.95)),
            method="geometry.curve.curve_estimates",
        )
        for concept, places in curves.items()
        for place in places
    )


def _at_size(
    design: Design, size: int, draws: int, halvings: int, rng: np.random.Generator
) -> tuple[Float[np.ndarray, " draw"], Float[np.ndarray, " permutation"]]:
    """Effective dimension of random sets of `size` scenarios, under the true labels and under permuted ones."""
    null = cross_validated_components(design, design.permuted, size, halvings, rng)
    sampled, bound = cross_validated_components(design, design.repeated(draws), size, halvings, rng), null_bound(null)
    found, permuted = (np.array([effective_dimension(row, bound) for row in rows]) for rows in (sampled, null))
    return found, permuted
