import numpy as np
import pytest
from planted_conditions import crossed, in_families, planted_means

from empathy_core.contracts import BadInput
from empathy_core.geometry.dimensionality import between_condition_components, estimates


def principal_components_for(features, share=0.9):
    """The legacy count: how many principal components hold this share of the variance."""
    variance = np.linalg.svd(features - features.mean(axis=0), compute_uv=False) ** 2
    return int((np.cumsum(variance) / variance.sum() < share).sum()) + 1


@pytest.mark.parametrize("rank, n_conditions", [(1, 2), (1, 3), (2, 3), (3, 8)])
def test_a_planted_rank_is_recovered(rank, n_conditions):
    found = between_condition_components(*crossed(rank=rank, n_conditions=n_conditions), seed=0, draws=50)
    assert found.rank == rank and found.ceiling == n_conditions - 1
    variances = 1.0 / (1 + np.arange(rank)) ** 2
    assert found.effective == pytest.approx(variances.sum() ** 2 / (variances**2).sum(), rel=0.05)
    assert np.median(found.rank_draws) == rank


def test_components_estimate_the_variance_between_the_true_means_without_bias():
    sums = []
    for seed in range(20):
        features, names, texts = crossed(rank=1, n_conditions=2, size=0.3, seed=seed)
        sums.append(between_condition_components(features, names, texts, 0, permutations=20, draws=2).components.sum())
    # Two means of ± .3 along one axis: sum of squares 2 · .09.
    assert np.mean(sums) == pytest.approx(0.18, rel=0.1)


def test_noise_has_no_dimension_though_its_principal_components_are_many():
    found = [between_condition_components(*crossed(seed=seed), seed, 100, 2, 10).rank for seed in range(40)]
    assert np.mean(np.array(found) > 0) <= 0.15
    assert principal_components_for(crossed()[0]) > 40
    assert principal_components_for(crossed(n=20)[0]) < principal_components_for(crossed(n=80)[0])


def test_rescaling_the_features_changes_only_the_units_of_the_components():
    features, names, texts = crossed(rank=2)
    first = between_condition_components(features, names, texts, 3, draws=20)
    second = between_condition_components(1000 * features, names, texts, 3, draws=20)
    assert (first.rank, first.effective) == (second.rank, pytest.approx(second.effective))
    np.testing.assert_allclose(first.draws, second.draws)
    np.testing.assert_allclose(1e6 * first.components, second.components)


def test_a_shared_scenario_effect_of_any_size_changes_nothing():
    features, names, texts = crossed(rank=2)
    _, scenario = np.unique(texts.column("scenario_id"), return_inverse=True)
    shifted = features + 50 * np.random.default_rng(0).standard_normal((40, 128))[scenario]
    first, second = (between_condition_components(each, names, texts, 0, draws=2) for each in (features, shifted))
    np.testing.assert_allclose(first.components, second.components, rtol=1e-6)


def test_permuted_labels_have_no_dimension_and_their_bound_stands_beside_the_estimate():
    found = between_condition_components(*crossed(rank=2), seed=0)
    assert np.mean(found.permuted > 0) <= 0.05
    rank, effective, ceiling = estimates("toy/tiny", "empathy", found)
    assert (rank.name, rank.value, rank.null) == ("toy/tiny/dimension/empathy/rank", 2.0, 0.0)
    assert effective.name == "toy/tiny/dimension/empathy/effective"
    assert effective.low <= effective.value <= effective.high and effective.null == 0 and effective.n == 40
    assert ceiling.name == "toy/tiny/dimension/empathy/ceiling"
    assert (ceiling.value, ceiling.low, ceiling.high, ceiling.null) == (2.0, 2.0, 2.0, None)


def test_a_condition_fixed_in_each_scenario_is_found_over_scenarios_and_noise_is_not():
    planted = crossed(rank=1, n_conditions=2, size=1.0, varies=False)
    assert between_condition_components(*planted, seed=0, draws=20).rank == 1
    noise = [
        between_condition_components(*crossed(n_conditions=2, varies=False, seed=seed), seed, 100, 2, 10).rank
        for seed in range(40)
    ]
    assert np.mean(noise) <= 0.15


def test_what_only_one_lexical_family_tells_apart_is_not_counted_across_families():
    features, names, texts = crossed(n=40, rank=2, size=1.0)
    divided = in_families(texts, 2)
    one_family = divided.column("family") == "family 0"
    means = planted_means(3, 2, 1.0, 128)
    _, condition = np.unique(names, return_inverse=True)
    lexical = features - ~one_family[:, None] * means[condition]
    mixed, apart, shared = (
        between_condition_components(values, names, set_, 0, draws=2)
        for values, set_ in ((lexical, texts), (lexical, divided), (features, divided))
    )
    assert mixed.rank == shared.rank == 2
    assert abs(apart.components.sum()) < 0.1 * mixed.components.sum()


def test_half_samples_spread_as_independent_data_sets_do():
    found = [
        between_condition_components(*crossed(rank=2, size=0.5, dim=64, seed=seed), seed, 40, 40, 10)
        for seed in range(20)
    ]
    ratio = np.mean([each.draws.std() for each in found]) / np.std([each.effective for each in found])
    assert 0.6 < ratio < 1.7


def test_one_condition_or_few_scenarios_are_refused():
    features, names, texts = crossed(n=7)
    with pytest.raises(BadInput, match="7 scenarios"):
        between_condition_components(features, names, texts, 0)
    features, names, texts = crossed()
    with pytest.raises(BadInput, match="1 conditions"):
        between_condition_components(features, np.full(len(names), "same"), texts, 0)
