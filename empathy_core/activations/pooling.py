"""From response tokens to the six pools of `contracts.POOLS`: last token, mean, and the mean of each quarter."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from empathy_core.activations.encoding import EncodedText
from empathy_core.activations.packing import Batch
from empathy_core.contracts import POOLS


def pool_spans(start: int, end: int) -> tuple[tuple[int, int], ...]:
    """Token span of each pool for a response at [start, end), in the order of POOLS.

    Quarter i holds tokens floor(i n / 4) to floor((i + 1) n / 4) of the response's n; none is empty when n >= 4.
    """
    n = end - start
    edges = [start + quarter * n // 4 for quarter in range(5)]
    return ((end - 1, end), (start, end), *pairwise(edges))


def pool_weights(
    starts: Int[np.ndarray, " text"], ends: Int[np.ndarray, " text"], n_tokens: int, pools: tuple[str, ...]
) -> Float[np.ndarray, "text pool token"]:
    """Weights that turn a text's `[token, dim]` into `[pool, dim]` by one product; each row sums to one."""
    weights = np.zeros((len(starts), len(pools), n_tokens), np.float32)
    for text, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        spans: dict[str, tuple[int, int]] = dict(zip(POOLS, pool_spans(start, end), strict=True))
        for pool, name in enumerate(pools):
            first, past = spans[name]
            weights[text, pool, first:past] = 1 / (past - first)
    return weights


@dataclass(frozen=True)
class PooledResponses:
    """Keeps `[pool, dim]` of every text."""

    pools: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The axes of an entry before `dim`."""
        return (len(self.pools),)

    def entries(self, text: EncodedText) -> int:
        """How many entries a text takes in its shard."""
        return 1

    def reader(self, batch: Batch, device: str) -> Callable[[Tensor], Tensor]:
        """Turns the residual stream `[row, token, dim]` into `[text, pool, dim]`."""
        # A row holds several texts, so its weights are [slot, pool, token], of which some slots may be empty.
        slots = batch.segments[batch.rows, batch.starts] - 1
        n_rows, n_tokens = batch.ids.shape
        by_slot = np.zeros((n_rows, slots.max() + 1, len(self.pools), n_tokens), np.float32)
        by_slot[batch.rows, slots] = pool_weights(batch.starts, batch.ends, n_tokens, self.pools)
        weights = torch.from_numpy(by_slot).flatten(1, 2).to(device)
        vector = torch.from_numpy(batch.rows * by_slot.shape[1] + slots).to(device)

        def read(residual: Float[Tensor, "row token dim"]) -> Float[Tensor, "text pool dim"]:
            # A model spread over several devices has its blocks on any of them.
            pooled = weights.to(residual.device) @ residual
            return pooled.unflatten(1, (-1, len(self.pools))).flatten(0, 1)[vector.to(residual.device)]

        return read
