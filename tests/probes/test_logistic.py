import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from empathy_core.contracts import BadInput
from empathy_core.probes.kernel import fold_kernel, standardised_gram
from empathy_core.probes.logistic import decision_values, fit_logistic, weight_vectors

TRAIN, TEST = np.arange(90), np.arange(90, 120)


def data(n_classes, dim, signal, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(120) % n_classes)
    features = rng.standard_normal((120, dim)) + signal * rng.standard_normal((n_classes, dim))[labels]
    features[:, :2] = features[:, :2] * 30 + 300
    return features, labels


def fitted(features, labels, n_classes, C):
    kernel = fold_kernel(standardised_gram(features, TRAIN), TRAIN, TEST)
    return kernel, fit_logistic(kernel, labels[TRAIN], n_classes, C)


def scikit_learn(features, labels, C):
    scaler = StandardScaler().fit(features[TRAIN])
    solver = "newton-cholesky" if features.shape[1] < 100 else "lbfgs"
    model = LogisticRegression(C=C / features.shape[1], tol=1e-10, max_iter=100_000, solver=solver)
    model.fit(scaler.transform(features[TRAIN]), labels[TRAIN])
    return model.decision_function(scaler.transform(features[TEST])).reshape(len(TEST), -1)


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize("C", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("dim", [20, 300])
def test_decision_values_equal_scikit_learns(n_classes, C, dim):
    features, labels = data(n_classes, dim, 0.3)
    kernel, fit = fitted(features, labels, n_classes, C)
    np.testing.assert_allclose(decision_values(kernel, fit), scikit_learn(features, labels, C), atol=1e-5)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_separable_classes_equal_scikit_learns_at_a_weak_penalty(n_classes):
    features, labels = data(n_classes, 50, 3.0)
    kernel, fit = fitted(features, labels, n_classes, 100.0)
    values = decision_values(kernel, fit)
    np.testing.assert_allclose(values, scikit_learn(features, labels, 100.0), atol=1e-5)
    predicted = values.argmax(axis=1) if n_classes > 2 else (values[:, 0] > 0).astype(int)
    assert (predicted == labels[TEST]).all()


def test_unbalanced_classes_move_the_free_intercept_as_in_scikit_learn():
    features, labels = data(6, 30, 0.5)
    labels = (labels == 0).astype(int)
    kernel, fit = fitted(features, labels, 2, 10.0)
    np.testing.assert_allclose(decision_values(kernel, fit), scikit_learn(features, labels, 10.0), atol=1e-5)


def test_the_gradient_vanishes_at_the_optimum():
    features, labels = data(3, 200, 0.5)
    kernel, fit = fitted(features, labels, 3, 100.0)
    values = kernel.gram @ fit.dual + fit.intercept
    probabilities = np.exp(values) / np.exp(values).sum(axis=1, keepdims=True)
    residual = 100 * (probabilities - np.eye(3)[labels[TRAIN]])
    assert np.abs(kernel.gram @ (residual + fit.dual)).max() < 1e-6
    assert np.abs(residual.sum(axis=0)).max() < 1e-6


def test_swapping_two_classes_flips_the_sign_and_a_planted_direction_is_recovered():
    rng = np.random.default_rng(1)
    direction, labels = np.eye(40)[3], np.arange(120) % 2
    features = rng.standard_normal((120, 40)) + np.outer(labels * 8.0 - 4, direction)
    kernel, fit = fitted(features, labels, 2, 1.0)
    swapped = fit_logistic(kernel, 1 - labels[TRAIN], 2, 1.0)
    np.testing.assert_allclose(decision_values(kernel, fit), -decision_values(kernel, swapped), atol=1e-7)
    # Standardising shrinks the planted feature's own scale, and the weights are given in the features' own units.
    weights = weight_vectors(features, TRAIN, TRAIN, fit)[:, 0]
    assert np.argmax(np.abs(weights)) == 3


@pytest.mark.parametrize("n_classes", [2, 3])
def test_weights_in_residual_coordinates_give_the_decision_values_up_to_a_constant(n_classes):
    features, labels = data(n_classes, 300, 0.5)
    train = TRAIN[10:]
    kernel = fold_kernel(standardised_gram(features, TRAIN), train, TEST)
    fit = fit_logistic(kernel, labels[train], n_classes, 10.0)
    constant = features[TEST] @ weight_vectors(features, TRAIN, train, fit) - decision_values(kernel, fit)
    assert np.ptp(constant, axis=0).max() < 1e-9


def test_constant_features_give_every_text_the_same_score():
    features, labels = np.full((120, 30), 0.1), np.arange(120) % 2
    kernel, fit = fitted(features, labels, 2, 100.0)
    assert np.ptp(decision_values(kernel, fit)) == 0


def test_a_class_without_training_texts_is_refused():
    features, labels = data(2, 20, 0.5)
    with pytest.raises(BadInput, match="2 of 3 classes"):
        fitted(features, labels, 3, 1.0)
