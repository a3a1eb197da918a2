from dataclasses import fields, replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from empathy_core.contracts import BadInput, TextSet
from empathy_core.datasets.splits import Fold, grouped_folds
from empathy_core.probes.cross_validation import ProbeSettings
from empathy_core.probes.evaluate import estimates
from empathy_core.probes.read_out import BASELINES, read_outs

QUICK = ProbeSettings(permutations=99, draws=200)


def read(set_, by_point, settings=QUICK, n_folds=5):
    """Read-outs and estimates by name, without the prefix."""
    folds = grouped_folds(set_.texts, n_folds, 0)
    found = read_outs(by_point.__getitem__, range(len(by_point)), set_.texts, folds, settings)
    named = {e.name.removeprefix("toy/tiny/read/"): e for each in found for e in estimates("toy/tiny", each)}
    return {each.task: each for each in found}, named


def test_a_planted_style_is_found_where_it_was_planted_and_nowhere_else(crossed):
    set_ = crossed()
    _, found = read(set_, [set_.features(), set_.features(style=0.6), set_.features()])
    for task in ("a-b", "three-way"):
        planted, null = found[f"{task}/point=1/auroc"], found[f"{task}/point=1/auroc"].null
        assert planted.low > null > 0.5
        assert found[f"{task}/point=0/auroc"].value < null > found[f"{task}/point=2/auroc"].value
        assert found[f"{task}/max/p"].value == 0.01
        assert found[f"{task}/excess"].low > 0
        assert found[f"{task}/nested/d_prime"].low > 0.5
        assert found[f"{task}/nested/accuracy"].low > found[f"{task}/nested/accuracy"].null
    assert found["register/max/p"].value > 0.05


def test_register_is_read_apart_from_style(crossed):
    set_ = crossed()
    _, found = read(set_, [set_.features(register=0.8)])
    assert found["register/nested/auroc"].value > 0.9 and found["register/max/p"].value == 0.01
    assert found["three-way/max/p"].value > 0.05


@pytest.mark.parametrize("task, columns", [("a-b", 1), ("three-way", 3)])
def test_auroc_equals_scikit_learn_fold_by_fold(crossed, task, columns):
    set_ = crossed()
    features = set_.features(style=0.4)
    _, found = read(set_, [features])
    values = []
    for fold in grouped_folds(set_.texts, 5, 0):
        scaler = StandardScaler().fit(features[fold.train])
        train, test = (
            rows[np.isin(set_.style[rows], (0, 1, 2)[: max(columns, 2)])] for rows in (fold.train, fold.test)
        )
        model = LogisticRegression(C=QUICK.C / features.shape[1], tol=1e-10, max_iter=10_000)
        model.fit(scaler.transform(features[train]), set_.style[train])
        scores = model.decision_function(scaler.transform(features[test])).reshape(len(test), -1)
        classes = [1] if columns == 1 else [0, 1, 2]
        values.append(np.mean([roc_auc_score(set_.style[test] == k, scores[:, i]) for i, k in enumerate(classes)]))
    assert found[f"{task}/point=0/auroc"].value == pytest.approx(np.mean(values), abs=1e-9)


def test_every_estimate_is_named_and_stands_beside_interval_and_n(crossed):
    set_ = crossed()
    _, found = read(set_, [set_.features(), set_.features(style=0.5)])
    parts = ["point=0/auroc", "point=1/auroc", "nested/auroc", "excess", *(f"text/{kind}/auroc" for kind in BASELINES)]
    parts += ["max/p", "nested/d_prime", "nested/accuracy", "nested/forced-choice"]
    names = ("a-b", "a-c", "b-c", "three-way", "a-rest", "b-rest", "c-rest", "register")
    assert set(found) == {f"{task}/{part}" for task in names for part in parts}
    for estimate in found.values():
        assert estimate.low <= estimate.value <= estimate.high and estimate.n == 30
        assert estimate.method.startswith("probes.evaluate.")
    assert found["three-way/nested/accuracy"].null == pytest.approx(1 / 3)


def test_each_point_is_read_once_and_the_same_permutations_serve_every_point(crossed):
    set_ = crossed()
    features, calls = set_.features(), []
    folds = grouped_folds(set_.texts, 5, 0)
    found = read_outs(lambda point: calls.append(point) or features, (0, 3), set_.texts, folds, QUICK)
    assert calls == [0, 3]
    for read_out in found:
        np.testing.assert_array_equal(read_out.main.null[:, 0], read_out.main.null[:, 1])
        assert read_out.points == (0, 3)


def test_the_same_seed_gives_the_same_estimates(crossed):
    set_ = crossed(styles=("a", "b"))
    features = set_.features(style=0.3)
    assert read(set_, [features])[1] == read(set_, [features])[1]


def test_p_is_uniform_when_labels_mean_nothing_though_scenarios_differ(crossed):
    p = []
    settings = ProbeSettings(permutations=39, draws=10, inner_folds=2)
    for seed in range(24):
        set_ = crossed(n=12, styles=("a", "b"), seed=seed, registers=("",))
        p.append(read(set_, [set_.features(20, scenario=2.0) for _ in range(2)], settings)[1]["a-b/max/p"].value)
    assert np.mean(np.array(p) <= 0.1) <= 0.25 and 0.35 < np.mean(p) < 0.65


def test_the_point_is_chosen_without_the_held_out_fold(crossed):
    set_ = crossed(styles=("a", "b"))
    by_point = [set_.features(style=0.2), set_.features(style=0.8), set_.features(style=0.2)]
    read_out = read(set_, by_point)[0]["a-b"]
    assert (read_out.chosen == 1).all()
    test = grouped_folds(set_.texts, 5, 0)[0].test
    spoilt = [features.copy() for features in by_point]
    spoilt[1][test] = 0
    assert read(set_, spoilt)[0]["a-b"].chosen[0] == 1


def test_between_equally_good_points_the_latest_is_chosen(crossed):
    set_ = crossed(styles=("a", "b"))
    features = set_.features(style=2.0)
    read_out = read(set_, [features, features, set_.features()])[0]["a-b"]
    assert (read_out.chosen == 1).all()
    np.testing.assert_array_equal(read_out.nested, read_out.main.scores[1])


def test_a_cue_that_only_one_lexical_family_carries_is_not_read_on_the_other(crossed):
    set_ = crossed(n=40, families=2)
    one_family = (set_.scenario % 2 == 0)[:, None]
    leaked = set_.features() + one_family * set_.features(style=2.0, scenario=0.0)
    _, found = read(set_, [leaked])
    assert found["three-way/point=0/auroc"].low < 0.5
    _, found = read(set_, [set_.features(style=1.0)])
    assert found["three-way/point=0/auroc"].low > 0.8


def telling(text, style):
    """The reply with a word that gives `style` away."""
    return replace(text, response=f"{style * 3} " * 5 + text.response)


def test_words_that_give_the_style_away_leave_no_excess(crossed):
    set_ = crossed()
    given_away = tuple(telling(text, text.style) for text in set_.texts.texts)
    set_ = replace(set_, texts=TextSet("toy", "measured", given_away))
    _, found = read(set_, [set_.features(style=0.6)])
    assert found["three-way/text/tfidf/auroc"].value > 0.95
    assert found["three-way/excess"].low <= 0


def test_the_excess_is_over_the_best_baseline_whichever_it_is(crossed):
    set_ = crossed()
    longer = tuple(replace(t, response=t.response + " word1" * "abc".index(t.style)) for t in set_.texts.texts)
    set_ = replace(set_, texts=TextSet("toy", "measured", longer))
    _, found = read(set_, [set_.features(style=0.6)])
    best = max(found[f"a-c/text/{kind}/auroc"].value for kind in BASELINES)
    assert best == found["a-c/text/length/auroc"].value > 0.9 > found["a-c/text/opener/auroc"].value
    assert found["a-c/excess"].value == pytest.approx(found["a-c/nested/auroc"].value - best)


def with_foils(set_, features, follows):
    """The set with a foil for every reply of the first ten scenarios: another style's word, features of `follows`."""
    main = tuple(telling(text, text.style) for text in set_.texts.texts)
    worn = {"a": "b", "b": "c", "c": "a"}
    foils = tuple(
        telling(replace(text, id=f"{text.id}-foil", role="foil"), worn[text.style]) for text in set_.texts.texts[:30]
    )
    rows = [int(follows(text)) for text in set_.texts.texts[:30]]
    noise = 0.3 * set_.rng.standard_normal((30, features.shape[1]))
    texts = TextSet("toy", "measured", main + foils)
    return replace(set_, texts=texts), np.concatenate([features, features[rows] + noise])


def test_on_foils_a_probe_of_the_stance_goes_up_and_words_go_down(crossed):
    set_ = crossed()
    stance = {text.id: row for row, text in enumerate(set_.texts.texts)}
    set_, features = with_foils(set_, set_.features(style=1.0), lambda text: stance[text.id])
    read_out, found = read(set_, [set_.rng.standard_normal(features.shape), features])
    assert found["three-way/foils/nested/auroc"].low > found["three-way/foils/nested/auroc"].null > 0.5
    assert found["three-way/foils/text/tfidf/auroc"].high < 0.5
    assert found["three-way/foils/excess"].low > 0.2
    assert found["three-way/foils/nested/auroc"].n == 10 and found["three-way/nested/auroc"].n == 30
    assert read_out["register"].foils is None


def test_on_foils_a_probe_of_the_words_follows_them(crossed):
    set_ = crossed()
    other = {text.id: row // 3 * 3 + (row + 1) % 3 for row, text in enumerate(set_.texts.texts)}
    set_, features = with_foils(set_, set_.features(style=1.0), lambda text: other[text.id])
    _, found = read(set_, [features])
    assert found["three-way/nested/auroc"].low > 0.8
    assert found["three-way/foils/nested/auroc"].high < 0.5
    assert found["three-way/foils/excess"].low <= 0


def test_foils_teach_nothing(crossed):
    set_ = crossed(n=15)
    features = set_.features(style=0.4)
    alone = read(set_, [features])[0]["three-way"].main.scores
    wearing, wild = with_foils(set_, features, lambda text: 0)
    wild[len(features) :] *= 1e3
    bare = read(replace(wearing, texts=wearing.texts.rows(np.arange(45))), [features])[0]["three-way"].main.scores
    np.testing.assert_array_equal(read(wearing, [wild])[0]["three-way"].main.scores, alone)
    np.testing.assert_array_equal(bare, alone)


def test_a_foil_whose_scenario_is_taught_is_refused(crossed):
    set_ = crossed()
    set_, _ = with_foils(set_, set_.features(), lambda text: 0)
    folds = grouped_folds(set_.texts, 5, 0)
    foil = np.flatnonzero(set_.texts.column("role") == "foil")
    mixed = [Fold(fold.train, np.union1d(fold.test, foil)) for fold in folds]
    with pytest.raises(BadInput, match=r"scenarios on both sides of fold 0 of task a-b"):
        read_outs(pytest.fail, (0,), set_.texts, mixed, QUICK)


def test_forced_choice_is_free_of_what_scenarios_share(crossed):
    set_ = crossed(n=40, styles=("a", "b"), registers=("",))
    features = set_.features(style=0.5, scenario=4.0)
    read_out, found = read(set_, [features])
    scores, labels = read_out["a-b"].nested[:, 0].reshape(40, 2), set_.style.reshape(40, 2)
    right = [two[named == 1] > two[named == 0] for two, named in zip(scores, labels, strict=True)]
    assert found["a-b/nested/forced-choice"].value == pytest.approx(np.mean(right))
    assert found["a-b/nested/forced-choice"].null == 0.5


def test_constant_features_score_exactly_chance_at_their_point(crossed):
    set_ = crossed(styles=("a", "b"))
    read_out, found = read(set_, [np.full((60, 20), 0.1), set_.features(style=0.6)])
    assert found["a-b/point=0/auroc"].value == 0.5
    assert (read_out["a-b"].main.null[:, 0] == 0.5).all()
    assert (read_out["a-b"].chosen == 1).all()


def test_a_register_fixed_in_each_scenario_is_permuted_over_whole_scenarios(crossed):
    set_ = crossed(n=40, styles=("a", "b"), register_within=False)
    _, found = read(set_, [set_.features(register=0.8)])
    assert found["register/max/p"].value == 0.01
    _, found = read(set_, [set_.features(scenario=3.0)])
    # Forty scenarios, not 80 texts: the null knows how far apart scenarios fall by themselves.
    assert found["register/max/p"].value > 0.05 and found["register/point=0/auroc"].null > 0.6


def test_texts_of_other_roles_change_nothing(crossed):
    set_ = crossed(styles=("a", "b"))
    features = set_.features(style=0.5)
    folds = grouped_folds(set_.texts, 5, 0)
    others = tuple(replace(t, id=f"{t.id} again", role="emotion", style="n", scenario_id="z") for t in set_.texts.texts)
    more = TextSet("toy", "measured", set_.texts.texts + others)
    wild = np.concatenate([features, 1e6 * features])
    wide = [Fold(np.concatenate([fold.train, np.arange(60, 120)]), fold.test) for fold in folds]
    alone = read_outs(lambda _: features, (0,), set_.texts, folds, QUICK)
    among = read_outs(lambda _: wild, (0,), more, wide, QUICK)
    for first, second in zip(alone, among, strict=True):
        np.testing.assert_array_equal(first.main.scores, second.main.scores)


def test_a_nan_is_refused_with_its_point_and_row(crossed):
    set_ = crossed()
    broken = set_.features()
    broken[17, 3] = np.nan
    with pytest.raises(BadInput, match=r"at point 1, first row 17 \('5-c'\)"):
        read(set_, [set_.features(), broken])


def test_a_fold_that_lacks_a_class_is_refused_before_any_feature_is_read(crossed):
    set_ = crossed()
    folds = grouped_folds(set_.texts, 5, 0)
    without = set_.style != 2
    one_sided = Fold(folds[0].train[without[folds[0].train]], folds[0].test)
    with pytest.raises(BadInput, match="no c for task a-c in the training rows of fold 0"):
        read_outs(pytest.fail, (0,), set_.texts, [one_sided, *folds[1:]], QUICK)
    one_sided = Fold(folds[0].train, folds[0].test[without[folds[0].test]])
    with pytest.raises(BadInput, match="in the test rows of fold 0"):
        read_outs(pytest.fail, (0,), set_.texts, [one_sided, *folds[1:]], QUICK)


def test_too_few_scenarios_are_refused_by_the_folds(crossed):
    set_ = crossed(n=4)
    with pytest.raises(BadInput, match="4 scenarios for style"):
        read(set_, [set_.features()])


def test_settings_are_fixed_once_made():
    with pytest.raises(AttributeError):
        QUICK.seed = 1
    assert [field.name for field in fields(QUICK)] == ["C", "permutations", "draws", "inner_folds", "seed"]
