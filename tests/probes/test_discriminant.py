import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.preprocessing import StandardScaler

from empathy_core.probes.discriminant import discriminant_values, mean_difference_values
from empathy_core.probes.kernel import fold_kernel, standardised_gram
from empathy_core.probes.ridge import ridge_values
from empathy_core.stats import auroc

TRAIN, TEST = np.arange(90), np.arange(90, 180)


def data(dim=30, signal=0.3, seed=0):
    """Scaled training and test features, label columns (planted, permuted, a class of three texts, of one), kernel."""
    rng = np.random.default_rng(seed)
    labels = np.arange(180) % 2 == 1
    features = rng.standard_normal((180, dim)) + signal * np.outer(labels, rng.standard_normal(dim))
    few, one = np.isin(np.arange(180), [4, 30, 77]), np.arange(180) == 11
    scaler = StandardScaler().fit(features[TRAIN])
    train, test = (scaler.transform(features[rows]) / np.sqrt(dim) for rows in (TRAIN, TEST))
    kernel = fold_kernel(standardised_gram(features, TRAIN), TRAIN, TEST)
    return train, test, np.column_stack([labels, rng.permutation(labels), few, one]), kernel


@pytest.mark.parametrize("solver", ["lsqr", "eigen"])
@pytest.mark.parametrize("shrinkage", [0.05, 0.5, 0.99])
def test_scores_of_every_column_are_those_of_scikit_learns_shrinkage_analysis(solver, shrinkage):
    train, test, labels, kernel = data()
    # scikit-learn warns of the covariance of a single text, which is 0.
    for column in labels[TRAIN, :3].T:
        within = train - np.array([train[~column].mean(axis=0), train[column].mean(axis=0)])[column.astype(int)]
        penalty = shrinkage * (within**2).sum() / within.shape[1] / (1 - shrinkage)
        expected = LinearDiscriminantAnalysis(solver=solver, shrinkage=shrinkage).fit(train, column)
        scores = discriminant_values(kernel, column[:, None], penalty)[:, 0]
        prior = np.log(column.mean() / (1 - column.mean()))
        np.testing.assert_allclose(
            (scores - prior) / (1 - shrinkage) + prior, expected.decision_function(test), rtol=1e-7
        )


def test_all_columns_at_once_are_those_of_one_at_a_time():
    *_, labels, kernel = data(dim=400)
    for score in (mean_difference_values, lambda k, y: discriminant_values(k, y, 0.3)):
        alone = [score(kernel, column[:, None]) for column in labels[TRAIN].T]
        np.testing.assert_allclose(score(kernel, labels[TRAIN]), np.concatenate(alone, axis=1), rtol=1e-9)


def test_mean_differences_equal_those_of_the_features():
    train, test, labels, kernel = data()
    for number, column in enumerate(labels[TRAIN].T):
        direction = train[column].mean(axis=0) - train[~column].mean(axis=0)
        expected = (test - train.mean(axis=0)) @ direction
        np.testing.assert_allclose(mean_difference_values(kernel, labels[TRAIN])[:, number], expected, atol=1e-10)


@pytest.mark.parametrize("penalty", [0.01, 1.0, 1e9])
def test_ridge_has_the_direction_of_discriminant_analysis(penalty):
    *_, labels, kernel = data(dim=400)
    ridge = ridge_values(kernel, labels[TRAIN].astype(float), penalty)
    discriminant = discriminant_values(kernel, labels[TRAIN], penalty)
    for of_ridge, of_discriminant in zip(ridge.T, discriminant.T, strict=True):
        assert np.corrcoef(of_ridge, of_discriminant)[0, 1] > 1 - 1e-6


def test_under_a_growing_penalty_the_analysis_tends_to_the_difference_of_means():
    *_, labels, kernel = data(dim=400)
    discriminant, means = discriminant_values(kernel, labels[TRAIN], 1e6), mean_difference_values(kernel, labels[TRAIN])
    spread = discriminant - discriminant.mean(axis=0)
    np.testing.assert_allclose(spread * 1e6 / 90, means - means.mean(axis=0), atol=1e-4)


def test_a_planted_direction_is_read_and_permuted_labels_are_not():
    *_, labels, kernel = data(signal=1.0)
    for scores in (mean_difference_values(kernel, labels[TRAIN]), discriminant_values(kernel, labels[TRAIN], 1.0)):
        assert auroc(scores[:, 0], labels[TEST, 0]) > 0.95
        assert 0.35 < auroc(scores[:, 1], labels[TEST, 1]) < 0.65


def test_constant_features_score_every_text_alike():
    labels = data()[2]
    kernel = fold_kernel(standardised_gram(np.full((180, 5), 0.1), TRAIN), TRAIN, TEST)
    assert np.ptp(mean_difference_values(kernel, labels[TRAIN]), axis=0).max() == 0
    assert np.ptp(discriminant_values(kernel, labels[TRAIN], 1.0), axis=0).max() == 0
