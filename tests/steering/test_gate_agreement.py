"""Gates against a judge: planted agreement recovered, and what chance gives beside it."""

from dataclasses import replace

import numpy as np
import pytest
from planted_sweep import by_name, planted_sweep
from sklearn.metrics import accuracy_score, recall_score

from empathy_core.steering.gate_agreement import gate_agreement


def judged(parses):
    sweep = planted_sweep(1.0, coherent_rate=0.8)
    judgements = [replace(one, parses=said) for one, said in zip(sweep.judgements, parses(sweep), strict=True)]
    return replace(sweep, judgements=tuple(judgements))


def test_gates_that_are_always_right_catch_all_and_pass_all():
    sweep = judged(lambda sweep: [bool(passed) for passed in sweep.coherent])
    found = by_name(gate_agreement("t/m", sweep, seed=0))
    assert [found[f"coherence/{measure}"].value for measure in ("accuracy", "caught", "passed")] == [1, 1, 1]


def test_shares_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    sweep = judged(lambda sweep: (rng.random(len(sweep.coherent)) < 0.7).tolist())
    found = by_name(gate_agreement("t/m", sweep, seed=0))
    truth = [judgement.parses for judgement in sweep.judgements]
    passed = (sweep.coherent == 1).tolist()
    assert found["coherence/accuracy"].value == pytest.approx(accuracy_score(truth, passed))
    assert found["coherence/caught"].value == pytest.approx(recall_score(truth, passed, pos_label=False))
    assert found["coherence/passed"].value == pytest.approx(recall_score(truth, passed))
    assert found["coherence/accuracy"].null == pytest.approx(np.mean(truth))


def test_gates_that_know_nothing_score_their_nulls():
    rng = np.random.default_rng(0)
    found = by_name(gate_agreement("t/m", judged(lambda s: (rng.random(len(s.coherent)) < 0.5).tolist()), seed=0))
    for measure in ("caught", "passed"):
        assert found[f"coherence/{measure}"].value == pytest.approx(found[f"coherence/{measure}"].null, abs=0.03)


def test_where_nothing_broke_nothing_can_be_caught_and_replies_without_an_opinion_do_not_count():
    sound = by_name(gate_agreement("t/m", judged(lambda sweep: [True] * len(sweep.coherent)), seed=0))
    assert "coherence/caught" not in sound and sound["coherence/accuracy"].null == 1.0
    assert gate_agreement("t/m", judged(lambda sweep: [None] * len(sweep.coherent)), seed=0) == ()
