"""How many directions a concept moves the residual stream in, by cross-validated between-condition components.

The means of the conditions (the styles) are taken over two disjoint halves of the scenarios, M₁ and M₂. Along the
eigenvectors u of M₁ M₁' the component u' M₂ M₁' u has expectation zero where the halves share nothing, so noise adds no
dimensions, which it does to a count of principal components. Where a set has several lexical families the halves share
none, so words alone add none either; but the null permutes within scenarios, and does not know that two families are
few. Averaged over many halvings. After cross-validated distances: Walther et al. 2016, NeuroImage 137.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Shaped

from empathy_core.contracts import Estimate, TextSet
from empathy_core.geometry.components import (
    cross_validated_components,
    effective_dimension,
    main_conditions,
    make_design,
    null_bound,
    rank,
)
from empathy_core.stats import percentile_interval


@dataclass(frozen=True)
class Dimensionality:
    """Dimensions of one concept at one point."""

    rank: int
    """Leading components above the null's 95 % bound, each."""
    effective: float
    """Participation ratio (Σ λ)² / Σ λ² of those components alone; 0 if there is none. Free of the features' scale."""
    components: Float[np.ndarray, " component"]
    """Variance between conditions along each component, in squared units of the features; may be negative."""
    null: Float[np.ndarray, " component"]
    """95 % bound of every component under permuted labels."""
    ceiling: int
    """Means of C conditions span at most C - 1 dimensions."""
    draws: Float[np.ndarray, " draw"]
    """Effective dimension of random half-samples of the scenarios."""
    rank_draws: Int[np.ndarray, " draw"]
    """Rank of the same half-samples."""
    permuted: Float[np.ndarray, " permutation"]
    """Effective dimension under permuted labels, by the same gate."""
    n: int
    """Number of scenarios."""


def concept_dimensions(features: Float[np.ndarray, "text dim"], texts: TextSet, seed: int) -> dict[str, Dimensionality]:
    """Dimensionality of `empathy` (over the main styles), and of `register` where the set has both registers.

    `features` are those of all texts; the main ones are measured. Raises `BadInput` for fewer than eight scenarios.
    """
    main = texts.column("role") == "main"
    rows = texts.rows(main)
    return {
        concept: between_condition_components(features[main], conditions, rows, seed)
        for concept, conditions in main_conditions(rows).items()
    }


def between_condition_components(
    features: Float[np.ndarray, "text dim"],
    conditions: Shaped[np.ndarray, " text"],
    texts: TextSet,
    seed: int,
    permutations: int = 200,
    draws: int = 200,
    halvings: int = 30,
) -> Dimensionality:
    """Components of the condition means that repeat in other scenarios, with their null and their sampling spread.

    Intervals come from half-samples of scenarios without replacement, each with the null of that size. A half-sample's
    spread about the whole, σ² (2/n - 1/n), is that of the whole about the truth, σ²/n; a bootstrap would put copies of
    one scenario in both halves. Half-samples pass the gate less often, so the lower bound is conservative. Raises
    `BadInput` for fewer than two conditions or eight scenarios.
    """
    rng = np.random.default_rng(seed)
    design = make_design(features, conditions, texts, permutations, rng)
    n, true = design.n, design.repeated(draws)
    components = cross_validated_components(design, design.repeated(1), n, halvings, rng)[0]
    null = cross_validated_components(design, design.permuted, n, halvings, rng)
    sampled = cross_validated_components(design, true, n // 2, halvings, rng)
    bound = null_bound(null)
    half_bound = null_bound(cross_validated_components(design, design.permuted, n // 2, halvings, rng))
    return Dimensionality(
        rank=rank(components, bound),
        effective=effective_dimension(components, bound),
        components=components,
        null=bound,
        ceiling=len(components),
        draws=np.array([effective_dimension(row, half_bound) for row in sampled]),
        rank_draws=np.array([rank(row, half_bound) for row in sampled]),
        permuted=np.array([effective_dimension(row, bound) for row in null]),
        n=n,
    )


def dimension_estimates(prefix: str, concepts: dict[str, Dimensionality]) -> tuple[Estimate, ...]:
    """Rank, effective dimension and ceiling of every concept, named `{prefix}/dimension/{concept}/…`."""
    return tuple(estimate for concept, found in concepts.items() for estimate in estimates(prefix, concept, found))


def estimates(prefix: str, concept: str, found: Dimensionality) -> tuple[Estimate, ...]:
    """Rank, effective dimension and what either can be at most.

    The nulls of the first two are the 95 % bounds under permuted labels, by the same gate. The ceiling, one less than
    the number of conditions, is a fact of the design: its interval has no width, and it has no null.
    """
    stem, ceiling = f"{prefix}/dimension/{concept}", float(found.ceiling)
    return (
        Estimate(
            f"{stem}/rank",
            float(found.rank),
            *percentile_interval(found.rank_draws.astype(float)),
            found.n,
            # A permutation passes the gate in 5 % of cases, so its 95 % bound is no dimension.
            0.0,
            method="geometry.dimensionality.estimates",
        ),
        Estimate(
            f"{stem}/effective",
            found.effective,
            *percentile_interval(found.draws),
            found.n,
            float(np.quantile(found.permuted, 0.95)),
            method="geometry.dimensionality.estimates",
        ),
        Estimate(
            f"{stem}/ceiling",
            ceiling,
            ceiling,
            ceiling,
            found.n,
            None,
            method="geometry.dimensionality.estimates",
        ),
    )
