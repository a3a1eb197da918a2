from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from empathy_core.probes.controls.concepts import concepts
from empathy_core.probes.controls.erasure import RANDOM_DRAWS, erase_random, erase_style
from empathy_core.probes.controls.left_over import left_over
from empathy_core.probes.held_out import mean_auroc


def with_register(texts, register):
    return replace(texts, texts=tuple(replace(t, register=r) for t, r in zip(texts.texts, register, strict=True)))


def emotional(set_, n, dim, size, like_style=None, seed=5):
    """Features of `n` emotional scenarios in three emotions, with these directions or random ones."""
    rng = np.random.default_rng(seed)
    directions = rng.standard_normal((3, dim)) if like_style is None else like_style
    scenario = 1.0 * rng.standard_normal((n, dim)).repeat(3, axis=0)
    return scenario + rng.standard_normal((3 * n, dim)) + size * np.tile(directions, (n, 1))


@pytest.mark.parametrize("register_within", [True, False])
def test_erasing_a_register_planted_apart_from_style_leaves_style(crossed, controlled, register_within):
    set_ = crossed(n=40, register_within=register_within)
    found = controlled(set_.texts, [set_.features(style=0.7, register=1.5)])
    assert found["erase-register/before/nested/auroc"].low > 0.9
    left = found["erase-register/left/nested/auroc"]
    assert left.value < found["erase-register/before/nested/auroc"].value - 0.15
    assert found["erase-register/nested/auroc"].low > 0.8
    assert found["erase-register/change"].value == pytest.approx(0, abs=0.03)
    assert found["erase-register/change"].null == 0


@pytest.mark.parametrize("dim", [20, 400])
def test_a_style_that_is_wholly_register_is_exactly_chance_without_it(crossed, controlled, dim):
    set_ = crossed(styles=("a", "b"))
    texts = with_register(set_.texts, np.array(["casual", "formal"])[set_.style].tolist())
    found = controlled(texts, [set_.features(dim, style=1.0)])
    for where in ("nested", "point=0"):
        assert found[f"erase-register/{where}/auroc"].value == 0.5
    assert found["erase-register/random/nested/auroc"].low > 0.8
    assert found["erase-register/change"].high < -0.3


def test_erasing_a_random_subspace_changes_nothing(crossed, controlled):
    set_ = crossed(n=40)
    found = controlled(set_.texts, [set_.features(style=0.6)])
    assert found["erase-register/random/nested/auroc"].value == pytest.approx(
        found["pool=mean/nested/auroc"].value, abs=0.02
    )
    change = found["erase-register/change"]
    assert change.low < 0 < change.high or change.value == pytest.approx(0, abs=0.01)


def test_random_subspaces_differ_and_come_back_with_the_seed(crossed, question):
    set_ = crossed()
    features = set_.features(style=0.6)
    asked = question(set_.texts, [features])
    gram, (register,) = asked.grams(features)[1], concepts(asked)
    drawn = erase_random(gram, register, asked, 1)
    assert len(np.unique(drawn[:, 0, 0])) == RANDOM_DRAWS
    np.testing.assert_array_equal(drawn, erase_random(gram, register, asked, 1))


def test_style_made_of_emotion_goes_with_emotion_and_not_with_valence(crossed, controlled, with_emotions):
    set_, dim = crossed(n=30, registers=("formal",)), 12
    rng = np.random.default_rng(2)
    directions = rng.standard_normal((3, dim))
    # Styles differ as sad and angry do, which valence does not tell apart.
    sad_or_angry = np.stack([directions[1], directions[2], (directions[1] + directions[2]) / 2])
    main = set_.features(dim) + 1.5 * sad_or_angry[set_.style]
    features = np.concatenate([main, emotional(set_, 40, dim, 2.0, directions)])
    found = controlled(with_emotions(set_.texts, 40), [features])
    assert found["pool=mean/nested/auroc"].low > 0.75
    assert found["erase-emotion/change"].high < -0.05
    assert found["erase-emotion/change"].value < found["erase-valence/change"].value - 0.1
    for concept in ("emotion", "valence"):
        assert found[f"erase-{concept}/before/nested/auroc"].low > 0.9


def test_scores_equal_scikit_learn_on_features_erased_one_by_one(crossed, question, with_emotions):
    set_, dim = crossed(n=20), 30
    features = np.concatenate([set_.features(dim, style=0.7), emotional(set_, 20, dim, 1.0)])
    asked = question(with_emotions(set_.texts, 20), [features])
    emotion = next(concept for concept in concepts(asked) if concept.name == "emotion")
    found = erase_style(asked.grams(features), emotion, asked)
    for number, fold in enumerate(asked.folds):
        fitted = np.intersect1d(emotion.rows, asked.with_all_roles[number].train)
        assert 0 < len(fitted) < 60
        x = StandardScaler().fit(features[fold.train]).transform(features)
        codes = np.eye(3)[emotion.labels[np.isin(emotion.rows, fitted)]][:, :2]
        centred = x[fitted] - x[fitted].mean(axis=0)
        cross, codes = centred.T @ (codes - codes.mean(axis=0)), codes - codes.mean(axis=0)
        reader = np.linalg.solve(centred.T @ centred, cross)
        erased = x - (x - x[fitted].mean(axis=0)) @ reader @ np.linalg.solve(cross.T @ reader, cross.T)
        probe = LogisticRegression(C=100 / dim, tol=1e-10, max_iter=10_000).fit(
            erased[fold.train], set_.style[fold.train]
        )
        np.testing.assert_allclose(found[fold.test], probe.decision_function(erased[fold.test]), atol=3e-4)


@pytest.mark.parametrize("n, dim, gone", [(200, 8, True), (30, 400, False)])
def test_new_texts_lose_a_concept_only_where_texts_outnumber_features(crossed, question, with_emotions, n, dim, gone):
    set_ = crossed(n=20)
    features = np.concatenate([set_.features(dim), emotional(set_, n, dim, 1.5)])
    asked = question(with_emotions(set_.texts, n), [features])
    found = left_over(features, concepts(asked)[1], asked)
    before, after = (mean_auroc(found.tested, scores) for scores in (found.before, found.after))
    assert before > 0.9 and found.tested.n == n
    assert after == pytest.approx(0.5, abs=0.08) if gone else 0.6 < after < before


def test_no_scenario_is_shared_by_the_erasure_its_probe_and_the_texts_asked(crossed, question):
    set_ = crossed(n=40)
    features = set_.features(register=1.0)
    asked = question(set_.texts, [features])
    register = concepts(asked)[0]
    found = left_over(features, register, asked)
    assert len(found.tested.rows) == len(register.rows)
    for scenario in np.unique(found.tested.scenarios):
        assert len(np.unique(found.tested.folds[found.tested.scenarios == scenario])) == 1


def test_only_concepts_that_the_set_has_are_erased(crossed, question, with_emotions):
    def names(texts):
        dim = np.zeros((len(texts), 3)) + np.arange(len(texts))[:, None]
        return [concept.name for concept in concepts(question(texts, [dim]))]

    set_ = crossed(n=20)
    assert names(set_.texts) == ["register"]
    assert names(crossed(n=20, registers=("formal",)).texts) == []
    assert names(crossed(n=20, registers=("formal", "")).texts) == []
    assert names(with_emotions(set_.texts)) == ["register", "emotion", "valence"]
    assert names(with_emotions(set_.texts, emotions=("sad", "angry"))) == ["register", "emotion"]
    assert names(with_emotions(set_.texts, emotions=("happy",))) == ["register"]
    assert names(with_emotions(set_.texts, 15)) == ["register"]
    assert names(crossed(n=20, register_within=False).texts) == []


def test_emotion_has_a_rank_of_two_and_valence_of_one(crossed, question, with_emotions):
    texts = with_emotions(crossed(n=20).texts)
    _, emotion, valence = concepts(question(texts, [np.arange(len(texts) * 2.0).reshape(-1, 2)]))
    assert (emotion.rank, valence.rank) == (2, 1)
    happy = texts.column("style")[emotion.rows] == "happy"
    assert (valence.labels == np.where(happy, 0, 1)).all()
