import numpy as np
import pytest
import torch
from unbatched import pooled

from empathy_core.activations.encoding import EncodedText
from empathy_core.activations.packing import pack
from empathy_core.activations.pooling import PooledResponses, pool_spans, pool_weights
from empathy_core.contracts import POOLS


def test_pools_of_a_six_token_response_by_hand():
    weights = pool_weights(np.array([2]), np.array([8]), 10, POOLS)[0]
    values = np.arange(10.0) ** 2
    np.testing.assert_allclose(
        weights @ values, [49, (4 + 9 + 16 + 25 + 36 + 49) / 6, 4, (9 + 16) / 2, 25, (36 + 49) / 2], rtol=1e-6
    )


@pytest.mark.parametrize("n", range(4, 30))
def test_quarters_cover_the_response_once_and_none_is_empty(n):
    quarters = pool_spans(3, 3 + n)[2:]
    assert [token for first, past in quarters for token in range(first, past)] == list(range(3, 3 + n))
    assert all(past > first for first, past in quarters)


def test_tokens_outside_the_response_weigh_nothing():
    weights = pool_weights(np.array([1, 3]), np.array([5, 9]), 9, POOLS)
    assert not weights[0, :, 5:].any()
    assert not weights[1, :, :3].any()
    np.testing.assert_allclose(weights.sum(-1), 1, rtol=1e-6)


@pytest.mark.parametrize("share_prompts", [True, False])
@pytest.mark.parametrize("pools", [POOLS, ("mean", "quarter_3")])
def test_every_text_of_a_batch_gets_the_pools_of_its_own_tokens(share_prompts, pools):
    # The family of two is as long as that of three, so that one row of a shared batch has an empty slot.
    lengths = {"a": (20, 21), "b": (12, 13, 14)}
    prompts = {"a": np.arange(30), "b": np.arange(1, 31)}
    texts = [EncodedText(f"{n}", name, prompts[name], np.arange(n)) for name in "ab" for n in lengths[name]]
    batches = pack(texts, range(5), 400, 0, share_prompts)
    assert [batch.ids.shape[0] for batch in batches] == ([2] if share_prompts else [5])
    for batch in batches:
        residual = torch.from_numpy(np.random.default_rng(0).normal(size=(*batch.ids.shape, 3)).astype(np.float32))
        found = PooledResponses(pools).reader(batch, "cpu")(residual)
        for entry, row, start, end in zip(found, batch.rows, batch.starts, batch.ends, strict=True):
            by_hand = pooled(residual[row, start:end].numpy()[None])[0]
            np.testing.assert_allclose(entry, by_hand[[POOLS.index(pool) for pool in pools]], rtol=0, atol=1e-6)
