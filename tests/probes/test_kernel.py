import numpy as np
from sklearn.preprocessing import StandardScaler

from empathy_core.probes.kernel import fold_kernel, scaling, standardised_gram


def features_with_massive_dimensions(n=40, dim=60, seed=0):
    features = np.random.default_rng(seed).standard_normal((n, dim))
    features[:, :2] = features[:, :2] * 30 + 300
    return features.astype(np.float32)


def test_gram_is_that_of_scikit_learns_scaler_and_rows_have_unit_mean_square():
    features, train = features_with_massive_dimensions(), np.arange(30)
    scaler = StandardScaler().fit(features[train].astype(float))
    expected = scaler.transform(features.astype(float)) / np.sqrt(60)
    np.testing.assert_allclose(standardised_gram(features, train), expected @ expected.T, atol=1e-10)
    assert np.isclose(np.trace(standardised_gram(features, train)[:30, :30]) / 30, 1)


def test_kernel_equals_inner_products_about_the_training_mean():
    features, train, test = features_with_massive_dimensions(), np.arange(5, 30), np.arange(30, 40)
    kernel = fold_kernel(standardised_gram(features, np.arange(30)), train, test)
    mean, scale = scaling(features[:30])
    rows = (features - mean) / scale
    centred = rows - rows[train].mean(axis=0)
    np.testing.assert_allclose(kernel.gram, centred[train] @ centred[train].T, atol=1e-12)
    np.testing.assert_allclose(kernel.cross, centred[test] @ centred[train].T, atol=1e-12)


def test_eigenbasis_rebuilds_the_gram_and_leaves_out_its_null_space():
    features = features_with_massive_dimensions(dim=7)
    kernel = fold_kernel(standardised_gram(features, np.arange(30)), np.arange(30), np.arange(30, 40))
    values, vectors = kernel.eigenbasis
    assert len(values) == 7
    np.testing.assert_allclose(vectors * values @ vectors.T, kernel.gram, atol=1e-12)


def test_a_constant_feature_is_not_blown_up_by_the_rounding_of_its_mean():
    features = np.full((37, 3), 0.1)
    features[:, 0] = np.arange(37)
    kernel = fold_kernel(standardised_gram(features, np.arange(30)), np.arange(30), np.arange(30, 37))
    assert len(kernel.eigenbasis[0]) == 1
    constant = fold_kernel(standardised_gram(features[:, 1:], np.arange(30)), np.arange(30), np.arange(30, 37))
    assert len(constant.eigenbasis[0]) == 0
