"""Coherence gates pass what unsteered replies look like and stop what has come apart."""

import numpy as np
import pytest
from matplotlib.cbook import boxplot_stats

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


def test_unsteered_replies_pass_their_own_gates_together_and_not_only_each():
    measures = np.random.default_rng(1).standard_normal((400, len(GATES)))
    assert 0.95 < calibrate(measures).passes(measures).mean() < 1


def test_limits_are_the_upper_fences_of_a_box_plot():
    measures = np.random.default_rng(2).standard_normal((50, len(GATES)))
    [drawn] = boxplot_stats(measures[:, 0])
    assert calibrate(measures).limits[0] == pytest.approx(drawn["q3"] + 1.5 * drawn["iqr"])
    assert drawn["whishi"] <= calibrate(measures).limits[0]


def test_a_measure_that_most_replies_share_fails_few_of_them():
    measures = np.zeros((100, len(GATES)))
    measures[:10, 0] = 1.0
    assert calibrate(measures).passes(measures).all()
    measures[:10, 0] = np.arange(10) + 1.0
    assert calibrate(measures).passes(measures).mean() >= 0.95


def test_an_empty_reply_fails_and_does_not_widen_the_gates_however_many_are_empty():
    said = [GOOD] * 30
    mostly_empty = measure([SCENARIO] * 90, said + [""] * 60, [True] * 90, np.array([1.0] * 30 + [np.inf] * 60))
    gates = calibrate(mostly_empty)
    assert gates == calibrate(mostly_empty[:30])
    assert gates.passes(mostly_empty).tolist() == [True] * 30 + [False] * 60


def test_a_model_that_says_nothing_is_refused_with_its_replies_kept():
    empty = measure([SCENARIO] * 84, [""] * 84, [True] * 84, np.full(84, np.inf))
    with pytest.raises(BadInput, match=r"not empty\. Got: 0 of 84.*the run has kept"):
        calibrate(empty)


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
