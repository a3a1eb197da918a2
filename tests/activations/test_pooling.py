import numpy as np
import pytest

from empathy_core.activations.pooling import pool_spans, pool_weights


def test_pools_of_a_six_token_response_by_hand():
    weights = pool_weights(np.array([2]), np.array([8]), 10)[0]
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
    weights = pool_weights(np.array([1, 3]), np.array([5, 9]), 9)
    assert not weights[0, :, 5:].any()
    assert not weights[1, :, :3].any()
    np.testing.assert_allclose(weights.sum(-1), 1, rtol=1e-6)
