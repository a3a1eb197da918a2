"""Error rates over many simulated data sets: a p of 5 % is wrong in 5 %, and an interval of 95 % misses in 5 %.

Each figure has one seed, fixed before the first run, and enough data sets that its bounds are over two standard errors
from the truth.
"""

import numpy as np
import pytest
from scipy.stats import norm

from empathy_core.datasets.splits import held_out
from empathy_core.probes.kernel import fold_kernel, standardised_gram
from empathy_core.probes.ridge import ridge_values
from empathy_core.stats import (
    auroc,
    auroc_columns,
    cluster_bootstrap_auroc,
    cluster_bootstrap_d_prime,
    clustered_delong_variance,
    d_prime,
    max_statistic_p,
    percentile_interval,
    permute_within,
)

pytestmark = pytest.mark.slow
SEED = 0
SIMULATIONS = 1000
PENALTY = 0.1
"""Of the ridge probes; about what the exact probe's default comes to."""


def crossed(n_scenarios):
    """Labels and scenarios of one negative and one positive text a scenario, and five folds of whole scenarios."""
    labels, scenarios = np.tile([False, True], n_scenarios), np.repeat(np.arange(n_scenarios), 2)
    return labels, scenarios, held_out(scenarios % 5, np.arange(5))


def noise_with_scenarios(scenarios, dim, rng):
    """Unit noise, and an effect of unit size that the texts of a scenario share."""
    return rng.standard_normal((len(scenarios), dim)) + rng.standard_normal((scenarios.max() + 1, dim))[scenarios]


def held_out_scores(features, columns, folds):
    """Ridge scores of every text by the fold that tests it, for every label column."""
    scores = np.empty(columns.shape)
    for fold in folds:
        kernel = fold_kernel(standardised_gram(features, fold.train), fold.train, fold.test)
        scores[fold.test] = ridge_values(kernel, columns[fold.train].astype(float), PENALTY)
    return scores


def test_the_best_of_several_points_is_significant_in_five_percent_of_noise():
    rng, (labels, scenarios, folds), p = np.random.default_rng(SEED), crossed(30), []
    for _ in range(SIMULATIONS):
        columns = np.column_stack([labels, permute_within(labels, scenarios, 199, rng)])
        features, by_point = noise_with_scenarios(scenarios, 64, rng), []
        for _ in range(4):
            features = 0.8 * features + 0.6 * noise_with_scenarios(scenarios, 64, rng)
            scores = held_out_scores(features, columns, folds)
            by_point.append(np.mean([auroc_columns(scores[f.test], columns[f.test]) for f in folds], axis=0))
        by_point = np.array(by_point)
        p.append(max_statistic_p(by_point[:, 0], by_point[:, 1:].T))
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=0.02)
    assert np.mean(p) == pytest.approx(0.5, abs=0.03)


def paired_texts():
    """Both classes answer every scenario: what a scenario shares cancels in part."""
    return np.tile([False, True], 40), np.repeat(np.arange(40), 2)


def texts_of_one_class():
    """Four texts a scenario, all of one class: what a scenario shares counts four times."""
    scenarios = np.repeat(np.arange(40), 4)
    return scenarios % 2 == 1, scenarios


def bootstrap_interval(scores, labels, clusters, rng):
    return percentile_interval(cluster_bootstrap_auroc(scores, labels, clusters, np.zeros(len(scores)), 400, rng))


def delong_interval(scores, labels, clusters):
    reach = norm.ppf(0.975) * np.sqrt(clustered_delong_variance(scores, labels, clusters))
    return auroc(scores, labels) - reach, auroc(scores, labels) + reach


@pytest.mark.parametrize("design", [paired_texts, texts_of_one_class])
def test_intervals_of_an_auroc_cover_it_when_scenarios_are_resampled_and_not_when_texts_are(design):
    rng, (labels, scenarios) = np.random.default_rng(SEED), design()
    truth, texts, intervals = norm.cdf(0.5), np.arange(len(labels)), []  # shift 1 over √2 · √2
    for _ in range(SIMULATIONS):
        scores = labels + noise_with_scenarios(scenarios, 1, rng)[:, 0]
        intervals.append(
            [bootstrap_interval(scores, labels, clusters, rng) for clusters in (scenarios, texts)]
            + [delong_interval(scores, labels, clusters) for clusters in (scenarios, texts)]
        )
    low, high = np.array(intervals).transpose(2, 1, 0)
    bootstrap, naive_bootstrap, delong, naive_delong = np.mean((low <= truth) & (truth <= high), axis=1)
    assert 0.92 <= bootstrap <= 0.97 and 0.92 <= delong <= 0.97
    assert delong == pytest.approx(bootstrap, abs=0.02)
    for naive in (naive_bootstrap, naive_delong):
        assert naive > 0.975 if design is paired_texts else naive < 0.85


def test_held_out_d_prime_of_a_planted_direction_is_in_its_interval_and_gives_the_auroc():
    rng, (labels, scenarios, folds) = np.random.default_rng(SEED), crossed(200)
    planted, hits, found, areas = 1.5, [], [], []
    for _ in range(SIMULATIONS // 4):
        # Noise and scenario each add variance 1, so that a shift of √2 · d' has d'.
        features = noise_with_scenarios(scenarios, 3, rng)
        features[:, 0] += np.sqrt(2) * planted * labels
        scores = held_out_scores(features, labels[:, None], folds)[:, 0]
        low, high = percentile_interval(cluster_bootstrap_d_prime(scores, labels, scenarios, 400, rng))
        hits.append(low <= planted <= high)
        found.append(d_prime(scores, labels))
        areas.append(np.mean([auroc(scores[fold.test], labels[fold.test]) for fold in folds]))
    assert 0.91 <= np.mean(hits) <= 0.98
    assert np.mean(found) == pytest.approx(planted, abs=0.03)
    assert np.mean(areas) == pytest.approx(norm.cdf(planted / np.sqrt(2)), abs=0.005)
    np.testing.assert_allclose(areas, norm.cdf(np.array(found) / np.sqrt(2)), atol=0.025)


@pytest.mark.parametrize("n_folds, highest", [(1, 0.97), (5, 0.985)])
def test_the_interval_of_an_excess_covers_it_when_both_sides_resample_the_same_scenarios(n_folds, highest):
    rng, (labels, scenarios, _) = np.random.default_rng(SEED), crossed(40)
    folds, paired, unpaired = scenarios % n_folds, [], []
    truth = norm.cdf(1 / np.sqrt(2)) - norm.cdf(0.5)  # shifts √2 and 1, variance 2
    for _ in range(SIMULATIONS):
        shared, own = noise_with_scenarios(scenarios, 1, rng), noise_with_scenarios(scenarios, 2, rng)
        probe, words = (labels[:, None] * [np.sqrt(2), 1.0] + 0.8 * shared + 0.6 * own).T
        same, other = rng.integers(2**32, size=2)
        of_probe, of_words, of_words_apart = (
            cluster_bootstrap_auroc(scores, labels, scenarios, folds, 400, np.random.default_rng(seed))
            for scores, seed in ((probe, same), (words, same), (words, other))
        )
        paired.append(percentile_interval(of_probe - of_words))
        unpaired.append(percentile_interval(of_probe - of_words_apart))
    (low, high), (low_apart, high_apart) = np.transpose(paired), np.transpose(unpaired)
    # Folds of eight scenarios make the interval a little wide, never too narrow.
    assert 0.92 <= np.mean((low <= truth) & (truth <= high)) <= highest
    assert np.mean((low_apart <= truth) & (truth <= high_apart)) > 0.99
    assert np.mean(high_apart - low_apart) > 1.3 * np.mean(high - low)
