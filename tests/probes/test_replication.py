from dataclasses import replace

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

from empathy_core.contracts import BadInput, TextSet
from empathy_core.probes.replication import (
    WHY_IT_MISLEADS,
    cosines,
    in_sample_d_primes,
    probe_scored_shift,
    replication,
    styled_texts,
    ungrouped_auroc,
)
from empathy_core.stats import d_prime

STEM = "toy/tiny/replication/"
PAIRS = ("a-b", "a-c", "b-c")


def replicate(set_, features, seed=0, permutations=40, samples=10):
    """Estimates by name, without the common part."""
    found = replication("toy/tiny", features, set_.texts, seed, permutations, samples)
    assert all(estimate.name.startswith(STEM) for estimate in found)
    return {estimate.name.removeprefix(STEM): estimate for estimate in found}


def logistic(features, positive):
    """Weights in the features' own coordinates of scikit-learn's probe, with the project's preprocessing."""
    scaler = StandardScaler().fit(features)
    model = LogisticRegression(C=100 / features.shape[1], tol=1e-10, max_iter=10_000)
    return model.fit(scaler.transform(features), positive).coef_[0] / scaler.scale_


def test_every_number_stands_beside_its_interval_its_null_and_a_reason_for_every_kind(crossed):
    set_ = crossed()
    found = replicate(set_, set_.features(style=0.3))
    by_pair = {f"{kind}/{pair}" for kind in ("cosine", "in-sample-d_prime") for pair in PAIRS}
    assert set(found) == by_pair | {"ungrouped/auroc", "pca-90", "probe-scored-shift"}
    assert {name.split("/")[0] for name in found} == set(WHY_IT_MISLEADS)
    for estimate in found.values():
        assert estimate.low <= estimate.value <= estimate.high and estimate.n == 30
        assert np.isfinite([estimate.low, estimate.high, estimate.null]).all()
        assert estimate.method.startswith("probes.replication.")


def test_two_styles_have_one_pair_whose_probes_are_opposites(crossed):
    set_ = crossed(styles=("a", "b"))
    found = replicate(set_, set_.features())
    assert len(found) == 5
    cosine = found["cosine/a-b"]
    assert (cosine.value, cosine.low, cosine.high, cosine.null) == pytest.approx((-1, -1, -1, -1))


def test_cosines_are_those_of_scikit_learns_weights_and_add_up_to_what_permuted_labels_give(crossed):
    set_ = crossed(n=60)
    for style in (0.0, 0.3):
        features = set_.features(dim=600, style=style)
        found = replicate(set_, features)
        weights = [logistic(features, set_.style == k) for k in range(3)]
        for pair, (i, j) in zip(PAIRS, ((0, 1), (0, 2), (1, 2)), strict=True):
            expected = weights[i] @ weights[j] / np.linalg.norm(weights[i]) / np.linalg.norm(weights[j])
            assert found[f"cosine/{pair}"].value == pytest.approx(expected, abs=1e-5)
            assert found[f"cosine/{pair}"].null == pytest.approx(-0.5, abs=0.02)
        assert np.mean([found[f"cosine/{pair}"].value for pair in PAIRS]) == pytest.approx(-0.5, abs=0.02)


def test_the_interval_of_a_cosine_is_as_wide_as_data_sets_differ(crossed):
    values, errors = [], []
    for seed in range(12):
        set_ = crossed(n=20, seed=seed)
        found = cosines("toy", styled_texts(set_.features(), set_.texts, seed, permutations=1, samples=8))
        values.append([estimate.value for estimate in found])
        errors.append([(estimate.high - estimate.low) / (2 * 1.96) for estimate in found])
    assert 0.6 < np.sqrt(np.mean(np.square(errors))) / np.std(values) < 1.7


def test_in_sample_d_prime_of_noise_is_the_square_root_of_four_participation_ratios_a_text(crossed):
    set_ = crossed(n=50)
    for decay in (0.0, 0.5):
        variances = np.arange(1.0, 1001) ** -decay
        features = set_.rng.standard_normal((150, 1000)) * np.sqrt(variances)
        expected = np.sqrt(4 * variances.sum() ** 2 / (variances**2).sum() / 100)
        found = replicate(set_, features)
        for pair in PAIRS:
            estimate = found[f"in-sample-d_prime/{pair}"]
            assert estimate.value == pytest.approx(expected, rel=0.15)
            assert expected < estimate.null < 1.4 * expected


def test_in_sample_d_prime_equals_a_direction_made_and_scored_on_the_same_texts(crossed):
    set_ = crossed()
    features = set_.features(style=0.5)
    rows, positive = np.isin(set_.style, (0, 2)), set_.style == 2
    direction = features[positive].mean(axis=0) - features[set_.style == 0].mean(axis=0)
    expected = d_prime(features[rows] @ direction, positive[rows])
    assert replicate(set_, features)["in-sample-d_prime/a-c"].value == pytest.approx(expected)


@pytest.mark.parametrize("styles", [("a", "b"), ("a", "b", "c")])
def test_ungrouped_auroc_is_scikit_learns_on_its_own_folds(crossed, styles):
    set_ = crossed(styles=styles)
    features, areas = set_.features(style=0.4), []
    for train, test in StratifiedKFold(5, shuffle=True, random_state=3).split(features, set_.style):
        for k in range(len(styles)):
            scores = features[test] @ logistic(features[train], set_.style[train] == k)
            areas.append(roc_auc_score(set_.style[test] == k, scores))
    assert replicate(set_, features, seed=3)["ungrouped/auroc"].value == pytest.approx(np.mean(areas), abs=1e-9)


def test_ungrouped_auroc_and_its_null_are_below_chance_where_scenarios_differ_and_styles_do_not(crossed):
    set_ = crossed(n=60)
    found = replicate(set_, set_.features(dim=300, scenario=1.5))["ungrouped/auroc"]
    assert found.high < 0.4 and found.null < 0.4
    # Where nothing is shared there is nothing to leak.
    found = replicate(set_, set_.features(dim=300, scenario=0.0))["ungrouped/auroc"]
    assert found.low < 0.5 < found.null < 0.65


def test_components_are_scikit_learns_count_and_hardly_fewer_without_the_styles(crossed):
    for n in (20, 60):
        set_ = crossed(n=n)
        features = set_.features(dim=300, style=0.5)
        found = replicate(set_, features)["pca-90"]
        assert found.value == PCA(n_components=0.9, svd_solver="full").fit(features).n_components_
        assert abs(found.value - found.null) <= 3
    assert found.value > 60


def test_the_shift_is_what_moving_texts_along_a_probe_does_to_its_own_score(crossed):
    set_ = crossed(n=40)
    features = set_.features(dim=200, style=0.3)
    found = replicate(set_, features, permutations=5, samples=2)["probe-scored-shift"]
    rng = np.random.default_rng(0)
    expected = []
    for _ in range(200):
        train = np.isin(set_.scenario, rng.permutation(40)[:20])
        weight = logistic(features[train], set_.style[train] == rng.integers(3))
        moved = features[~train] + 0.05 * np.linalg.norm(features, axis=1).mean() * weight / np.linalg.norm(weight)
        expected.append(((moved - features[~train]) @ weight).mean() / (features[~train] @ weight).std())
    # The halves are drawn at random, so that only their distribution is known here.
    assert np.min(expected) < found.value < np.max(expected)
    assert found.value == pytest.approx(np.mean(expected), rel=0.1)


def test_probes_of_random_labels_move_their_own_scores_further_than_probes_of_real_styles(crossed):
    set_ = crossed(n=60)
    real = replicate(set_, set_.features(dim=400, style=0.5))["probe-scored-shift"]
    assert real.high < real.null
    none = replicate(set_, set_.features(dim=400))["probe-scored-shift"]
    assert none.low < none.null < 1.3 * none.value


def test_noise_is_seldom_beyond_its_null(crossed):
    beyond = []
    for seed in range(25):
        set_ = crossed(n=20, styles=("a", "b"), seed=seed)
        styled = styled_texts(set_.features(dim=100), set_.texts, seed, permutations=40, samples=2)
        estimates = in_sample_d_primes("", styled)[0], ungrouped_auroc("", styled), probe_scored_shift("", styled)
        beyond.append([estimate.value > estimate.null for estimate in estimates])
    assert np.mean(beyond, axis=0).max() <= 0.2


def test_a_style_fixed_in_each_scenario_is_permuted_over_whole_scenarios(crossed):
    set_ = crossed(n=40)
    fixed = tuple(replace(text, style="ab"[int(text.scenario_id[1:]) % 2]) for text in set_.texts.texts)
    set_ = replace(set_, texts=TextSet("toy", "measured", fixed))
    found = replicate(set_, set_.features(scenario=2.0))["ungrouped/auroc"]
    # Every scenario is recognised by its other texts, under any labels that keep scenarios whole.
    assert found.value > 0.85 and found.null > 0.85


def test_a_massive_dimension_in_half_the_precision_changes_nothing_that_is_standardised(crossed):
    set_ = crossed()
    features = set_.features(style=0.3)
    plain, shifted = (
        replicate(set_, features),
        replicate(set_, (features + 1e3 * (np.arange(40) == 7)).astype(np.float32)),
    )
    for name in ("cosine/a-b", "ungrouped/auroc", "in-sample-d_prime/a-b"):
        assert shifted[name].value == pytest.approx(plain[name].value, abs=2e-3)


def test_the_same_seed_gives_the_same_numbers_and_leaves_the_features_alone(crossed):
    set_ = crossed()
    features = set_.features()
    before = features.copy()
    assert replicate(set_, features) == replicate(set_, features)
    np.testing.assert_array_equal(features, before)


def test_other_roles_single_styles_few_scenarios_and_broken_features_are_refused(crossed):
    set_ = crossed()
    features = set_.features()
    foils = TextSet("toy", "measured", tuple(replace(text, role="foil") for text in set_.texts.texts[:1]))
    mixed = TextSet("toy", "measured", foils.texts + set_.texts.texts[1:])
    with pytest.raises(BadInput, match="roles foil, main"):
        replication("toy/tiny", features, mixed, 0)
    with pytest.raises(BadInput, match="1 styles"):
        replication("toy/tiny", features[set_.style == 0], set_.texts.rows(set_.style == 0), 0)
    with pytest.raises(BadInput, match="9 scenarios"):
        replication("toy/tiny", features[:27], set_.texts.rows(np.arange(27)), 0)
    with pytest.raises(BadInput, match="89 rows for 90 texts"):
        replication("toy/tiny", features[:89], set_.texts, 0)
    with pytest.raises(BadInput, match="they vary"):
        replication("toy/tiny", np.ones((90, 4)), set_.texts, 0)
    features[3, 1] = np.nan
    with pytest.raises(BadInput, match="1 entries not finite"):
        replication("toy/tiny", features, set_.texts, 0)
