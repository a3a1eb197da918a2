import numpy as np
import pytest

from empathy_core.contracts import BadInput
from empathy_core.probes.mean_difference import mean_difference, style_subspace


def planted(counts=(40, 40, 40), dim=50, noise=0.05, seed=0):
    rng = np.random.default_rng(seed)
    means = 3 * np.linalg.qr(rng.standard_normal((dim, len(counts))))[0].T
    labels = np.repeat([f"style {k}" for k in range(len(counts))], counts)
    return np.repeat(means, counts, axis=0) + noise * rng.standard_normal((sum(counts), dim)), labels, means


def test_a_planted_difference_is_recovered_with_its_length():
    features, labels, means = planted()
    vector, norm = mean_difference(features, labels, "style 1")
    expected = means[1] - (means[0] + means[2]) / 2
    assert np.linalg.norm(vector) == pytest.approx(1)
    assert norm == pytest.approx(np.linalg.norm(expected), rel=0.01)
    assert vector @ expected / np.linalg.norm(expected) > 0.999


def test_every_other_class_counts_the_same_however_many_texts_it_has():
    features, labels, means = planted(counts=(5, 40, 200), noise=0.0)
    vector, norm = mean_difference(features, labels, "style 1")
    np.testing.assert_allclose(vector * norm, means[1] - (means[0] + means[2]) / 2, atol=1e-12)


def test_true_against_false_is_the_difference_of_two_means():
    features, labels, _ = planted()
    positive = labels == "style 2"
    vector, norm = mean_difference(features, positive)
    np.testing.assert_allclose(vector * norm, features[positive].mean(axis=0) - features[~positive].mean(axis=0))
    opposite, _ = mean_difference(features, ~positive)
    np.testing.assert_allclose(opposite, -vector)


def test_a_missing_class_a_single_class_and_equal_means_are_refused():
    features, labels, _ = planted()
    with pytest.raises(BadInput, match="'warm' against"):
        mean_difference(features, labels, "warm")
    with pytest.raises(BadInput, match="at least one other"):
        mean_difference(features[:40], labels[:40], "style 0")
    with pytest.raises(BadInput, match="has a length"):
        mean_difference(np.ones_like(features), labels, "style 0")


def test_the_style_subspace_is_orthonormal_and_holds_every_mean_difference():
    features, labels, _ = planted(counts=(10, 20, 30, 40))
    basis = style_subspace(features, labels)
    assert basis.shape == (50, 3)
    np.testing.assert_allclose(basis.T @ basis, np.eye(3), atol=1e-12)
    for style in np.unique(labels):
        vector, _ = mean_difference(features, labels, style)
        np.testing.assert_allclose(basis @ (basis.T @ vector), vector, atol=1e-10)


def test_collinear_class_means_span_one_dimension_and_a_constant_offset_none():
    labels, axis = np.repeat(["a", "b", "c"], 4), np.arange(1.0, 6)
    features = np.outer(np.repeat([-1.0, 0, 1], 4), axis) + 100
    assert style_subspace(features, labels).shape == (5, 1)
    assert style_subspace(np.full((12, 5), 0.1), labels).shape == (5, 0)
