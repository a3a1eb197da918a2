import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from empathy_core.contracts import BadInput
from empathy_core.probes.kernel import fold_kernel, standardised_gram
from empathy_core.probes.logistic import EXACT, decision_values, fit_logistic, weight_vectors

TRAIN, TEST = np.arange(90), np.arange(90, 120)


def data(n_classes, dim, signal, seed=0):
    """Features and label columns: the planted classes, then two permutations of them."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(120) % n_classes)
    features = rng.standard_normal((120, dim)) + signal * rng.standard_normal((n_classes, dim))[labels]
    features[:, :2] = features[:, :2] * 30 + 300
    return features, np.column_stack([labels, rng.permutation(labels), rng.permutation(labels)])


def fitted(features, labels, n_classes, C):
    kernel = fold_kernel(standardised_gram(features, TRAIN), TRAIN, TEST)
    return kernel, fit_logistic(kernel, labels[TRAIN], n_classes, C)


def scikit_learn(features, labels, C):
    """Decision values of every column, fitted one by one."""
    scaler = StandardScaler().fit(features[TRAIN])
    train, test = scaler.transform(features[TRAIN]), scaler.transform(features[TEST])
    model = LogisticRegression(C=C / features.shape[1], tol=1e-12, max_iter=1000, solver="newton-cholesky")
    values = [model.fit(train, column).decision_function(test).reshape(len(TEST), -1) for column in labels[TRAIN].T]
    return np.stack(values, axis=1)


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize("C", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("dim", [20, 150])
def test_decision_values_of_every_column_equal_scikit_learns(n_classes, C, dim):
    features, labels = data(n_classes, dim, 0.3)
    kernel, fit = fitted(features, labels, n_classes, C)
    np.testing.assert_allclose(decision_values(kernel, fit), scikit_learn(features, labels, C), atol=EXACT)
    assert fit.exact.all()


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_classes=st.sampled_from([2, 3]),
    dim=st.integers(2, 60),
    signal=st.floats(0, 5),
    power=st.floats(-4, 3),
)
def test_what_is_called_exact_is_so_whatever_the_data_and_for_a_c_to_100_all_is(seed, n_classes, dim, signal, power):
    features, labels = data(n_classes, dim, signal, seed)
    kernel, fit = fitted(features, labels, n_classes, 10**power)
    try:
        oracle = scikit_learn(features, labels, 10**power)
    except ConvergenceWarning:
        reject()  # scikit-learn gave up its Newton steps: there is nothing exact to compare with
    off = np.abs(decision_values(kernel, fit) - oracle).max(axis=(0, 2))
    assert (off[fit.exact] < EXACT).all()
    assert fit.exact.all() or power > 2


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("C", [1.0, 100.0, 10_000.0])
def test_separable_classes_equal_scikit_learns_at_weak_penalties(n_classes, C):
    features, labels = data(n_classes, 50, 3.0)
    kernel, fit = fitted(features, labels, n_classes, C)
    values = decision_values(kernel, fit)
    np.testing.assert_allclose(values, scikit_learn(features, labels, C), atol=EXACT)
    planted = values[:, 0]
    predicted = planted.argmax(axis=1) if n_classes > 2 else (planted[:, 0] > 0).astype(int)
    assert (predicted == labels[TEST, 0]).all()


def test_a_fit_whose_steps_run_out_is_not_called_exact():
    features, labels = data(2, 50, 3.0)
    _, fit = fitted(features, labels, 2, 1e14)
    assert not fit.exact[0]
    assert np.isfinite(fit.dual).all()


def test_unbalanced_columns_with_different_class_counts_move_the_free_intercept_as_in_scikit_learn():
    features, labels = data(6, 30, 0.5)
    columns = np.column_stack([labels[:, 0] == 0, labels[:, 0] != 1, labels[:, 1] < 3, np.arange(120) == 5]).astype(int)
    kernel, fit = fitted(features, columns, 2, 10.0)
    np.testing.assert_allclose(decision_values(kernel, fit), scikit_learn(features, columns, 10.0), atol=EXACT)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_column_is_fitted_alone_as_among_others(n_classes):
    features, labels = data(n_classes, 200, 0.5)
    kernel, fit = fitted(features, labels, n_classes, 100.0)
    together = decision_values(kernel, fit)
    alone = [
        decision_values(kernel, fit_logistic(kernel, column[:, None], n_classes, 100.0)) for column in labels[TRAIN].T
    ]
    np.testing.assert_allclose(together, np.concatenate(alone, axis=1), atol=1e-6)


def test_the_gradient_vanishes_at_the_optimum():
    features, labels = data(3, 200, 0.5)
    kernel, fit = fitted(features, labels, 3, 100.0)
    values = fit.dual @ kernel.gram + fit.intercept[:, :, None]
    probabilities = np.exp(values) / np.exp(values).sum(axis=1, keepdims=True)
    residual = 100 * (probabilities - np.eye(3)[labels[TRAIN].T].transpose(0, 2, 1))
    assert np.abs((residual + fit.dual) @ kernel.gram).max() < 1e-5
    assert np.abs(residual.sum(axis=2)).max() < 1e-5


@pytest.mark.parametrize("n_classes", [2, 3])
def test_curvature_is_the_mean_second_derivative_of_the_loss(n_classes):
    features, labels = data(n_classes, 30, 0.5)
    kernel, fit = fitted(features, labels, n_classes, 10.0)
    values = fit.dual @ kernel.gram + fit.intercept[:, :, None]
    odds = np.exp(values) if n_classes > 2 else np.concatenate([np.ones_like(values), np.exp(values)], axis=1)
    probabilities = odds / odds.sum(axis=1, keepdims=True)
    naive = [
        # The trace of diag(p) - pp' over the directions that it does not send to zero; two classes share one value.
        10.0 * np.mean([np.trace(np.diag(p) - np.outer(p, p)) for p in column.T]) / (n_classes - 1)
        for column in probabilities
    ]
    np.testing.assert_allclose(fit.curvature, np.array(naive) / (2 if n_classes == 2 else 1), rtol=1e-9)


def test_swapping_two_classes_flips_the_sign_and_a_planted_direction_is_recovered():
    rng = np.random.default_rng(1)
    direction, labels = np.eye(40)[3], np.arange(120)[:, None] % 2
    features = rng.standard_normal((120, 40)) + labels * 8.0 * direction - 4 * direction
    kernel, fit = fitted(features, labels, 2, 1.0)
    swapped = fit_logistic(kernel, 1 - labels[TRAIN], 2, 1.0)
    np.testing.assert_allclose(decision_values(kernel, fit), -decision_values(kernel, swapped), atol=1e-7)
    # Standardising shrinks the planted feature's own scale, and the weights are given in the features' own units.
    weights = weight_vectors(features, TRAIN, TRAIN, fit)[:, 0, 0]
    assert np.argmax(np.abs(weights)) == 3


@pytest.mark.parametrize("n_classes", [2, 3])
def test_weights_in_residual_coordinates_give_the_decision_values_up_to_a_constant(n_classes):
    features, labels = data(n_classes, 300, 0.5)
    train = TRAIN[10:]
    kernel = fold_kernel(standardised_gram(features, TRAIN), train, TEST)
    fit = fit_logistic(kernel, labels[train], n_classes, 10.0)
    products = np.tensordot(features[TEST], weight_vectors(features, TRAIN, train, fit), axes=1)
    assert np.ptp(products - decision_values(kernel, fit), axis=0).max() < 1e-9


@pytest.mark.parametrize("n_classes", [2, 3])
def test_constant_features_give_every_text_the_score_of_the_class_frequencies(n_classes):
    features, labels = np.full((120, 30), 0.1), np.minimum(np.arange(120) % 5, n_classes - 1)[:, None]
    kernel, fit = fitted(features, labels, n_classes, 100.0)
    values = decision_values(kernel, fit)
    share = np.bincount(labels[TRAIN, 0]) / 90
    expected = np.log(share / share[0])[1:] if n_classes == 2 else np.log(share) - np.log(share).mean()
    np.testing.assert_allclose(values[:, 0], np.tile(expected, (30, 1)), atol=1e-9)
    assert fit.exact.all()


def test_a_column_without_training_texts_of_a_class_is_refused():
    features, labels = data(3, 20, 0.5)
    labels[:, 1] = np.minimum(labels[:, 1], 1)
    with pytest.raises(BadInput, match="2 of 3 classes"):
        fitted(features, labels, 3, 1.0)


def test_a_text_outside_the_task_is_refused():
    features, labels = data(2, 20, 0.5)
    labels[5, 0] = -1
    with pytest.raises(BadInput, match="outside 0 to 1"):
        fitted(features, labels, 2, 1.0)
