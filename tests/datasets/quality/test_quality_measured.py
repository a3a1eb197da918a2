import numpy as np
import pytest

from empathy_core.datasets.quality.measured import by_scenario, largest_gap, moments


def test_a_table_has_a_row_a_scenario_and_a_hole_where_a_style_is_missing(make_texts):
    texts = make_texts({"a": {"warm": "x", "cold": "x"}, "b": {"cold": "x"}})
    np.testing.assert_array_equal(by_scenario([1.0, 2.0, 3.0], texts), [[1, 2], [np.nan, 3]])


def test_two_replies_of_one_style_to_one_scenario_are_averaged(make_texts):
    first, second = (make_texts({"a": {"warm": "x", "cold": "y"}}) for _ in range(2))
    doubled = type(first)("toy", "measured", first.texts + second.texts)
    np.testing.assert_array_equal(by_scenario([1.0, 10.0, 3.0, 20.0], doubled), [[2, 15]])


def test_moments_are_numpys_where_nothing_is_missing_and_survive_an_empty_style():
    tables = np.random.default_rng(0).normal(size=(3, 7, 2))
    counts, means, variances = moments(tables)
    np.testing.assert_allclose(means, tables.mean(axis=1))
    np.testing.assert_allclose(variances, tables.var(axis=1))
    tables[:, :, 1] = np.nan
    counts, means, _ = moments(tables)
    assert counts[0].tolist() == [7, 0] and means[0, 1] == 0


def test_the_largest_gap_is_between_the_extreme_styles(make_texts):
    texts = make_texts({str(i): {"a": "x", "b": "x", "c": "x"} for i in range(40)})
    values = [0.1, 0.5, 0.9] * 40
    found = largest_gap(texts, "gap", values, "m", np.random.default_rng(0))
    assert found.estimate.value == found.estimate.low == pytest.approx(0.8)
    assert found.detail == "a 10%, b 50%, c 90%"
