"""Empathetic bandwidth: effective dimension × steering range."""

from collections.abc import Sequence

import numpy as np

from empathy_core.contracts import Estimate
from empathy_core.geometry.dimensionality import Dimensionality
from empathy_core.stats import percentile_interval
from empathy_core.steering.effects import RangeEstimate


def bandwidth(
    prefix: str,
    concept: str,
    dimensionality: Dimensionality,
    ranges: Sequence[RangeEstimate],
    n: int,
    seed: int,
) -> Estimate:
    """Effective dimension × mean steering range over the concept's directions, in units of the mean residual norm.

    The interval multiplies draws of the two factors pairwise: subsampled scenarios for the dimension, resampled prompts
    for the range. The null multiplies the effective dimensions found under permuted labels by the observed range
    (generously: a permuted direction keeps the real one's range) and is their 95 % bound.
    """
    rng = np.random.default_rng(seed)
    range_draws = np.mean([found.draws for found in ranges], axis=0)
    products = rng.choice(dimensionality.draws, size=len(range_draws)) * range_draws
    observed_range = float(np.mean([found.value for found in ranges]))
    low, high = percentile_interval(products)
    return Estimate(
        f"{prefix}/bandwidth/{concept}",
        dimensionality.effective * observed_range,
        low,
        high,
        n,
        float(np.quantile(dimensionality.permuted, 0.95)) * observed_range,
        method="steering.bandwidth.bandwidth",
    )
