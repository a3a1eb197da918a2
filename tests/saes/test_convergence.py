"""Cosines with difference-of-means directions, and features that other seeds find again."""

import numpy as np
import pytest

from empathy_core.probes.mean_difference import mean_difference
from empathy_core.saes.convergence import best_cosines, ceiling, class_weights, mean_directions, recurring
from empathy_core.stats import permute_within

DIM, N = 24, 60
SCENARIOS, LABELS = np.repeat(np.arange(N), 3), np.tile(np.arange(3), N)
AXES = np.eye(DIM)


def styled(gain, seed=0):
    return gain * AXES[LABELS] + 0.3 * np.random.default_rng(seed).standard_normal((len(LABELS), DIM))


def columns(n=200):
    return np.column_stack([LABELS, permute_within(LABELS, SCENARIOS, n, np.random.default_rng(1))])


def test_directions_are_those_of_the_probes_difference_of_means():
    features = styled(1.0)
    [found] = mean_directions(features, class_weights(LABELS[:, None], 3))
    expected = [mean_difference(features, LABELS.astype(str), str(c))[0] for c in range(3)]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_resampling_is_the_same_as_copying_the_texts():
    features, rng = styled(1.0), np.random.default_rng(2)
    counts = rng.multinomial(N, np.full(N, 1 / N))[SCENARIOS]
    [found] = mean_directions(features, class_weights(LABELS[:, None], 3) * counts)
    copied = np.repeat(np.arange(len(LABELS)), counts)
    [expected] = mean_directions(features[copied], class_weights(LABELS[copied][:, None], 3))
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("k", [2, 3, 5])
def test_a_perfect_feature_of_orthogonal_styles_reaches_the_ceiling_and_no_more(k):
    features, labels = np.repeat(np.eye(DIM)[:k], 4, axis=0), np.repeat(np.arange(k), 4)
    found = best_cosines(mean_directions(features, class_weights(labels[:, None], k)), AXES)
    np.testing.assert_allclose(found, ceiling(k))
    assert ceiling(3) == pytest.approx(1 / np.sqrt(1.5))


def test_a_planted_feature_exceeds_permuted_labels_and_noise_does_not():
    decoder = np.linalg.qr(np.random.default_rng(3).standard_normal((DIM, DIM)))[0]
    with_style = best_cosines(mean_directions(styled(1.0), class_weights(columns(), 3)), AXES[:3])
    without = best_cosines(mean_directions(styled(0.0), class_weights(columns(), 3)), decoder)
    assert with_style.mean(axis=1)[0] > np.quantile(with_style.mean(axis=1)[1:], 0.95)
    assert without.mean(axis=1)[0] < np.quantile(without.mean(axis=1)[1:], 0.95)


def test_a_direction_that_points_the_other_way_is_the_same_feature():
    directions = mean_directions(styled(1.0), class_weights(LABELS[:, None], 3))
    np.testing.assert_allclose(best_cosines(directions, AXES), best_cosines(directions, -AXES))


def test_latents_recur_if_every_other_dictionary_has_them():
    first, second, third = AXES[[0, 1, 2]], AXES[[2, 0, 5]], np.vstack([AXES[0] + 0.1 * AXES[9], -AXES[2]])
    third /= np.linalg.norm(third, axis=1, keepdims=True)
    found = recurring([first, second, third])
    assert [mask.tolist() for mask in found] == [[True, False, False], [False, True, False], [True, False]]
