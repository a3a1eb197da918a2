from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from empathy_core.probes.controls.hold_out import hold_out_lessons


def held_out(found):
    return {name.removeprefix("held-out-").split("/")[0] for name in found if name.startswith("held-out-")}


def test_a_cue_that_one_register_carries_is_not_read_in_the_other(crossed, controlled):
    set_ = crossed(n=40, styles=("a", "b"), register_within=False)
    formal = set_.register[:, None] == 1
    cue = set_.features(style=1.5, scenario=0.0) * formal
    found = controlled(set_.texts, [set_.features() + cue])
    assert found["held-out-register/nested/auroc"].low < 0.5 < found["pool=mean/nested/auroc"].low
    found = controlled(set_.texts, [set_.features(style=1.0)])
    assert found["held-out-register/nested/auroc"].low > 0.8


def test_it_equals_scikit_learn_value_by_value(crossed, controlled):
    set_ = crossed(register_within=False)
    features = set_.features(style=0.5)
    found = controlled(set_.texts, [features])
    values = []
    for register in (0, 1):
        train, test = np.flatnonzero(set_.register != register), np.flatnonzero(set_.register == register)
        scaler = StandardScaler().fit(features[train])
        probe = LogisticRegression(C=100 / 40, tol=1e-10, max_iter=10_000)
        scores = probe.fit(scaler.transform(features[train]), set_.style[train]).decision_function(
            scaler.transform(features[test])
        )
        values.append(np.mean([roc_auc_score(set_.style[test] == k, scores[:, k]) for k in range(3)]))
    estimate = found["held-out-register/nested/auroc"]
    assert estimate.value == pytest.approx(np.mean(values), abs=1e-9) and estimate.n == 30


def test_a_held_out_family_is_that_of_the_read_out_at_a_single_point(crossed, controlled):
    set_ = crossed(n=40, styles=("a", "b"), families=2, registers=("formal",))
    found = controlled(set_.texts, [set_.features(style=0.5)])
    assert found["held-out-family/nested/auroc"].value == pytest.approx(found["pool=mean/nested/auroc"].value, abs=1e-9)
    assert held_out(found) == {"context", "family"}


def test_a_column_that_cannot_be_held_out_is_left_out(crossed, question):
    def columns(texts):
        return sorted(hold_out_lessons(question(texts, [np.arange(2.0 * len(texts)).reshape(-1, 2)])))

    set_ = crossed(n=20, styles=("a", "b"))
    assert columns(set_.texts) == ["context"]
    assert columns(crossed(n=20, styles=("a", "b"), register_within=False).texts) == ["context", "register"]
    assert columns(crossed(n=20, styles=("a", "b"), register_within=False, registers=("formal", "")).texts) == [
        "context"
    ]
    # Context 0 has one style only, so that holding it out asks for a class that is not there.
    some = tuple(t for t in set_.texts.texts if t.style == "a" or t.context != "context 0")
    assert columns(replace(set_.texts, texts=some)) == []
