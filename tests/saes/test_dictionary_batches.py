"""Batches of tokens that never end, whatever fits in memory."""

from itertools import islice

import numpy as np
import pytest

from empathy_core.contracts import BadInput
from empathy_core.saes.batches import token_batches

TOKENS = np.arange(50, dtype=np.float32)[:, None]
WHOLE, SMALL = 2**20, 4 * 16


def shards():
    return iter(np.split(TOKENS, [7, 20, 33]))


@pytest.mark.parametrize("buffer_bytes", [WHOLE, SMALL])
def test_an_epoch_gives_every_token_once_but_for_what_fills_no_batch(buffer_bytes):
    batches = list(islice(token_batches(shards, 8, buffer_bytes, seed=0), 12))
    for epoch in (batches[:6], batches[6:]):
        seen = np.concatenate(epoch).ravel()
        assert len(seen) == 48 == len(set(seen))
    assert not np.array_equal(batches[0], batches[6])


@pytest.mark.parametrize("buffer_bytes", [WHOLE, SMALL])
@pytest.mark.parametrize("start", [1, 6, 8, 20])
def test_batches_go_on_where_a_run_stopped(start, buffer_bytes):
    whole = list(islice(token_batches(shards, 8, buffer_bytes, seed=3), start + 4))
    resumed = list(islice(token_batches(shards, 8, buffer_bytes, seed=3, start=start), 4))
    np.testing.assert_array_equal(resumed, whole[start:])


def test_a_resumed_run_reads_no_whole_epoch_twice():
    reads = []

    def counted():
        reads.append(None)
        return shards()

    next(token_batches(counted, 8, WHOLE, seed=0, start=600))
    assert len(reads) == 2


def test_a_buffer_is_given_out_as_soon_as_it_is_full():
    first = list(islice(token_batches(shards, 4, SMALL, seed=0), 4))
    assert np.concatenate(first).max() < 20, "the first sixteen tokens come from the first two shards"


def test_seeds_shuffle_differently():
    first, second = (next(token_batches(shards, 8, WHOLE, seed)) for seed in (0, 1))
    assert not np.array_equal(first, second)


def test_too_few_tokens_for_a_batch_are_refused():
    with pytest.raises(BadInput, match="at least one batch"):
        next(token_batches(shards, 51, WHOLE, seed=0))
