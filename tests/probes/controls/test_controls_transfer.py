from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from empathy_core.probes.controls.transfer import context_rows


def in_contexts(texts, context_of_scenario):
    return replace(
        texts, texts=tuple(replace(t, context=context_of_scenario(int(t.scenario_id[1:]))) for t in texts.texts)
    )


@pytest.fixture
def two_contexts(crossed):
    """Thirty scenarios in two contexts: style lies along one direction in the first, `sign` times it in the other."""

    def build(sign, styles=("a", "b")):
        set_ = crossed(styles=styles, registers=("formal",))
        texts = in_contexts(set_.texts, lambda s: ("home", "work/school")[s % 2])
        planted = set_.features(style=1.0, scenario=0.0) - set_.rng.standard_normal((len(texts), 40))
        flip = np.where(set_.scenario % 2, sign, 1)[:, None]
        return set_, texts, set_.features() + flip * planted

    return build


def test_a_style_that_contexts_write_in_opposite_directions_transfers_below_chance(two_contexts, controlled):
    _, texts, features = two_contexts(-1)
    found = controlled(texts, [features])
    for a, b in (("home", "work∕school"), ("work∕school", "home")):
        assert found[f"transfer/train={a}/test={b}/auroc"].high < 0.3
        assert found[f"transfer/train={a}/test={a}/auroc"].low > 0.7
        assert found[f"transfer/train={a}/test={b}/auroc"].n == 15
    assert found["transfer/off-diagonal/auroc"].high < 0.3 and found["transfer/off-diagonal/auroc"].n == 30
    assert found["held-out-context/nested/auroc"].high < 0.3


def test_a_style_that_contexts_share_transfers(two_contexts, controlled):
    _, texts, features = two_contexts(1)
    found = controlled(texts, [features])
    assert found["transfer/off-diagonal/auroc"].low > 0.8 and found["transfer/off-diagonal/auroc"].null == 0.5
    assert found["held-out-context/nested/auroc"].low > 0.8
    pairs = [
        e.value for name, e in found.items() if "train=home/test=work" in name or "train=work∕school/test=home" in name
    ]
    assert found["transfer/off-diagonal/auroc"].value == pytest.approx(np.mean(pairs))


def test_a_pair_of_contexts_equals_scikit_learn(two_contexts, controlled):
    set_, texts, features = two_contexts(1, ("a", "b", "c"))
    found = controlled(texts, [features])
    train, test = np.flatnonzero(set_.scenario % 2), np.flatnonzero(set_.scenario % 2 == 0)
    scaler = StandardScaler().fit(features[train])
    probe = LogisticRegression(C=100 / 40, tol=1e-10, max_iter=10_000).fit(
        scaler.transform(features[train]), set_.style[train]
    )
    scores = probe.decision_function(scaler.transform(features[test]))
    expected = np.mean([roc_auc_score(set_.style[test] == k, scores[:, k]) for k in range(3)])
    assert found["transfer/train=work∕school/test=home/auroc"].value == pytest.approx(expected, abs=1e-9)


def test_the_point_is_chosen_inside_the_training_context(two_contexts, controlled):
    set_, texts, features = two_contexts(1)
    home_only = np.where(set_.scenario[:, None] % 2, set_.features(), features)
    found = controlled(texts, [features, home_only])
    # Home is read at the later point, where the other context has nothing; work has to choose the earlier one.
    assert found["transfer/train=work∕school/test=home/auroc"].low > 0.8
    assert found["transfer/train=home/test=work∕school/auroc"].value == pytest.approx(0.5, abs=0.2)
    assert found["transfer/train=home/test=home/auroc"].low > 0.8


def test_every_pair_of_contexts_stands_in_the_matrix_and_small_ones_do_not(crossed, controlled):
    set_ = crossed(n=20, styles=("a", "b"), registers=("formal",))
    texts = in_contexts(set_.texts, lambda s: "rare" if s < 2 else f"c{s % 3}")
    found = controlled(texts, [set_.features()])
    pairs = {tuple(name.split("/")[1:3]) for name in found if name.startswith("transfer/train=")}
    assert pairs == {(f"train=c{a}", f"test=c{b}") for a in range(3) for b in range(3)}


def test_scenarios_that_lack_a_class_are_no_part_of_a_context(crossed, question):
    set_ = crossed(n=20, styles=("a", "b"), registers=("formal",))
    kept = [t for t in set_.texts.texts if not (t.style == "b" and t.scenario_id in ("s0", "s5"))]
    texts = replace(set_.texts, texts=tuple(kept))
    rows = context_rows(question(texts, [np.arange(2.0 * len(kept)).reshape(-1, 2)]))
    # Scenarios 0, 5, 10 and 15 make a context: two of them are not answered in style b.
    assert sorted(rows) == ["context 1", "context 2", "context 3", "context 4"]


def test_a_single_context_has_nothing_to_transfer_to(crossed, controlled):
    set_ = crossed(styles=("a", "b"), registers=("formal",))
    found = controlled(in_contexts(set_.texts, lambda s: "home"), [set_.features()])
    assert not any(name.startswith(("transfer", "held-out")) for name in found)
