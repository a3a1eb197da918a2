"""Components of condition means that repeat in other scenarios: the mathematics behind a concept's dimensionality."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from empathy_core.contracts import BadInput, TextSet
from empathy_core.probes.directions import REGISTERS
from empathy_core.stats import permute_clusters, permute_within, varies_within

MIN_SCENARIOS = 8
"""Half-samples are halved again: fewer leave single scenarios in a half."""


@dataclass(frozen=True)
class Design:
    """Texts as inner products, with everything that halvings and permutations need to know of them."""

    gram: Float[np.ndarray, "text text"]
    """Inner products of the texts, centred as the design allows."""
    condition: Int[np.ndarray, " text"]
    """Codes from 0."""
    scenario: Int[np.ndarray, " text"]
    """Codes from 0."""
    units: Int[np.ndarray, " scenario"]
    """What a halving keeps whole: number of each scenario's lexical family where a set has several, else its own."""
    permuted: Int[np.ndarray, "text permutation"]
    """The condition codes, permuted."""

    @property
    def n(self) -> int:
        """Number of scenarios."""
        return len(self.units)

    def repeated(self, draws: int) -> Int[np.ndarray, "text draw"]:
        """The true conditions, once a draw."""
        return np.repeat(self.condition[:, None], draws, axis=1)


def main_conditions(texts: TextSet) -> dict[str, Shaped[np.ndarray, " text"]]:
    """By concept, the condition of each of these main texts: its style, and its register where the set has both."""
    found = {"empathy": texts.column("style")}
    if set(REGISTERS) <= set(texts.column("register")):
        found["register"] = texts.column("register")
    return found


def make_design(
    features: Float[np.ndarray, "text dim"],
    conditions: Shaped[np.ndarray, " text"],
    texts: TextSet,
    permutations: int,
    rng: np.random.Generator,
) -> Design:
    """Centre the features and permute the conditions as the design exchanges them.

    A condition that varies within scenarios is centred and permuted within them; one that does not (register in some
    sets) is centred within contexts and permuted over the scenarios of one. Raises `BadInput` for fewer than two
    conditions or eight scenarios.
    """
    scenarios = texts.column("scenario_id")
    _check(conditions, scenarios)
    _, condition = np.unique(conditions, return_inverse=True)
    _, scenario = np.unique(scenarios, return_inverse=True)
    if varies_within(condition, scenario):
        centred, permuted = _centred(features, scenario), permute_within(condition, scenario, permutations, rng)
    else:
        context = texts.column("context")
        centred = _centred(features, context)
        permuted = permute_clusters(condition, scenario, permutations, rng, context)
    return Design(centred @ centred.T, condition, scenario, _halved_units(texts), permuted)


def cross_validated_components(
    design: Design, conditions: Int[np.ndarray, "text draw"], size: int, halvings: int, rng: np.random.Generator
) -> Float[np.ndarray, "draw component"]:
    """Components of every column of condition codes, each on its own sample of `size` scenarios, largest first.

    Variance between conditions along each component, in squared units of the features; may be negative.
    """
    units, n_conditions, found = design.units, conditions.max() + 1, []
    for column in conditions.T:
        sampled = np.isin(np.arange(len(units)), rng.permutation(len(units))[:size])
        present = np.unique(units[sampled])
        order = rng.permuted(np.broadcast_to(present, (halvings, len(present))), axis=1)
        chosen = np.zeros((halvings, units.max() + 1), dtype=bool)
        np.put_along_axis(chosen, order[:, : len(present) // 2], True, axis=1)
        rows = np.flatnonzero(sampled[design.scenario])
        halves = np.array([chosen, ~chosen])[:, :, units[design.scenario[rows]]]
        first, second = _averaging(column[rows] == np.arange(n_conditions)[:, None], halves)
        projected = first @ design.gram[np.ix_(rows, rows)]
        vectors = np.linalg.eigh(projected @ first.swapaxes(1, 2)).eigenvectors
        crossed = projected @ second.swapaxes(1, 2)
        along = np.einsum("hck,hcd,hdk->hk", vectors, crossed, vectors)
        # Largest first; the last direction is the conditions' common mean.
        found.append(along[:, ::-1][:, : n_conditions - 1].mean(axis=0))
    return np.array(found)


def null_bound(null: Float[np.ndarray, "permutation component"]) -> Float[np.ndarray, " component"]:
    """What each component stays below in 95 % of the permutations."""
    return np.quantile(null, 0.95, axis=0, method="higher")


def rank(components: Float[np.ndarray, " component"], bound: Float[np.ndarray, " component"]) -> int:
    """Leading components above their bound, each."""
    return int(np.cumprod(components > bound).sum())


def effective_dimension(components: Float[np.ndarray, " component"], bound: Float[np.ndarray, " component"]) -> float:
    """Participation ratio (Σ λ)² / Σ λ² of the leading components above their bound; 0 if there is none."""
    kept = components[: rank(components, bound)]
    return float(kept.sum() ** 2 / (kept**2).sum()) if len(kept) else 0.0


def _halved_units(texts: TextSet) -> Int[np.ndarray, " scenario"]:
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


def _check(conditions: Shaped[np.ndarray, " text"], scenarios: Shaped[np.ndarray, " text"]) -> None:
    if len(np.unique(conditions)) < 2 or len(np.unique(scenarios)) < MIN_SCENARIOS:
        raise BadInput(
            f"Dimensionality compares at least two conditions over at least {MIN_SCENARIOS} scenarios.",
            f"{len(np.unique(conditions))} conditions, {len(np.unique(scenarios))} scenarios",
            "a small set, or one style",
            "add scenarios",
        )
