import numpy as np
import pytest
from scipy.stats import f_oneway, ttest_1samp

from empathy_core.contracts import BadInput
from empathy_core.datasets.quality.shape import (
    eta_squared,
    length_equivalence,
    length_spreads,
    readability_difference,
    style_effects,
)


def _of_lengths(make_texts, lengths):
    styles = ("cognitive", "affective", "instrumental")
    return make_texts(
        {f"s{i:03d}": {s: "x" * n for s, n in zip(styles, row, strict=True)} for i, row in enumerate(lengths)}
    )


def _by_name(found):
    return {one.name: one for one in found}


def test_the_spread_is_range_over_mean_its_median_and_its_largest(make_texts):
    texts = _of_lengths(make_texts, [(80, 100, 120), (100, 100, 100), (95, 100, 105)])
    found = _by_name(length_spreads(texts, np.random.default_rng(0)))
    assert found["length-spread/characters"].estimate.value == pytest.approx(0.1)
    assert found["longest-spread/characters"].estimate.value == pytest.approx(0.4)
    assert found["longest-spread/characters"].detail == "s000"
    assert found["longest-spread/words"].estimate.value == 0


def test_replies_that_share_no_scenario_have_no_spread(make_texts):
    texts = make_texts({"a": {"warm": "x"}, "b": {"cold": "x"}})
    with pytest.raises(BadInput, match="the same scenario_id"):
        list(length_spreads(texts, np.random.default_rng(0)))


def test_equal_lengths_with_little_noise_are_equivalent_and_a_planted_tenth_is_not(make_texts):
    rng = np.random.default_rng(1)
    texts = _of_lengths(make_texts, [(200 + a, 200 + b, 220) for a, b in rng.integers(-4, 5, (60, 2))])
    found = _by_name(length_equivalence(texts))
    same, longer = found["length-difference/cognitive-affective"], found["length-difference/cognitive-instrumental"]
    assert -0.05 < same.estimate.low < same.estimate.high < 0.05
    assert longer.estimate.high < -0.05


def test_the_equivalence_interval_is_that_of_two_one_sided_t_tests(make_texts):
    rng = np.random.default_rng(2)
    lengths = rng.integers(150, 250, (25, 3))
    one = _by_name(length_equivalence(_of_lengths(make_texts, lengths)))["length-difference/cognitive-affective"]
    difference = (lengths[:, 0] - lengths[:, 1]) / lengths[:, :2].mean()
    # At either end of a 90 % interval one of the two tests has p = .05.
    assert ttest_1samp(difference, one.estimate.low, alternative="greater").pvalue == pytest.approx(0.05)
    assert ttest_1samp(difference, one.estimate.high, alternative="less").pvalue == pytest.approx(0.05)


def test_one_scenario_gives_no_bound_on_a_difference(make_texts):
    [one, *_] = length_equivalence(_of_lengths(make_texts, [(100, 101, 102)]))
    assert (one.estimate.low, one.estimate.high) == (-np.inf, np.inf)


def test_eta_squared_is_that_of_a_one_way_analysis_of_variance():
    table = np.random.default_rng(3).normal(size=(20, 3)) + np.array([0, 0.5, 1])
    statistic = f_oneway(*table.T).statistic
    assert eta_squared(table[None])[0] == pytest.approx(2 * statistic / (2 * statistic + 57))


def test_eta_squared_of_a_constant_is_zero_and_of_pure_style_one():
    assert eta_squared(np.ones((1, 5, 3)))[0] == 0
    assert eta_squared(np.tile([1.0, 2.0, 3.0], (1, 5, 1)))[0] == pytest.approx(1)


def test_a_happy_style_shows_in_valence_and_not_in_length(make_texts):
    texts = make_texts({str(i): {"warm": "What joy.", "cold": "What rot."} for i in range(30)})
    found = _by_name(style_effects(texts, np.random.default_rng(0)))
    assert found["style-effect/valence"].estimate.value > 0.9
    assert found["style-effect/characters"].estimate.value == 0
    assert found["style-effect/valence"].estimate.null == pytest.approx(1 / 59)


def test_long_words_show_in_the_reading_grade(make_texts):
    easy, hard = "The cat sat on the mat by the door", "Administrative considerations necessitate reconsideration"
    rng = np.random.default_rng(0)
    apart = make_texts({str(i): {"easy": f"{easy} {'so ' * (i % 3)}.", "hard": f"{hard} so."} for i in range(9)})
    alike = make_texts({str(i): {"easy": f"{easy} {'so ' * (i % 3)}.", "hard": f"{easy}."} for i in range(9)})
    assert readability_difference(apart, rng).estimate.value > 3
    assert readability_difference(alike, rng).estimate.value < 2
