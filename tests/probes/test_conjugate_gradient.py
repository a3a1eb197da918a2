import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax

from empathy_core.probes import conjugate_gradient
from empathy_core.probes.conjugate_gradient import minimise


def problem(n_classes, signal=1.0, columns=4, n=40, dim=12, seed=0):
    """Orthogonal components of centred features, and targets of the planted classes and their permutations."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % n_classes
    features = rng.standard_normal((n, dim)) + signal * rng.standard_normal((n_classes, dim))[labels]
    left, lengths, _ = np.linalg.svd((features - features.mean(axis=0)) / np.sqrt(dim), full_matrices=False)
    codes = np.array([labels] + [rng.permutation(labels) for _ in range(columns - 1)])
    targets = (codes[:, None, :] == np.arange(n_classes)[:, None]).astype(float)
    return left * lengths, targets[:, 1:] if n_classes == 2 else targets


def values(eigenbasis, coefficients):
    return coefficients[:, :, :-1] @ eigenbasis.T + coefficients[:, :, -1:]


def objective(eigenbasis, targets, coefficients, C):
    f = values(eigenbasis, coefficients)
    if targets.shape[1] == 1:
        f, targets = np.concatenate([0 * f, f], axis=1), np.concatenate([1 - targets, targets], axis=1)
    return -C * (targets * log_softmax(f, axis=1)).sum(axis=(1, 2)) + 0.5 * (coefficients[:, :, :-1] ** 2).sum(
        axis=(1, 2)
    )


@pytest.mark.parametrize("n_classes", [2, 3])
def test_no_general_optimiser_finds_a_lower_objective(n_classes):
    eigenbasis, targets = problem(n_classes)
    found = minimise(eigenbasis, targets, 10.0)
    for number, coefficients in enumerate(found.coefficients):
        own = targets[number : number + 1]

        def loss(flat, own=own, shape=coefficients.shape):
            return objective(eigenbasis, own, flat.reshape(1, *shape), 10.0)[0]

        best = minimize(loss, np.zeros(coefficients.size), method="BFGS", options={"gtol": 1e-3})
        assert loss(coefficients.ravel()) <= best.fun + 1e-9
        np.testing.assert_allclose(loss(coefficients.ravel()), best.fun, rtol=1e-6)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("C", [1.0, 1e2, 1e5])
def test_every_step_lowers_the_objective_without_a_line_search(n_classes, C, monkeypatch):
    eigenbasis, targets = problem(n_classes, signal=4.0)
    losses = []
    for steps in range(25):
        monkeypatch.setattr(conjugate_gradient, "MAX_STEPS", steps)
        losses.append(objective(eigenbasis, targets, minimise(eigenbasis, targets, C).coefficients, C))
    assert (np.diff(losses, axis=0) <= 1e-12 * np.array(losses[0])).all()
    assert (losses[1] < losses[0]).all()


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("C", [0.1, 100.0])
def test_decision_values_are_never_further_off_than_the_error_says(n_classes, C, monkeypatch):
    eigenbasis, targets = problem(n_classes, signal=2.0)
    optimum = values(eigenbasis, minimise(eigenbasis, targets, C).coefficients)
    for steps in range(1, 12):
        monkeypatch.setattr(conjugate_gradient, "MAX_STEPS", steps)
        early = minimise(eigenbasis, targets, C)
        off = np.abs(values(eigenbasis, early.coefficients) - optimum).max(axis=(1, 2))
        assert (off <= early.error + 2e-6).all()


@pytest.mark.parametrize("n_classes", [2, 3])
def test_columns_of_many_blocks_are_those_of_one(n_classes, monkeypatch):
    eigenbasis, targets = problem(n_classes, columns=11)
    together = minimise(eigenbasis, targets, 100.0)
    monkeypatch.setattr(conjugate_gradient, "BLOCK", 2 * targets[0].size)
    apart = minimise(eigenbasis, targets, 100.0)
    np.testing.assert_allclose(
        values(eigenbasis, apart.coefficients), values(eigenbasis, together.coefficients), atol=1e-9
    )
    np.testing.assert_allclose(apart.curvature, together.curvature, rtol=1e-9)


def test_a_basis_without_components_leaves_the_intercept_alone():
    _, targets = problem(2)
    found = minimise(np.empty((targets.shape[2], 0)), targets, 1.0)
    np.testing.assert_allclose(found.coefficients[:, 0, 0], 0, atol=1e-12)
    assert found.error.max() < 1e-9
