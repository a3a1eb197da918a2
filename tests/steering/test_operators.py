"""Operators against their formulas, on numpy and on torch."""

import numpy as np
import pytest
import torch

from empathy_core.steering.operators import ablate, add


@pytest.mark.parametrize("kind", [np.asarray, torch.as_tensor], ids=["numpy", "torch"])
def test_ablation_removes_the_subspace_and_nothing_else(kind):
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.standard_normal((8, 3)))[0]
    residual = rng.standard_normal((2, 5, 8))
    cleaned = np.asarray(ablate(kind(residual), kind(basis)))
    assert np.abs(cleaned @ basis).max() < 1e-12
    removed = residual - cleaned
    assert np.allclose(removed, removed @ basis @ basis.T)


def test_ablating_twice_changes_nothing_more():
    rng = np.random.default_rng(1)
    basis = np.linalg.qr(rng.standard_normal((6, 2)))[0]
    once = ablate(rng.standard_normal((4, 6)), basis)
    assert np.allclose(ablate(once, basis), once)


def test_addition_moves_every_row_by_its_own_vector_and_leaves_the_input_alone():
    residual, vectors = np.zeros((3, 4)), np.arange(12.0).reshape(3, 4)
    assert np.array_equal(add(residual, vectors), vectors)
    assert not residual.any()
