"""From response tokens to the six pools of `contracts.POOLS`: last token, mean, and the mean of each quarter."""

from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from empathy_core.contracts import POOLS


def pool_spans(start: int, end: int) -> tuple[tuple[int, int], ...]:
    """Token span of each pool for a response at [start, end), in the order of POOLS.

    Quarter i holds tokens floor(i n / 4) to floor((i + 1) n / 4) of the response's n; none is empty when n >= 4.
    """
    n = end - start
    edges = [start + quarter * n // 4 for quarter in range(5)]
    return ((end - 1, end), (start, end), *pairwise(edges))


def pool_weights(
    starts: Int[np.ndarray, " text"], ends: Int[np.ndarray, " text"], n_tokens: int
) -> Float[np.ndarray, "text pool token"]:
    """Weights that turn `[text, token, dim]` into `[text, pool, dim]` by one batched product; each row sums to one."""
    weights = np.zeros((len(starts), len(POOLS), n_tokens), np.float32)
    for text, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        for pool, (first, past) in enumerate(pool_spans(start, end)):
            weights[text, pool, first:past] = 1 / (past - first)
    return weights
