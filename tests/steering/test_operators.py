"""Operators against their formulas, on numpy and on torch."""

import numpy as np
import pytest
import torch

from empathy_core.contracts import BadInput
from empathy_core.steering.operators import Edit, ablate, ablate_then_add, add, clamp, edited

DIM, RANK = 8, 3


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def basis(rng):
    return np.linalg.qr(rng.standard_normal((DIM, RANK)))[0]


@pytest.fixture
def residual(rng):
    """Two rows of five tokens."""
    return rng.standard_normal((2, 5, DIM))


@pytest.fixture(params=[np.asarray, torch.as_tensor], ids=["numpy", "torch"])
def applied(request):
    """An edit applied to a stream, through numpy or through torch."""
    kind = request.param
    return lambda edit, residual: np.asarray(
        edited(kind(residual), kind(edit.basis), kind(edit.held[None]), kind(edit.added[None]))
    )


def by_loop(edit, residual):
    """The same, one position and one column at a time."""
    result = np.empty_like(residual)
    for place in np.ndindex(residual.shape[:-1]):
        x = residual[place].copy()
        for column, held in zip(edit.basis.T, edit.held, strict=True):
            x += (held - residual[place] @ column) * column
        result[place] = x + edit.added
    return result


def test_every_operator_is_the_formula_at_every_position(applied, rng, basis, residual):
    vector = rng.standard_normal(DIM)
    edits = (
        add(vector),
        ablate(basis),
        ablate_then_add(basis, vector),
        clamp(basis[:, 0], 1.5),
        Edit(basis, rng.standard_normal(RANK), vector),
    )
    for edit in edits:
        assert np.allclose(applied(edit, residual), by_loop(edit, residual), atol=1e-12)


def test_ablation_leaves_what_least_squares_cannot_explain(applied, basis, residual):
    points = residual.reshape(-1, DIM).T
    coefficients = np.linalg.lstsq(basis, points, rcond=None)[0]
    unexplained = (points - basis @ coefficients).T.reshape(residual.shape)
    assert np.allclose(applied(ablate(basis), residual), unexplained, atol=1e-12)


def test_ablating_twice_changes_nothing_more(applied, basis, residual):
    once = applied(ablate(basis), residual)
    assert np.allclose(applied(ablate(basis), once), once, atol=1e-12)


def test_addition_moves_by_the_vector_and_leaves_its_input_alone(applied):
    residual, vector = np.zeros((1, 3, 4)), np.arange(4.0)
    assert np.array_equal(applied(add(vector), residual), np.tile(vector, (1, 3, 1)))
    assert not residual.any()


def test_what_is_added_after_an_ablation_may_lie_in_the_ablated_subspace(applied, basis, residual):
    moved = applied(ablate_then_add(basis, 2 * basis[:, 1]), residual)
    assert np.allclose(moved @ basis, [0, 2, 0], atol=1e-12)


def test_clamping_sets_one_coordinate_and_keeps_all_others(applied, rng, residual):
    axes = np.linalg.qr(rng.standard_normal((DIM, DIM)))[0]
    before, after = residual @ axes, applied(clamp(axes[:, 0], -0.75), residual) @ axes
    assert np.allclose(after[..., 0], -0.75)
    assert np.allclose(after[..., 1:], before[..., 1:])


def test_clamping_to_the_coordinate_that_is_there_changes_nothing(applied, basis, residual):
    x = residual[:1, :1]
    assert np.allclose(applied(clamp(basis[:, 0], float(x[0, 0] @ basis[:, 0])), x), x)


def test_columns_of_zeros_beside_a_basis_take_nothing_out(basis, residual):
    wider = np.pad(basis, ((0, 0), (0, 2)))
    held, added = np.zeros((1, RANK + 2)), np.zeros((1, DIM))
    assert np.allclose(edited(residual, wider, held, added), edited(residual, basis, held[:, :RANK], added))


def test_rows_of_a_batch_have_bases_of_their_own(rng, residual):
    bases = np.stack([np.linalg.qr(rng.standard_normal((DIM, RANK)))[0] for _ in residual])
    held, added = rng.standard_normal((2, 1, RANK)), rng.standard_normal((2, 1, DIM))
    together = edited(residual, bases, held, added)
    for row in range(2):
        edit = Edit(bases[row], held[row, 0], added[row, 0])
        assert np.allclose(together[row], by_loop(edit, residual[row]))


def test_only_an_edit_that_takes_nothing_out_and_adds_zero_changes_nothing(basis):
    zero = np.zeros(DIM)
    assert add(zero).changes_nothing
    assert not add(basis[:, 0]).changes_nothing
    assert not ablate(basis).changes_nothing
    assert not clamp(basis[:, 0], 0.0).changes_nothing


def test_columns_that_are_not_orthonormal_are_refused(rng, basis):
    oblique = basis + 0.1 * basis[:, [1, 2, 0]]
    for wrong in (oblique, 2 * basis, np.zeros((DIM, 1)), np.full((DIM, 1), np.nan), np.eye(DIM)[:, [0, 0]]):
        with pytest.raises(BadInput, match="orthonormal columns"):
            ablate(wrong)
    with pytest.raises(BadInput, match="orthonormal columns"):
        clamp(3 * basis[:, 0], 1.0)


def test_a_basis_in_half_precision_is_orthonormal_enough(rng):
    basis = np.linalg.qr(rng.standard_normal((512, 4)))[0].astype(np.float16).astype(np.float32)
    assert ablate(basis).width == 512


def test_an_edit_that_is_not_finite_is_refused(basis):
    for wrong in (np.nan, np.inf):
        with pytest.raises(BadInput, match="must be finite"):
            add(np.full(DIM, wrong))
        with pytest.raises(BadInput, match="must be finite"):
            clamp(basis[:, 0], wrong)
