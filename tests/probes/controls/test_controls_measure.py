from dataclasses import replace

import numpy as np
import pytest

from empathy_core.contracts import BadInput, Text
from empathy_core.probes.controls.correction import corrected_gram, corrected_scores
from empathy_core.probes.controls.measure import controls
from empathy_core.probes.cross_validation import ProbeSettings

QUICK = ProbeSettings(permutations=19, draws=200)


def measured(texts, by_pool, folds, read_out, **more):
    return controls(
        "toy/tiny",
        lambda pool: by_pool[pool].__getitem__,
        "mean",
        tuple(by_pool),
        texts,
        folds,
        read_out,
        QUICK,
        **more,
    )


def test_every_control_is_named_and_stands_beside_interval_null_and_n(crossed, controlled, with_emotions):
    set_ = crossed(n=20, styles=("a", "b"), register_within=False)
    texts = with_emotions(set_.texts, 16)
    points = [np.concatenate([set_.features(style=0.5), set_.rng.standard_normal((48, 40))]) for _ in range(2)]
    found = controlled(texts, points, {"last": points})
    aurocs = ["length-residualised", "erase-emotion", "erase-valence", "pool=mean", "pool=last"]
    expected = {f"{name}/{place}/auroc" for name in aurocs for place in ("point=0", "point=1", "nested")}
    expected |= {"length-matched/nested/auroc", "length-matched/text/length/auroc"}
    expected |= {f"erase-{c}/{what}" for c in ("emotion", "valence") for what in ("change", "random/nested/auroc")}
    expected |= {f"erase-{c}/{when}/nested/auroc" for c in ("emotion", "valence") for when in ("before", "left")}
    contexts = [f"context {k}" for k in range(5)]
    expected |= {f"transfer/train={a}/test={b}/auroc" for a in contexts for b in contexts}
    expected |= {"transfer/off-diagonal/auroc", "held-out-context/nested/auroc", "held-out-register/nested/auroc"}
    expected |= {"emergence/point=0/over-text", "emergence/point=1/over-text", "emergence/point=1/over-first"}
    assert set(found) - {"emergence/first"} == expected
    for name, estimate in found.items():
        assert estimate.low <= estimate.value <= estimate.high
        assert estimate.method.startswith("probes.controls.")
        assert estimate.null == (None if name == "emergence/first" else 0.5 if name.endswith("auroc") else 0.0)


def test_a_correction_that_takes_nothing_leaves_the_scores_of_the_read_out(crossed, question, deciding):
    set_ = crossed(n=20)
    features = set_.features(style=0.5)
    asked, (_, read_out) = question(set_.texts, [features]), deciding(set_.texts, [features])
    grams = [corrected_gram(gram, np.arange(3), np.zeros((60, 3))) for gram in asked.grams(features)]
    scores = corrected_scores(grams, asked.folds, asked)[asked.tested.rows]
    np.testing.assert_allclose(scores, read_out.main.scores[0], atol=1e-4)
    np.testing.assert_array_equal(asked.labels[asked.tested.rows], read_out.main.tested.labels)


def test_each_pool_is_read_once_a_point_and_progress_says_so(crossed, deciding):
    set_ = crossed(n=20, styles=("a", "b"), registers=("formal",))
    by_point, calls, told = [set_.features(), set_.features()], [], []
    folds, read_out = deciding(set_.texts, by_point)

    def read_point_of(pool):
        return lambda point: calls.append((pool, point)) or by_point[point]

    given = set_.texts, folds, read_out, QUICK, lambda done, total: told.append((done, total))
    controls("toy/tiny", read_point_of, "mean", ("last", "mean", "quarter_1"), *given)
    assert calls == [(pool, point) for pool in ("mean", "last", "quarter_1") for point in (0, 1)]
    assert told == [(done, 6) for done in range(1, 7)]


def test_style_in_one_quarter_is_read_from_that_pool_alone(crossed, controlled):
    set_ = crossed(styles=("a", "b"), registers=("formal",))
    pools = {"quarter_1": [set_.features()] * 2, "quarter_2": [set_.features(), set_.features(style=1.0)]}
    found = controlled(set_.texts, [set_.features(), set_.features()], pools)
    assert found["pool=quarter_2/nested/auroc"].low > 0.8 and found["pool=quarter_2/point=0/auroc"].low < 0.5
    assert found["pool=quarter_1/nested/auroc"].low < 0.5 and found["pool=mean/nested/auroc"].low < 0.5


def test_another_pool_with_the_same_features_reads_the_same(crossed, controlled):
    set_ = crossed(n=20)
    by_point = [set_.features(style=0.5), set_.features(style=0.5)]
    found = controlled(set_.texts, by_point, {"last": by_point})
    for place in ("point=0", "point=1"):
        assert found[f"pool=last/{place}/auroc"].value == pytest.approx(
            found[f"pool=mean/{place}/auroc"].value, abs=1e-9
        )


def test_texts_of_other_roles_change_nothing(crossed, deciding):
    set_ = crossed(n=20, styles=("a", "b"), registers=("formal",))
    features = set_.features(style=0.5)
    foils = tuple(replace(t, id=f"{t.id} foil", role="foil") for t in set_.texts.texts)
    others = tuple(Text(f"n{i}", f"n{i}", "home", "n", "N.", "n", role="neutral") for i in range(10))
    more = replace(set_.texts, texts=(*others, *set_.texts.texts, *foils))
    wild = np.concatenate([np.full((10, 40), 1e6), features, -features])
    folds, read_out = deciding(set_.texts, [features])
    alone = measured(set_.texts, {"mean": [features]}, folds, read_out)
    wide = [replace(fold, train=fold.train + 10, test=fold.test + 10) for fold in folds]
    shifted = replace(
        read_out, main=replace(read_out.main, tested=replace(read_out.main.tested, rows=read_out.main.tested.rows + 10))
    )
    assert measured(more, {"mean": [wild]}, wide, shifted) == alone


def test_lexical_families_are_held_out_by_the_controls_as_by_the_read_out(crossed, question):
    set_ = crossed(n=40, styles=("a", "b"), families=2, register_within=False)
    asked = question(set_.texts, [set_.features()])
    family = set_.texts.column("family")
    for fold in (*asked.folds, *asked.with_all_roles):
        assert not set(family[fold.train]) & set(family[fold.test])


def test_styles_that_never_answer_one_scenario_have_no_transfer_matrix(crossed, controlled):
    set_ = crossed(n=40, styles=("a", "b"), registers=("formal",))
    apart = tuple(replace(t, scenario_id=f"{t.scenario_id}{t.style}") for t in set_.texts.texts)
    found = controlled(replace(set_.texts, texts=apart), [set_.features(style=1.0, scenario=0.0)])
    assert not any(name.startswith("transfer") for name in found)
    for name in ("length-residualised", "length-matched", "held-out-context", "pool=mean"):
        assert found[f"{name}/nested/auroc"].low > 0.7


def test_a_read_out_of_another_task_is_refused(crossed, deciding):
    set_ = crossed(n=20)
    folds, read_out = deciding(set_.texts, [set_.features()])
    with pytest.raises(BadInput, match=r"a read-out of a-b.*give that of three-way"):
        measured(set_.texts, {"mean": []}, folds, replace(read_out, task="a-b"))


def test_a_nan_in_another_pool_is_refused_with_its_point_and_text(crossed, deciding):
    set_ = crossed(n=20, styles=("a", "b"), registers=("formal",))
    broken = set_.features()
    broken[7, 3] = np.nan
    folds, read_out = deciding(set_.texts, [set_.features()])
    with pytest.raises(BadInput, match=r"at point 0, first row 7 \('3-b'\)"):
        measured(set_.texts, {"mean": [set_.features()], "last": [broken]}, folds, read_out)


def test_constant_features_score_exactly_chance_under_every_control(crossed, controlled):
    set_ = crossed(n=20, styles=("a", "b"))
    found = controlled(set_.texts, [np.full((40, 10), 0.1)])
    for name, estimate in found.items():
        if name.endswith("auroc") and "text/length" not in name:
            assert estimate.value == 0.5, name


def test_the_same_seed_gives_the_same_controls(crossed, controlled):
    set_ = crossed(n=20, styles=("a", "b"))
    features = set_.features(style=0.3)
    assert controlled(set_.texts, [features]) == controlled(set_.texts, [features])
