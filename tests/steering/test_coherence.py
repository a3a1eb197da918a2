"""Coherence gates pass what unsteered replies look like and stop what has come apart."""

import numpy as np
import pytest

from empathy_core.contracts import BadInput
from empathy_core.steering.coherence import GATES, calibrate, measure

SCENARIO = "Sam missed the flight home and feels lonely."
GOOD = "That missed flight must sting tonight. Tell me what you planned to do once you were home again."


def test_a_looping_reply_an_empty_one_and_a_surprising_one_fail():
    rng = np.random.default_rng(0)
    unsteered = measure([SCENARIO] * 60, [GOOD] * 60, [True] * 60, rng.normal(1.0, 0.1, 60))
    gates = calibrate(unsteered)
    steered = measure(
        [SCENARIO] * 4,
        [GOOD, "flight flight flight flight " * 8, "", GOOD],
        [True] * 4,
        np.array([1.0, 1.0, np.inf, 5.0]),
    )
    assert gates.passes(steered).tolist() == [True, False, False, False]


def test_unsteered_replies_mostly_pass_their_own_gates():
    rng = np.random.default_rng(1)
    measures = rng.random((400, len(GATES)))
    passed = calibrate(measures).passes(measures).mean()
    assert 0.95 ** len(GATES) - 0.05 < passed < 0.95


def test_a_model_that_rarely_finishes_is_not_held_to_finish():
    often_cut = measure([SCENARIO] * 40, [GOOD] * 40, [False] * 30 + [True] * 10, np.ones(40))
    assert calibrate(often_cut).passes(often_cut).all()
    always_done = measure([SCENARIO] * 40, [GOOD] * 40, [True] * 40, np.ones(40))
    cut = measure([SCENARIO], [GOOD], [False], np.ones(1))
    assert not calibrate(always_done).passes(cut).any()


def test_a_reply_that_drops_the_topic_measures_worse():
    near, far = measure([SCENARIO] * 2, [GOOD, "The weather stays mild this week."], [True] * 2, np.ones(2))
    assert near[GATES.index("off topic")] < far[GATES.index("off topic")]


def test_too_few_unsteered_replies_are_refused():
    with pytest.raises(BadInput, match="at least 20"):
        calibrate(np.zeros((5, len(GATES))))
