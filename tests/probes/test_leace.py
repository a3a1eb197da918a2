import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from empathy_core.contracts import BadInput
from empathy_core.probes.kernel import fold_kernel
from empathy_core.probes.leace import concept_columns, leace


def erase(features, fitted, labels):
    """Every text once the concept of the fitted ones is erased."""
    kernel = fold_kernel(features @ features.T, fitted, np.arange(len(features)))
    return features - leace(kernel, concept_columns(labels)) @ features[fitted]


def erase_naively(features, fitted, labels):
    """Theorem 4.3 of the paper as it stands, with dim × dim matrices."""
    mean, classes = features[fitted].mean(axis=0), np.unique(labels)
    centred, concept = features[fitted] - mean, (labels[:, None] == classes).astype(float)
    covariance = centred.T @ centred / len(fitted)
    cross = centred.T @ (concept - concept.mean(axis=0)) / len(fitted)
    values, vectors = np.linalg.eigh(covariance)
    kept = values > 1e-10 * values.max()
    whitening = (vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T
    unwhitening = (vectors[:, kept] * np.sqrt(values[kept])) @ vectors[:, kept].T
    left, sizes, _ = np.linalg.svd(whitening @ cross, full_matrices=False)
    basis = left[:, sizes > 1e-8 * sizes.max()]
    return features - (features - mean) @ (unwhitening @ basis @ basis.T @ whitening).T


def planted(n=60, dim=20, n_classes=2, size=2.0, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % n_classes)
    mixing = rng.standard_normal((dim, dim))
    return rng.standard_normal((n, dim)) @ mixing + size * rng.standard_normal((n_classes, dim))[labels], labels


@pytest.mark.parametrize("dim", [20, 150])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_it_is_the_closed_form_of_the_paper_with_more_and_with_fewer_texts_than_features(dim, n_classes):
    features, labels = planted(90, dim, n_classes)
    fitted = np.arange(60)
    expected = erase_naively(features, fitted, labels[fitted])
    np.testing.assert_allclose(erase(features, fitted, labels[fitted]), expected, atol=1e-6)


@pytest.mark.parametrize("dim", [20, 150])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_no_linear_classifier_reads_the_concept_in_the_fitting_texts(dim, n_classes):
    features, labels = planted(60, dim, n_classes)
    erased = erase(features, np.arange(60), labels)
    probe = LogisticRegression(C=1e3, tol=1e-8, max_iter=10_000)
    assert probe.fit(features, labels).score(features, labels) > 0.9
    scores = probe.fit(erased, labels).predict_proba(erased)
    np.testing.assert_allclose(scores, scores.mean(axis=0, keepdims=True).repeat(60, axis=0), atol=1e-5)
    for code in range(n_classes):
        assert roc_auc_score(labels == code, np.round(scores[:, code], 4)) == 0.5


@pytest.mark.parametrize("n_classes", [2, 3])
def test_it_takes_one_dimension_less_than_there_are_classes(n_classes):
    features, labels = planted(90, 20, n_classes)
    moved = features - erase(features, np.arange(90), labels)
    assert np.linalg.matrix_rank(moved, tol=1e-8) == n_classes - 1


def test_new_texts_lose_the_concept_and_keep_another_where_texts_are_many():
    rng = np.random.default_rng(1)
    concept, other = rng.integers(0, 2, (2, 1600))
    directions = rng.standard_normal((2, 10))
    features = rng.standard_normal((1600, 10)) + np.column_stack([concept, other]) @ directions
    fitted, new = np.arange(800), np.arange(800, 1600)
    erased = erase(features, fitted, concept[fitted])

    def readable(labels):
        probe = LogisticRegression().fit(erased[new[:400]], labels[new[:400]])
        return roc_auc_score(labels[new[400:]], probe.decision_function(erased[new[400:]]))

    assert readable(concept) == pytest.approx(0.5, abs=0.07)
    assert readable(other) > 0.8


def test_it_moves_texts_less_than_projecting_the_mean_difference_out():
    features, labels = planted(400, 20)
    centred, difference = (
        features - features.mean(axis=0),
        features[labels == 1].mean(0) - features[labels == 0].mean(0),
    )
    projected = np.outer(centred @ difference, difference) / (difference @ difference)
    moved = features - erase(features, np.arange(400), labels)
    assert (moved**2).sum() < 0.9 * (projected**2).sum()


def test_a_concept_that_features_say_nothing_of_moves_no_text():
    features, labels = planted(40, 20)
    np.testing.assert_array_equal(erase(np.full((40, 3), 0.1), np.arange(40), labels), np.full((40, 3), 0.1))
    mirrored = np.concatenate([features, features])
    twice = np.repeat([0, 1], 40)
    np.testing.assert_allclose(erase(mirrored, np.arange(80), twice), mirrored, atol=1e-8)


def test_two_texts_are_made_equal():
    features = np.array([[1.0, 2.0, 0.0], [3.0, 1.0, 5.0]])
    erased = erase(features, np.arange(2), np.array([0, 1]))
    np.testing.assert_allclose(erased, [features.mean(axis=0)] * 2, atol=1e-12)


def test_a_single_class_is_refused():
    with pytest.raises(BadInput, match=r"at least two classes.*1 in 5 texts"):
        concept_columns(np.ones(5, dtype=int))
