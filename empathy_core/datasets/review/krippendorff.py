"""Krippendorff's alpha: agreement of any number of raters, with missing ratings."""

from typing import Literal

import numpy as np
from jaxtyping import Float, Num

Level = Literal["nominal", "ordinal"]


def alpha(ratings: Float[np.ndarray, "rater item"], level: Level) -> float:
    """1 − observed / expected disagreement over pairs of ratings of one item (Krippendorff 2011, *Computing
    Krippendorff's alpha-reliability*).

    NaN is a missing rating; items with fewer than two ratings hold no pair and do not count. 0 where the ratings that
    count do not vary: agreement then cannot be told from chance.
    """
    values = np.unique(ratings[~np.isnan(ratings)])
    counts = (ratings[:, :, None] == values).sum(axis=0)
    counts = counts[counts.sum(axis=1) > 1]
    totals = counts.sum(axis=0)
    distances = _distances(totals, level)
    # Over pairs inside items, where each of an item's m ratings weighs one, and over all pairs of ratings.
    observed = np.einsum("iv,vw,iw,i->", counts, distances, counts, 1 / (counts.sum(axis=1) - 1))
    expected = totals @ distances @ totals / max(totals.sum() - 1, 1)
    return float(1 - observed / expected) if expected else 0.0


def _distances(totals: Num[np.ndarray, " value"], level: Level) -> Float[np.ndarray, "value value"]:
    """Squared differences between values: 0 or 1, or the number of ratings from one to the other, ends by half."""
    if level == "nominal":
        return 1.0 - np.eye(len(totals))
    middles = np.cumsum(totals) - totals / 2
    return (middles[:, None] - middles) ** 2
