"""How many directions a concept moves the residual stream in, by cross-validated between-condition components.

The means of the conditions (the styles) are taken over two disjoint halves of the scenarios, M₁ and M₂. Along the
eigenvectors u of M₁ M₁' the component u' M₂ M₁' u has expectation zero where the halves share nothing, so noise adds no
dimensions, which it does to a count of principal components. Where a set has several lexical families the halves share
none, so words alone add none either; but the null permutes within scenarios, and does not know that two families are
few. Averaged over many halvings. After cross-validated distances: Walther et al. 2016, NeuroImage 137.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from empathy_core.contracts import BadInput, Estimate, TextSet
from empathy_core.probes.directions import REGISTERS
from empathy_core.stats import percentile_interval, permute_clusters, permute_within, varies_within

MIN_SCENARIOS = 8
"""Half-samples are halved again: fewer leave single scenarios in a half."""


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
    rows, concepts = texts.rows(main), {"empathy": "style"}
    if set(REGISTERS) <= set(rows.column("register")):
        concepts["register"] = "register"
    return {
        concept: between_condition_components(features[main], rows.column(field), rows, seed)
        for concept, field in concepts.items()
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

    A condition that varies within scenarios is centred and permuted within them; one that does not (register in some
    sets) is centred within contexts and permuted over the scenarios of one. Intervals come from half-samples of
    scenarios without replacement, each with the null of that size. A half-sample's spread about the whole,
    σ² (2/n - 1/n), is that of the whole about the truth, σ²/n; a bootstrap would put copies of one scenario in both
    halves. Half-samples pass the gate less often, so the lower bound is conservative. Raises `BadInput` for fewer than
    two conditions or eight scenarios.
    """
    scenarios = texts.column("scenario_id")
    _check(conditions, scenarios)
    _, condition = np.unique(conditions, return_inverse=True)
    _, scenario = np.unique(scenarios, return_inverse=True)
    rng = np.random.default_rng(seed)
    if varies_within(condition, scenario):
        centred, permuted = _centred(features, scenario), permute_within(condition, scenario, permutations, rng)
    else:
        context = texts.column("context")
        centred = _centred(features, context)
        permuted = permute_clusters(condition, scenario, permutations, rng, context)
    gram = centred @ centred.T
    true, n = np.repeat(condition[:, None], draws, axis=1), int(scenario.max()) + 1
    units = _halved_units(texts)
    components = _components(gram, condition[:, None], scenario, units, n, halvings, rng)[0]
    null = _components(gram, permuted, scenario, units, n, halvings, rng)
    sampled = _components(gram, true, scenario, units, n // 2, halvings, rng)
    half_null = _components(gram, permuted, scenario, units, n // 2, halvings, rng)
    bound, half_bound = (np.quantile(drawn, 0.95, axis=0, method="higher") for drawn in (null, half_null))
    return Dimensionality(
        rank=_rank(components, bound),
        effective=_effective(components, bound),
        components=components,
        null=bound,
        ceiling=len(components),
        draws=np.array([_effective(row, half_bound) for row in sampled]),
        rank_draws=np.array([_rank(row, half_bound) for row in sampled]),
        permuted=np.array([_effective(row, bound) for row in null]),
        n=n,
    )


def dimension_estimates(prefix: str, concepts: dict[str, Dimensionality]) -> tuple[Estimate, ...]:
    """Rank and effective dimension of every concept, named `{prefix}/dimension/{concept}/…`."""
    return tuple(estimate for concept, found in concepts.items() for estimate in estimates(prefix, concept, found))


def estimates(prefix: str, concept: str, found: Dimensionality) -> tuple[Estimate, ...]:
    """Rank and effective dimension; the nulls are the 95 % bounds under permuted labels, by the same gate."""
    stem = f"{prefix}/dimension/{concept}"
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
    )


def _components(
    gram: Float[np.ndarray, "text text"],
    conditions: Int[np.ndarray, "text draw"],
    scenario: Int[np.ndarray, " text"],
    units: Int[np.ndarray, " scenario"],
    size: int,
    halvings: int,
    rng: np.random.Generator,
) -> Float[np.ndarray, "draw component"]:
    """Cross-validated components of every label column, each on its own sample of `size` scenarios."""
    n_conditions, found = conditions.max() + 1, []
    for column in conditions.T:
        sampled = np.isin(np.arange(len(units)), rng.permutation(len(units))[:size])
        present = np.unique(units[sampled])
        order = rng.permuted(np.broadcast_to(present, (halvings, len(present))), axis=1)
        chosen = np.zeros((halvings, units.max() + 1), dtype=bool)
        np.put_along_axis(chosen, order[:, : len(present) // 2], True, axis=1)
        halves = np.array([chosen[:, units], ~chosen[:, units]]) & sampled
        first, second = _averaging(column == np.arange(n_conditions)[:, None], halves[:, :, scenario])
        projected = first @ gram
        vectors = np.linalg.eigh(projected @ first.swapaxes(1, 2)).eigenvectors
        crossed = projected @ second.swapaxes(1, 2)
        along = np.einsum("hck,hcd,hdk->hk", vectors, crossed, vectors)
        # Largest first; the last direction is the conditions' common mean.
        found.append(along[:, ::-1][:, : n_conditions - 1].mean(axis=0))
    return np.array(found)


def _halved_units(texts: TextSet) -> Int[np.ndarray, " scenario"]:
    """What a halving keeps whole: each scenario's lexical family where a set has several, else the scenario itself."""
    _, first, scenario = np.unique(texts.column("scenario_id"), return_index=True, return_inverse=True)
    names, family = np.unique(texts.column("family"), return_inverse=True)
    if len(names) > 1 and (family == family[first][scenario]).all():
        return family[first]
    return np.arange(len(first))


def _averaging(
    one_hot: Bool[np.ndarray, "condition text"], halves: Bool[np.ndarray, "2 halving text"]
) -> Float[np.ndarray, "2 halving condition text"]:
    """Matrices that take features to condition means; a condition that a half lacks stays at the centre, zero."""
    members = (one_hot & halves[:, :, None]).astype(float)
    return members / np.maximum(members.sum(axis=3, keepdims=True), 1)


def _centred(
    features: Float[np.ndarray, "text dim"], within: Shaped[np.ndarray, " text"]
) -> Float[np.ndarray, "text dim"]:
    _, group = np.unique(within, return_inverse=True)
    one_hot = (group == np.arange(group.max() + 1)[:, None]).astype(float)
    means = one_hot @ features / one_hot.sum(axis=1, keepdims=True)
    return features - means[group]


def _rank(components: Float[np.ndarray, " component"], bound: Float[np.ndarray, " component"]) -> int:
    return int(np.cumprod(components > bound).sum())


def _effective(components: Float[np.ndarray, " component"], bound: Float[np.ndarray, " component"]) -> float:
    kept = components[: _rank(components, bound)]
    return float(kept.sum() ** 2 / (kept**2).sum()) if len(kept) else 0.0


def _check(conditions: Shaped[np.ndarray, " text"], scenarios: Shaped[np.ndarray, " text"]) -> None:
    if len(np.unique(conditions)) < 2 or len(np.unique(scenarios)) < MIN_SCENARIOS:
        raise BadInput(
            f"Dimensionality compares at least two conditions over at least {MIN_SCENARIOS} scenarios.",
            f"{len(np.unique(conditions))} conditions, {len(np.unique(scenarios))} scenarios",
            "a small set, or one style",
            "add scenarios",
        )
