import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from empathy_core.probes.kernel import fold_kernel, standardised_gram
from empathy_core.probes.logistic import decision_values, fit_logistic
from empathy_core.probes.ridge import matched_penalty, ridge_values
from empathy_core.stats import auroc_columns, permute_within

TRAIN, TEST = np.arange(90), np.arange(90, 180)


def data(dim=400, signal=0.3, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(180) % 2
    features = rng.standard_normal((180, dim)) + signal * np.outer(labels, rng.standard_normal(dim))
    return features, labels, fold_kernel(standardised_gram(features, TRAIN), TRAIN, TEST)


def test_every_column_equals_scikit_learns_ridge():
    features, labels, kernel = data()
    columns = permute_within(labels, np.arange(180) // 2, 5, np.random.default_rng(1))[TRAIN].astype(float)
    scaler = StandardScaler().fit(features[TRAIN])
    train, test = (scaler.transform(features[rows]) / np.sqrt(400) for rows in (TRAIN, TEST))
    expected = Ridge(alpha=0.7).fit(train, columns).predict(test)
    np.testing.assert_allclose(ridge_values(kernel, columns, 0.7), expected, atol=1e-9)


@pytest.mark.parametrize("C", [1.0, 100.0])
def test_matched_ridge_ranks_permutations_as_logistic_does(C):
    _, labels, kernel = data()
    permuted = permute_within(labels, np.arange(180) // 2, 60, np.random.default_rng(2))
    penalty = matched_penalty(kernel, permuted[TRAIN, :4], 2, C)
    ridge = ridge_values(kernel, permuted[TRAIN].astype(float), penalty)
    logistic = decision_values(kernel, fit_logistic(kernel, permuted[TRAIN], 2, C))[:, :, 0]
    pairs = [auroc_columns(scores, permuted[TEST] == 1) for scores in (ridge, logistic)]
    assert np.corrcoef(pairs)[0, 1] > 0.99


def test_matched_penalty_is_that_of_scikit_learns_probabilities():
    features, labels, kernel = data()
    permuted = permute_within(labels, np.arange(180) // 2, 8, np.random.default_rng(3))[TRAIN]
    standardised = StandardScaler().fit_transform(features[TRAIN])
    model = LogisticRegression(C=10 / 400, tol=1e-10, max_iter=10_000)
    probabilities = [model.fit(standardised, column).predict_proba(standardised) for column in permuted.T]
    expected = 1 / (10 * np.mean(np.prod(probabilities, axis=2)))
    assert matched_penalty(kernel, permuted, 2, 10.0) == pytest.approx(expected, rel=1e-5)


def test_matched_penalty_tends_to_four_over_c_where_the_probe_is_flat():
    _, labels, kernel = data()
    assert matched_penalty(kernel, labels[TRAIN, None], 2, 1e-4) == pytest.approx(4e4, rel=1e-3)


def test_constant_features_score_every_text_alike():
    kernel = fold_kernel(standardised_gram(np.full((180, 5), 0.1), TRAIN), TRAIN, TEST)
    assert np.ptp(ridge_values(kernel, (TRAIN % 2 == 0).astype(float)[:, None], 1.0)) == 0
