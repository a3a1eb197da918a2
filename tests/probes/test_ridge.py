import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from empathy_core.probes.kernel import fold_kernel, standardised_gram
from empathy_core.probes.logistic import decision_values, fit_logistic
from empathy_core.probes.ridge import matched_penalty, ridge_values
from empathy_core.stats import auroc, permute_within

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


def test_scores_are_those_of_shrinkage_discriminant_analysis_up_to_scale():
    features, labels, kernel = data(dim=30)
    scaler = StandardScaler().fit(features[TRAIN])
    train, test = (scaler.transform(features[rows]) / np.sqrt(30) for rows in (TRAIN, TEST))
    within = train - np.array([train[labels[TRAIN] == k].mean(axis=0) for k in (0, 1)])[labels[TRAIN]]
    # sklearn shrinks towards the mean variance v: (1 - s) S + s v I, so the ridge penalty n s v / (1 - s) is the same.
    shrinkage, spread = 0.2, np.trace(within.T @ within / 90) / 30
    discriminant = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage, priors=[0.5, 0.5])
    expected = discriminant.fit(train, labels[TRAIN]).decision_function(test)
    penalty = 90 * shrinkage * spread / (1 - shrinkage)
    scores = ridge_values(kernel, labels[TRAIN, None].astype(float), penalty)[:, 0]
    assert np.corrcoef(scores, expected)[0, 1] > 1 - 1e-3


@pytest.mark.parametrize("C", [1.0, 100.0])
def test_matched_ridge_ranks_permutations_as_logistic_does(C):
    _, labels, kernel = data()
    permuted = permute_within(labels, np.arange(180) // 2, 60, np.random.default_rng(2))
    penalty = matched_penalty(kernel, permuted[TRAIN, :4], 2, C)
    ridge = ridge_values(kernel, permuted[TRAIN].astype(float), penalty)
    logistic = [decision_values(kernel, fit_logistic(kernel, column, 2, C)) for column in permuted[TRAIN].T]
    pairs = [
        (auroc(ridge[:, k], permuted[TEST, k] == 1), auroc(logistic[k][:, 0], permuted[TEST, k] == 1))
        for k in range(60)
    ]
    assert np.corrcoef(np.array(pairs).T)[0, 1] > 0.99


def test_matched_penalty_tends_to_four_over_c_where_the_probe_is_flat():
    _, labels, kernel = data()
    assert matched_penalty(kernel, labels[TRAIN, None], 2, 1e-4) == pytest.approx(4e4, rel=1e-3)


def test_constant_features_score_every_text_alike():
    kernel = fold_kernel(standardised_gram(np.full((180, 5), 0.1), TRAIN), TRAIN, TEST)
    assert np.ptp(ridge_values(kernel, (TRAIN % 2 == 0).astype(float)[:, None], 1.0)) == 0
