"""Empathetic bandwidth: effective dimension × steering range, and which models differ in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float

from empathy_core.contracts import Estimate
from empathy_core.geometry.dimensionality import Dimensionality
from empathy_core.stats import holm, percentile_interval
from empathy_core.steering.range import RangeEstimate

SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class Bandwidth:
    """Bandwidth of one concept in one model, in units of the mean residual norm."""

    concept: str
    value: float
    draws: Float[np.ndarray, " draw"]
    null: float
    """95 % bound of effective dimensions under permuted labels × the observed range."""
    n: int
    """Number of held-out scenarios."""


def bandwidth(
    concept: str, dimensionality: Dimensionality, ranges: Sequence[RangeEstimate], n: int, seed: int
) -> Bandwidth:
    """Effective dimension × mean steering range over the concept's directions.

    The draws multiply independent draws of the factors: training scenarios subsampled for the dimension, held-out
    scenarios resampled for the range. Both factors are free of the residual stream's scale.

    The null keeps the observed range and permutes labels for the dimension alone. Permuting them for both would give 0
    whatever the model does: under permuted labels either factor is 0 in 95 % of cases by its own gate. A bound that
    lets a permuted direction steer as far as the real one is the stricter of the two.
    """
    rng = np.random.default_rng(seed)
    range_draws = np.mean([found.draws for found in ranges], axis=0)
    observed = float(np.mean([found.value for found in ranges]))
    return Bandwidth(
        concept,
        dimensionality.effective * observed,
        rng.choice(dimensionality.draws, size=len(range_draws)) * range_draws,
        float(np.quantile(dimensionality.permuted, 0.95)) * observed,
        n,
    )


def bandwidth_estimates(prefix: str, found: Bandwidth, residual_norm: float) -> tuple[Estimate, ...]:
    """Bandwidth in mean residual norms, and (`-raw`) in units of the residual stream, which grow with its scale."""
    return tuple(
        Estimate(
            f"{prefix}/bandwidth/{found.concept}{unit}",
            scale * found.value,
            *percentile_interval(scale * found.draws),
            found.n,
            scale * found.null,
            method="steering.bandwidth.bandwidth_estimates",
        )
        for unit, scale in (("", 1.0), ("-raw", residual_norm))
    )


def permuted_bandwidth(
    prefix: str, dimensionality: Dimensionality, ranges: Float[np.ndarray, " permutation"]
) -> Estimate:
    """The same product under permuted labels: mean over all pairs of permutations of the factors, and 95 % spread.

    `ranges` are those of directions made from permuted labels.
    """
    products = np.outer(dimensionality.permuted, ranges).ravel()
    return Estimate(
        f"{prefix}/bandwidth/permuted",
        float(products.mean()),
        *percentile_interval(products),
        len(products),
        0.0,
        method="steering.bandwidth.permuted_bandwidth",
    )


def rank_models(draws: Mapping[str, Float[np.ndarray, " draw"]]) -> tuple[tuple[str, ...], ...]:
    """Groups of models, the widest bandwidth first; models of one group are not told apart.

    Two models differ if their 95 % intervals do not touch, and their draws differ at 5 % after Holm's correction over
    all pairs. A group ends only where every model before differs from every model after: being told apart does not
    carry over from pair to pair, standing in one group does.
    """
    order = sorted(draws, key=lambda name: -float(np.mean(draws[name])))
    pairs = list(combinations(order, 2))
    adjusted = holm(np.array([_p(draws[first], draws[second]) for first, second in pairs])) if pairs else []
    apart = {
        pair: p <= SIGNIFICANCE and percentile_interval(draws[pair[0]])[0] > percentile_interval(draws[pair[1]])[1]
        for pair, p in zip(pairs, adjusted, strict=True)
    }
    groups: list[tuple[str, ...]] = []
    start = 0
    for end in range(1, len(order) + 1):
        if all(apart[first, second] for first in order[:end] for second in order[end:]):
            groups.append(tuple(order[start:end]))
            start = end
    return tuple(groups)


def _p(first: Float[np.ndarray, " draw"], second: Float[np.ndarray, " draw"]) -> float:
    """Two-sided: how often one of all pairs of draws stands on the other side of the other, ties on both."""
    ascending, n = np.sort(second), len(first) * len(second)
    below = np.searchsorted(ascending, first, side="left").sum() / n
    not_above = np.searchsorted(ascending, first, side="right").sum() / n
    # No fewer than one draw can be claimed to lie on the other side.
    return min(1.0, 2 * max(min(not_above, 1 - below), 1 / min(len(first), len(second))))
