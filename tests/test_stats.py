import numpy as np
import pytest
from scipy.stats import binomtest, mannwhitneyu, rankdata
from sklearn.metrics import roc_auc_score

from empathy_core.contracts import BadInput
from empathy_core.stats import (
    auroc,
    auroc_columns,
    binomial_interval,
    bootstrap_mean,
    cluster_bootstrap_auroc,
    cluster_bootstrap_d_prime,
    clustered_delong_variance,
    d_prime,
    grouped_auroc,
    holm,
    max_statistic_p,
    percentile_interval,
    permute_clusters,
    permute_within,
)


def scenarios_with_two_texts(n, shift, scenario_spread, rng):
    """Scores of one negative and one positive text a scenario, with a shared scenario effect."""
    labels, clusters = np.tile([False, True], n), np.repeat(np.arange(n), 2)
    noise = rng.standard_normal(2 * n) + scenario_spread * rng.standard_normal(n)[clusters]
    return labels * shift + noise, labels, clusters


def test_auroc_agrees_with_scikit_learn_and_scipy_with_and_without_ties():
    rng = np.random.default_rng(0)
    labels = rng.random(200) < 0.3
    for scores in (rng.standard_normal(200), rng.integers(4, size=200).astype(float)):
        assert auroc(scores, labels) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
        wins = mannwhitneyu(scores[labels], scores[~labels]).statistic
        assert auroc(scores, labels) == pytest.approx(wins / (labels.sum() * (~labels).sum()), abs=1e-12)


def test_tied_scores_count_one_half_in_any_order():
    scores = np.zeros(6)
    for labels in ([1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1], [0, 1, 0, 1, 0, 1]):
        assert auroc(scores, np.array(labels, dtype=bool)) == 0.5


def test_planted_d_prime_gives_the_gaussian_auroc():
    rng = np.random.default_rng(1)
    labels = np.arange(40_000) % 2 == 1
    scores = rng.standard_normal(40_000) + 1.5 * labels
    assert d_prime(scores, labels) == pytest.approx(1.5, abs=0.03)
    assert auroc(scores, labels) == pytest.approx(0.8556, abs=0.005)  # Φ(1.5 / √2)


def test_auroc_of_flipped_labels_is_the_complement():
    rng = np.random.default_rng(2)
    scores, labels = rng.integers(5, size=50).astype(float), rng.random(50) < 0.5
    assert auroc(scores, labels) + auroc(scores, ~labels) == pytest.approx(1)


def test_auroc_refuses_one_class_and_missing_scores():
    with pytest.raises(BadInput, match="two classes"):
        auroc(np.arange(4.0), np.ones(4, dtype=bool))
    with pytest.raises(BadInput, match="1 of 4 are NaN"):
        auroc(np.array([1, np.nan, 2, 3]), np.array([True, False, True, False]))


def test_every_column_has_the_auroc_it_has_alone_and_one_class_is_nan():
    rng = np.random.default_rng(3)
    scores, labels = rng.integers(6, size=(30, 20)).astype(float), rng.random((30, 20)) < 0.4
    expected = [roc_auc_score(labels[:, k], scores[:, k]) for k in range(20)]
    np.testing.assert_allclose(auroc_columns(scores, labels), expected, atol=1e-12)
    labels[:, 3] = True
    assert np.flatnonzero(np.isnan(auroc_columns(scores, labels))).tolist() == [3]


def test_columns_with_and_without_ties_stand_side_by_side_and_inputs_are_left_alone():
    rng = np.random.default_rng(16)
    scores, labels = rng.standard_normal((40, 6)), rng.random((40, 6)) < 0.5
    scores[:, 1], scores[:, 3] = 0.0, scores[:, 3].round()
    scores[:20, 4], scores[20, 5], scores[21, 5] = -np.inf, 0.0, -0.0
    before = scores.copy(), labels.copy()
    expected = [roc_auc_score(labels[:, k], rankdata(scores[:, k])) for k in range(6)]
    np.testing.assert_allclose(auroc_columns(scores, labels), expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(auroc_columns(scores[:, ::-1], labels[:, ::-1]), expected[::-1], rtol=0, atol=1e-12)
    np.testing.assert_array_equal((scores, labels), before)
    assert auroc_columns(scores, labels)[1] == 0.5


def test_columns_refuse_a_missing_score_and_need_no_column():
    labels = np.tile([[True], [False]], (2, 3))
    scores = np.arange(12.0).reshape(4, 3)
    scores[2, 1] = np.nan
    with pytest.raises(BadInput, match="1 of 12 are NaN"):
        auroc_columns(scores, labels)
    assert len(auroc_columns(scores[:, :0], labels[:, :0])) == 0


def test_fold_averaging_ignores_an_offset_between_folds_that_ruins_a_pooled_auroc():
    rng = np.random.default_rng(4)
    folds, labels = np.repeat(np.arange(5), 20), np.tile([False, True], 50)
    scores = labels * 2.0 + rng.standard_normal(100)
    shifted = scores + 100 * folds
    assert grouped_auroc(shifted, labels, folds) == pytest.approx(grouped_auroc(scores, labels, folds))
    expected = np.mean([roc_auc_score(labels[folds == f], scores[folds == f]) for f in range(5)])
    assert grouped_auroc(scores, labels, folds) == pytest.approx(expected)
    assert auroc(shifted, labels) < 0.6


def test_forced_choice_within_scenarios_cancels_what_scenarios_share():
    rng = np.random.default_rng(5)
    scores, labels, scenarios = scenarios_with_two_texts(400, 1.0, 5.0, rng)
    right = np.mean(scores[1::2] > scores[::2])
    assert grouped_auroc(scores, labels, scenarios) == pytest.approx(right)
    assert right > auroc(scores, labels) + 0.1


def test_groups_of_one_class_take_no_part_and_all_such_groups_are_refused():
    scores, labels = np.array([1.0, 2, 3, 4]), np.array([False, True, True, True])
    assert grouped_auroc(scores, labels, np.array([0, 0, 1, 1])) == 1
    with pytest.raises(BadInput, match="both classes"):
        grouped_auroc(scores, labels, np.arange(4))


def test_d_prime_of_a_hand_made_example_and_its_refusals():
    scores, labels = np.array([1.0, 3, 5, 7]), np.array([False, False, True, True])
    assert d_prime(scores, labels) == pytest.approx(4 / np.sqrt(2))
    with pytest.raises(BadInput, match="two texts"):
        d_prime(scores, np.array([False, False, False, True]))
    with pytest.raises(BadInput, match="vary"):
        d_prime(np.ones(4), labels)


def test_bootstrap_of_an_auroc_equals_resampling_scenarios_one_by_one():
    rng = np.random.default_rng(6)
    scores, labels, clusters = scenarios_with_two_texts(12, 1.0, 1.0, rng)
    scores, folds = scores.round(), clusters % 3
    draws = cluster_bootstrap_auroc(scores, labels, clusters, folds, 50, np.random.default_rng(7))
    counts = np.random.default_rng(7).multinomial(12, np.full(12, 1 / 12), size=50)
    for draw, count in zip(draws, counts, strict=True):
        won = compared = 0.0
        for i in np.flatnonzero(labels):
            for j in np.flatnonzero(~labels & (folds == folds[i])):
                copies = count[clusters[i]] * (count[clusters[j]] if clusters[i] != clusters[j] else 1)
                won += copies * ((scores[i] > scores[j]) + 0.5 * (scores[i] == scores[j]))
                compared += copies
        assert draw == pytest.approx(won / compared)


def test_bootstrap_is_centred_on_the_fold_average_however_unequal_the_folds():
    rng = np.random.default_rng(8)
    scores, labels, clusters = scenarios_with_two_texts(90, 1.0, 3.0, rng)
    folds = np.where(clusters < 60, 0, np.where(clusters < 80, 1, 2))
    draws = cluster_bootstrap_auroc(scores, labels, clusters, folds, 2000, rng)
    assert draws.mean() == pytest.approx(grouped_auroc(scores, labels, folds), abs=0.01)


def test_bootstrap_interval_covers_the_truth_as_often_as_it_says():
    truth, hits = 0.6915, 0  # Φ(1 / (√2 · √2)): shift 1, noise and scenario each of variance 1
    for seed in range(200):
        rng = np.random.default_rng(seed)
        scores, labels, clusters = scenarios_with_two_texts(40, 1.0, 1.0, rng)
        draws = cluster_bootstrap_auroc(scores, labels, clusters, np.zeros(80), 400, rng)
        low, high = percentile_interval(draws)
        hits += low <= truth <= high
    assert 0.90 <= hits / 200 <= 0.99


def obuchowski_by_pairs(scores, labels, clusters):
    """The formulas of the 1997 paper, with its symbols, over pairs."""
    won = (scores[labels][:, None] > scores[~labels]) + 0.5 * (scores[labels][:, None] == scores[~labels])
    area, (m, n) = won.mean(), won.shape
    with_positives, with_negatives = set(clusters[labels]), set(clusters[~labels])
    every, s10, s01, s11 = with_positives | with_negatives, 0.0, 0.0, 0.0
    for cluster in every:
        x = sum(won[i].mean() - area for i in np.flatnonzero(clusters[labels] == cluster))
        y = sum(won[:, j].mean() - area for j in np.flatnonzero(clusters[~labels] == cluster))
        s10, s01, s11 = s10 + x * x, s01 + y * y, s11 + x * y
    s10 *= len(with_positives) / (len(with_positives) - 1) / m
    s01 *= len(with_negatives) / (len(with_negatives) - 1) / n
    s11 *= len(every) / (len(every) - 1)
    return s10 / m + s01 / n + 2 * s11 / (m * n)


def test_clustered_variance_equals_the_papers_sums_with_unequal_clusters_and_ties():
    rng = np.random.default_rng(17)
    for scores in (rng.standard_normal(60), rng.integers(5, size=60)):
        labels, clusters = rng.random(60) < 0.4, rng.integers(14, size=60)
        expected = obuchowski_by_pairs(scores, labels, clusters)
        assert clustered_delong_variance(scores, labels, clusters) == pytest.approx(expected, rel=1e-10)


def test_with_clusters_of_one_text_the_variance_is_delongs():
    rng = np.random.default_rng(18)
    scores, labels = rng.standard_normal(50), rng.random(50) < 0.5
    won = scores[labels][:, None] > scores[~labels]
    rows, columns = won.mean(axis=1), won.mean(axis=0)
    expected = rows.var(ddof=1) / len(rows) + columns.var(ddof=1) / len(columns)
    assert clustered_delong_variance(scores, labels, np.arange(50)) == pytest.approx(expected)


def test_clustered_variance_is_that_of_many_data_sets_and_of_the_bootstrap():
    rng, areas, variances, drawn = np.random.default_rng(19), [], [], []
    for _ in range(300):
        scores, labels, clusters = scenarios_with_two_texts(40, 1.0, 1.0, rng)
        areas.append(auroc(scores, labels))
        variances.append(clustered_delong_variance(scores, labels, clusters))
        drawn.append(cluster_bootstrap_auroc(scores, labels, clusters, np.zeros(80), 200, rng).var())
    assert np.mean(variances) == pytest.approx(np.var(areas), rel=0.2)
    assert np.mean(variances) == pytest.approx(np.mean(drawn), rel=0.1)


def test_clustered_variance_is_zero_where_the_classes_part_and_refuses_a_single_cluster():
    labels = np.array([False, True, False, True])
    assert clustered_delong_variance(np.array([0.0, 2, 1, 3]), labels, np.array(["a", "a", "b", "b"])) == 0
    with pytest.raises(BadInput, match="1 with positives"):
        clustered_delong_variance(np.arange(4.0), labels, np.array([0, 1, 2, 1]))
    with pytest.raises(BadInput, match="0 with negatives"):
        clustered_delong_variance(np.arange(4.0), np.ones(4, dtype=bool), np.arange(4))
    with pytest.raises(BadInput, match="1 of 4 are NaN"):
        clustered_delong_variance(np.array([0, np.nan, 1, 2]), labels, np.arange(4))


def test_equal_generators_pair_the_draws_of_two_score_sets():
    rng = np.random.default_rng(9)
    scores, labels, clusters = scenarios_with_two_texts(40, 1.0, 2.0, rng)
    noisy = scores + 0.1 * rng.standard_normal(80)
    folds = np.zeros(80)
    first, second, unpaired = (
        cluster_bootstrap_auroc(values, labels, clusters, folds, 500, np.random.default_rng(seed))
        for values, seed in ((scores, 1), (noisy, 1), (noisy, 2))
    )
    assert (first - second).std() < 0.3 * (first - unpaired).std()


def test_bootstrap_of_a_single_scenario_has_no_spread_and_without_pairs_is_refused():
    labels = np.array([False, True])
    draws = cluster_bootstrap_auroc(np.array([0.0, 1]), labels, np.zeros(2), np.zeros(2), 20, np.random.default_rng(0))
    assert (draws == 1).all()
    with pytest.raises(BadInput, match="pairs to compare"):
        cluster_bootstrap_auroc(np.array([0.0, 1]), labels, np.arange(2), np.zeros(2), 20, np.random.default_rng(0))


def test_bootstrap_of_d_prime_repeats_texts_with_their_scenario():
    rng = np.random.default_rng(10)
    scores, labels, clusters = scenarios_with_two_texts(15, 1.0, 1.0, rng)
    draws = cluster_bootstrap_d_prime(scores, labels, clusters, 20, np.random.default_rng(11))
    counts = np.random.default_rng(11).multinomial(15, np.full(15, 1 / 15), size=20)
    expected = [d_prime(np.repeat(scores, c[clusters]), np.repeat(labels, c[clusters])) for c in counts]
    np.testing.assert_allclose(draws, expected)


def test_bootstrap_of_a_mean_resamples_clusters_and_not_texts():
    rng = np.random.default_rng(12)
    clusters = np.repeat(np.array([f"s{i}" for i in range(50)]), 8)
    values = np.repeat(rng.standard_normal(50), 8)
    draws = bootstrap_mean(values, clusters, 4000, rng)
    assert draws.mean() == pytest.approx(values.mean(), abs=0.02)
    assert draws.std() == pytest.approx(values[::8].std() / np.sqrt(50), rel=0.1)
    assert (bootstrap_mean(np.array([3.0]), np.array(["a"]), 5, rng) == 3).all()


def test_percentile_interval_leaves_out_the_same_share_on_both_sides():
    assert percentile_interval(np.arange(1001.0)) == pytest.approx((25, 975))


def test_permutations_stay_in_their_group_and_are_uniform():
    rng = np.random.default_rng(13)
    groups, labels = np.array(["b", "a", "b", "a", "b"]), np.array([0, 7, 1, 8, 2])
    permuted = permute_within(labels, groups, 6000, rng)
    assert (np.sort(permuted[[0, 2, 4]], axis=0).T == [0, 1, 2]).all()
    assert (np.sort(permuted[[1, 3]], axis=0).T == [7, 8]).all()
    orders, counts = np.unique(permuted[[0, 2, 4]], axis=1, return_counts=True)
    assert orders.shape[1] == 6
    np.testing.assert_allclose(counts / 6000, 1 / 6, atol=0.02)


def test_whole_clusters_swap_labels_and_a_label_that_varies_inside_is_refused():
    rng = np.random.default_rng(14)
    clusters, labels = np.repeat(np.arange(6), 3), np.repeat(["f", "c"], 9)
    permuted = permute_clusters(labels, clusters, 200, rng)
    assert (permuted.reshape(6, 3, 200) == permuted.reshape(6, 3, 200)[:, :1]).all()
    assert ((permuted == "f").sum(axis=0) == 9).all()
    assert len(np.unique(permuted, axis=1).T) == 20  # every choice of 3 scenarios in 6
    with pytest.raises(BadInput, match="constant inside"):
        permute_clusters(labels, np.arange(18) % 6, 5, rng)


def test_max_statistic_corrects_for_the_number_of_points():
    rng = np.random.default_rng(15)
    p = [max_statistic_p(rng.standard_normal(20), rng.standard_normal((99, 20))) for _ in range(400)]
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=0.03)
    assert max_statistic_p(np.array([9.0]), np.zeros((999, 1))) == 0.001
    assert max_statistic_p(np.array([0.0]), np.zeros((999, 1))) == 1


def test_holm_agrees_with_a_hand_made_example_in_any_order():
    p = np.array([0.01, 0.04, 0.03, 0.005])
    np.testing.assert_allclose(holm(p), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm(p[[3, 1, 0, 2]]), [0.02, 0.06, 0.03, 0.06])


def test_holm_rejects_what_the_step_down_procedure_rejects():
    rng = np.random.default_rng(20)
    for _ in range(200):
        p, rejected = rng.random(7) ** 3, set()
        for passed, test in enumerate(np.argsort(p)):
            if p[test] > 0.05 / (7 - passed):
                break
            rejected.add(test)
        assert set(np.flatnonzero(holm(p) <= 0.05)) == rejected
        assert (holm(p) >= p).all() and (holm(p) <= np.minimum(7 * p, 1)).all()


def test_holm_bounds_the_chance_of_any_error_where_most_tests_have_nothing_to_find():
    rng = np.random.default_rng(21)
    p = rng.random((2000, 10))
    p[:, :3] /= 1e6
    errors = np.mean([(holm(row)[3:] <= 0.05).any() for row in p])
    assert 0.03 < errors < 0.065
    assert np.mean((p[:, 3:] <= 0.05).any(axis=1)) > 0.25


def test_holm_of_equal_one_and_no_p_values_and_of_what_is_no_probability():
    np.testing.assert_allclose(holm(np.full(4, 0.02)), 0.08)
    assert holm(np.array([0.3])) == [0.3] and holm(np.array([0.9, 0.8])).tolist() == [1, 1]
    assert len(holm(np.empty(0))) == 0
    for broken in (np.nan, -0.1, 1.1):
        with pytest.raises(BadInput, match="between 0 and 1"):
            holm(np.array([0.1, broken]))


def test_binomial_interval_is_clopper_pearson_and_holds_zero():
    low, high = binomial_interval(7, 50)
    assert binomtest(7, 50, low, alternative="greater").pvalue == pytest.approx(0.025)
    assert binomtest(7, 50, high, alternative="less").pvalue == pytest.approx(0.025)
    assert binomial_interval(0, 1000)[0] == 0 < 0.001 < binomial_interval(0, 1000)[1]


def test_a_resampling_of_equal_scores_has_no_d_prime_and_no_warning():
    scores, labels = np.array([0.0] * 8 + [0.0, 1.0, 1.0, 2.0]), np.tile([False, True], 6)
    draws = cluster_bootstrap_d_prime(scores, labels, np.repeat([0, 1, 2], 4), 200, np.random.default_rng(0))
    assert (draws == 0).any() and (draws > 0).any() and np.isfinite(draws).all()
