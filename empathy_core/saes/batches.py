"""Endless batches of shuffled tokens from shards that together may exceed memory."""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float

from empathy_core.contracts import BadInput

Shards = Iterator[Float[np.ndarray, "token dim"]]


def token_batches(
    read: Callable[[], Shards], batch: int, buffer_bytes: int, seed: int, start: int = 0
) -> Iterator[Float[np.ndarray, "batch dim"]]:
    """Batches without end, each token once an epoch, from batch number `start` on; `read` gives the shards anew.

    Shards are gathered until they fill a buffer, which is shuffled whole; what does not fill a batch joins the next
    buffer, and is left out at the end of an epoch. Every epoch has a shuffle of its own, so a run that stopped after
    `start` batches goes on with those that it would have seen.

    Raises:
        BadInput: if all tokens together do not fill a batch.
    """
    skip, epoch = start, 0
    while True:
        n_batches = 0
        for one in _epoch(read(), batch, buffer_bytes, np.random.default_rng((seed, epoch))):
            n_batches += 1
            if skip:
                skip -= 1
            else:
                yield one
        if n_batches == 0:
            raise BadInput(
                "A dictionary is trained on at least one batch of tokens.",
                got=f"fewer than {batch}",
                cause="a small set of texts",
                fix="give more texts, or run with `--dictionaries 0`",
            )
        # Whole epochs are passed over without being read again.
        epoch, skip = epoch + 1 + skip // n_batches, skip % n_batches


def _epoch(
    shards: Shards, batch: int, buffer_bytes: int, rng: np.random.Generator
) -> Iterator[Float[np.ndarray, "batch dim"]]:
    held: list[np.ndarray] = []
    for shard in shards:
        held.append(shard)
        if sum(one.nbytes for one in held) >= buffer_bytes:
            tokens = rng.permutation(np.concatenate(held))
            whole = len(tokens) // batch * batch
            yield from tokens[:whole].reshape(-1, batch, tokens.shape[1])
            held = [tokens[whole:]]
    if held:
        tokens = rng.permutation(np.concatenate(held))
        whole = len(tokens) // batch * batch
        yield from tokens[:whole].reshape(-1, batch, tokens.shape[1])
