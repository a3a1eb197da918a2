"""Ways to find what is not there: each is built the naive way in its test, and shown to be absent from the package.

Unless a test says so there is nothing to find: labels mean nothing, or mean nothing beyond what the test plants.
"""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold, cross_val_score

from empathy_core.contracts import Text, TextSet
from empathy_core.datasets.splits import Fold, held_out
from empathy_core.geometry.dimensionality import between_condition_components
from empathy_core.probes.controls.correction import corrected_gram
from empathy_core.probes.controls.length import KNOT_QUANTILES, natural_spline
from empathy_core.probes.kernel import fold_kernel, standardised_gram
from empathy_core.probes.mean_difference import mean_difference
from empathy_core.probes.ridge import ridge_values
from empathy_core.probes.tasks import tasks
from empathy_core.stats import auroc, auroc_columns, d_prime, max_statistic_p, permute_labels, permute_within

PENALTY = 0.1


def scenarios_with(n, labels, repeats=1):
    """Labels 0 … labels - 1 in each of `n` scenarios, `repeats` times, and the scenario of every text."""
    return np.tile(np.repeat(np.arange(labels), repeats), n), np.repeat(np.arange(n), labels * repeats)


def grouped(scenarios):
    """Five folds of whole scenarios."""
    return held_out(scenarios % 5, np.arange(5))


def held_out_scores(features, columns, folds):
    """Ridge scores of every text by the fold that tests it."""
    scores = np.empty(columns.shape)
    for fold in folds:
        kernel = fold_kernel(standardised_gram(features, fold.train), fold.train, fold.test)
        scores[fold.test] = ridge_values(kernel, columns[fold.train].astype(float), PENALTY)
    return scores


def held_out_auroc(features, columns, folds):
    scores = held_out_scores(features, columns, folds)
    return np.mean([auroc_columns(scores[fold.test], columns[fold.test]) for fold in folds], axis=0)


def p_value(areas):
    return max_statistic_p(areas[:1], areas[1:, None])


def text_set(scenarios, styles):
    rows = (
        Text(f"{i}", f"s{s}", f"context {s % 5}", f"{k}", "Scenario.", "Response.")
        for i, (s, k) in enumerate(zip(scenarios, styles, strict=True))
    )
    return TextSet("toy", "measured", tuple(rows))


@pytest.mark.parametrize("repeats, low, high", [(1, 0.0, 0.35), (3, 0.8, 1.0)])
def test_random_folds_mislead_either_way_and_folds_of_scenarios_do_neither(repeats, low, high):
    rng, naive, ours = np.random.default_rng(0), [], []
    for seed in range(6):
        labels, scenarios = scenarios_with(30, 3, repeats)
        features = 0.7 * rng.standard_normal((len(labels), 256)) + rng.standard_normal((30, 256))[scenarios]
        if repeats > 1:
            # Paraphrases of one reply resemble each other.
            features += rng.standard_normal((90, 256))[np.arange(len(labels)) // repeats]
        positive = labels == 0
        folds = KFold(5, shuffle=True, random_state=seed)
        naive.append(cross_val_score(LogisticRegression(), features, positive, cv=folds, scoring="roc_auc").mean())
        ours.append(held_out_auroc(features, positive[:, None], grouped(scenarios))[0])
    # Alone in its class, a text's nearest neighbours are its scenario's other classes; with paraphrases, its own.
    assert low < np.mean(naive) < high
    assert np.mean(ours) == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize("decay", [0.0, 0.75])
def test_d_prime_on_training_texts_measures_the_number_of_features_and_held_out_d_prime_is_zero(decay):
    rng, naive, ours = np.random.default_rng(1), [], []
    variances = np.arange(1.0, 2049) ** -decay
    labels, scenarios = scenarios_with(15, 2)
    for _ in range(30):
        features = rng.standard_normal((30, 2048)) * np.sqrt(variances)
        chosen = permute_within(labels, scenarios, 1, rng)[:, 0] == 1
        naive.append(d_prime(features @ mean_difference(features, chosen)[0], chosen))
        ours.append(d_prime(held_out_scores(features, chosen[:, None], grouped(scenarios))[:, 0], chosen))
    effective = variances.sum() ** 2 / (variances**2).sum()
    assert np.mean(naive) == pytest.approx(np.sqrt(4 * effective / 30), rel=0.2) and np.mean(naive) > 3
    assert abs(np.mean(ours)) < 0.3


def test_cosines_between_one_versus_rest_probes_are_minus_a_half_with_three_styles_and_with_none():
    labels, scenarios = scenarios_with(60, 3)
    for size, rank in ((0.0, 0), (0.2, 2)):
        rng = np.random.default_rng(2)
        features = rng.standard_normal((180, 512)) + size * rng.standard_normal((3, 512))[labels]
        weights = np.array([LogisticRegression().fit(features, labels == k).coef_[0] for k in range(3)])
        weights /= np.linalg.norm(weights, axis=1, keepdims=True)
        np.testing.assert_allclose((weights @ weights.T)[np.triu_indices(3, 1)], -0.5, atol=0.08)
        found = between_condition_components(features, labels, text_set(scenarios, labels), 0, 100, draws=2)
        assert found.rank == rank


def test_labels_permuted_over_all_texts_make_a_topic_look_like_a_style():
    rng, naive, ours = np.random.default_rng(3), [], []
    scenarios = np.repeat(np.arange(40), 4)
    topic = np.arange(40) % 2
    # One topic's scenarios have three texts of the class, the other's one; the class itself has no effect.
    labels = (np.arange(160) % 4 < np.where(topic, 3, 1)[scenarios]).astype(int)
    everywhere = np.zeros(160, dtype=int)
    for _ in range(40):
        features = 0.7 * rng.standard_normal((160, 128)) + 0.7 * rng.standard_normal((40, 128))[scenarios]
        features += 0.6 * rng.standard_normal((2, 128))[topic[scenarios]]
        for found, groups in ((naive, everywhere), (ours, scenarios)):
            columns = np.column_stack([labels, permute_within(labels, groups, 59, rng)]) == 1
            found.append(p_value(held_out_auroc(features, columns, held_out(scenarios // 2 % 5, np.arange(5)))))
    assert np.mean(np.array(naive) <= 0.05) > 0.5
    assert np.mean(np.array(ours) <= 0.05) <= 0.1


def test_the_best_of_many_points_is_significant_by_its_own_p_and_not_by_that_of_the_maximum():
    rng, naive, ours = np.random.default_rng(4), [], []
    labels, scenarios = scenarios_with(30, 2)
    division = [Fold(np.flatnonzero(scenarios % 2 == 0), np.flatnonzero(scenarios % 2 == 1))]
    for _ in range(150):
        columns = np.column_stack([labels, permute_within(labels, scenarios, 99, rng)]) == 1
        features, by_point = rng.standard_normal((60, 64)), []
        for _ in range(24):
            features = 0.8 * features + 0.6 * rng.standard_normal((60, 64))
            by_point.append(held_out_auroc(features, columns, division))
        naive.append(min(p_value(areas) for areas in by_point))
        ours.append(max_statistic_p(np.array(by_point)[:, 0], np.array(by_point)[:, 1:].T))
    assert np.mean(np.array(naive) <= 0.05) > 0.5
    assert np.mean(np.array(ours) <= 0.05) <= 0.1


def test_a_probe_of_random_labels_confirms_its_own_intervention_and_an_independent_one_does_not():
    rng = np.random.default_rng(5)
    features, labels = rng.standard_normal((180, 2048)), np.arange(180) % 2 == 1
    first, second = (mean_difference(features[half], labels[half])[0] for half in (slice(None, 90), slice(90, None)))
    fresh = rng.standard_normal((400, 2048))
    steered = fresh + 0.05 * np.linalg.norm(features, axis=1).mean() * first
    moved = np.repeat([True, False], 400)
    assert roc_auc_score(moved, np.concatenate([steered, fresh]) @ first) > 0.9
    assert auroc(np.concatenate([steered, fresh]) @ second, moved) == pytest.approx(0.5, abs=0.05)


def test_length_removed_from_all_texts_at_once_turns_probes_round_and_removed_by_training_texts_does_not():
    rng, areas = np.random.default_rng(6), {"raw": [], "at once": [], "by training texts": []}
    labels, scenarios = scenarios_with(60, 2)
    for _ in range(10):
        length = rng.standard_normal(120) + 0.8 * labels
        features = rng.standard_normal((120, 512)) + np.outer(length, 0.2 * rng.standard_normal(512))
        design = np.column_stack([np.ones(120), length])
        slopes = np.linalg.lstsq(design, features, rcond=None)[0]
        areas["raw"].append(held_out_auroc(features, labels[:, None] == 1, grouped(scenarios))[0])
        areas["at once"].append(held_out_auroc(features - design @ slopes, labels[:, None] == 1, grouped(scenarios))[0])
        by_fold = []
        for train, test in ((fold.train, fold.test) for fold in grouped(scenarios)):
            basis = natural_spline(length, np.quantile(length[train], KNOT_QUANTILES))
            gram = corrected_gram(standardised_gram(features, train), train, basis @ np.linalg.pinv(basis[train]))
            scores = ridge_values(fold_kernel(gram, train, test), labels[train, None].astype(float), PENALTY)
            by_fold.append(auroc(scores[:, 0], labels[test] == 1))
        areas["by training texts"].append(np.mean(by_fold))
    assert np.mean(areas["raw"]) > 0.56
    assert np.mean(areas["at once"]) < 0.4
    assert np.mean(areas["by training texts"]) == pytest.approx(0.5, abs=0.06)


def test_permuting_three_labels_and_taking_two_of_them_compares_other_texts_each_time_and_a_pair_keeps_its_own():
    rng = np.random.default_rng(7)
    labels, scenarios = scenarios_with(20, 3)
    permuted = permute_within(labels, scenarios, 50, rng)
    assert len(np.unique(permuted < 2, axis=1).T) == 50
    pair = tasks(text_set(scenarios, labels))[0]
    swapped = permute_labels(pair.labels, scenarios[pair.rows], 50, rng)
    np.testing.assert_array_equal(pair.rows, np.flatnonzero(labels < 2))
    # Every scenario keeps its two texts, one of either label.
    assert (swapped.reshape(20, 2, 50).sum(axis=1) == 1).all()


def test_removing_probe_after_probe_counts_one_direction_several_times_and_components_that_repeat_count_it_once():
    rng = np.random.default_rng(8)
    labels, scenarios = scenarios_with(60, 3)
    direction = rng.standard_normal(512) / np.sqrt(512)
    features = rng.standard_normal((180, 512)) + 8 * np.outer(labels - 1, direction)
    train, test = grouped(scenarios)[0].train, grouped(scenarios)[0].test
    remaining, removals = features - features[train].mean(axis=0), 0
    while removals < 10:
        gram, positive = remaining[train] @ remaining[train].T, labels == 2
        weight = remaining[train].T @ np.linalg.solve(gram + 50 * np.eye(len(train)), positive[train] - 1 / 3)
        if auroc(remaining[test] @ weight, positive[test]) < 0.65:
            break
        weight, removals = weight / np.linalg.norm(weight), removals + 1
        remaining = remaining - np.outer(remaining @ weight, weight)
    assert removals >= 3
    found = between_condition_components(features, labels, text_set(scenarios, labels), 0, 100, draws=2)
    assert (found.rank, found.ceiling) == (1, 2)


def test_principal_components_that_hold_nine_tenths_of_the_variance_count_texts_and_components_that_repeat_do_not():
    rng, naive, ours = np.random.default_rng(9), [], []
    means = rng.standard_normal((3, 512)) / 4
    for n in (15, 30, 60):
        labels, scenarios = scenarios_with(n, 3)
        features = rng.standard_normal((3 * n, 512)) + means[labels]
        variance = np.linalg.svd(features - features.mean(axis=0), compute_uv=False) ** 2
        naive.append((np.cumsum(variance) < 0.9 * variance.sum()).sum() + 1)
        ours.append(between_condition_components(features, labels, text_set(scenarios, labels), 0, 100, draws=2).rank)
    assert naive[0] > 30 and naive[1] > 1.7 * naive[0] and naive[2] > 1.7 * naive[1]
    assert ours == [2, 2, 2]
