"""Slopes per prompt: planted ones recovered, least squares agreed with, and what happens where nothing moves."""

from dataclasses import replace

import numpy as np
import pytest
from planted_sweep import CONCEPTS, by_name, planted_sweep
from scipy.stats import linregress

from empathy_core.steering.slopes import coherent_strengths, slope_estimates, slopes


def test_planted_slopes_come_back_and_few_prompts_move_the_wrong_way():
    found = by_name(slope_estimates("t/m", planted_sweep(gain=1.0), CONCEPTS, seed=0))
    assert found["warm/slope"].low < 1.0 < found["warm/slope"].high
    assert found["warm/slope"].null < 0.1
    assert found["warm/wrong-way"].value == 0.0


def test_a_direction_that_lowers_its_style_moves_every_prompt_the_wrong_way():
    found = by_name(slope_estimates("t/m", planted_sweep(gain=-0.5), ("warm",), seed=0))
    assert found["warm/slope"].high < 0 and found["warm/wrong-way"].value == 1.0


def test_where_nothing_moves_the_slope_is_zero_and_half_the_prompts_count_as_wrong():
    found = by_name(slope_estimates("t/m", planted_sweep(gain=1.0), ("cold",), seed=0))
    assert found["cold/slope"].value == pytest.approx(0, abs=1e-12)
    still = planted_sweep(gain=0.0, noise=0.0)
    same = tuple(replace(judgement, shares={"warm": 0.25, "cold": 0.5}) for judgement in still.judgements)
    found = by_name(slope_estimates("t/m", replace(still, judgements=same), CONCEPTS, seed=0))
    for style in CONCEPTS:
        wrong = found[f"{style}/wrong-way"]
        assert (wrong.value, wrong.low, wrong.high, wrong.null) == (0.5, 0.5, 0.5, 0.5)


def test_slopes_are_those_of_scipy():
    rng = np.random.default_rng(0)
    strengths, values = np.array([0.0, 0.1, 0.3, 0.7]), rng.random((5, 4))
    np.testing.assert_allclose(slopes(strengths, values), [linregress(strengths, row).slope for row in values])


def test_only_coherent_strengths_are_read_and_at_least_the_weakest():
    assert coherent_strengths(planted_sweep(1.0, broken_from=0.35), "warm") == 3
    assert coherent_strengths(planted_sweep(1.0, broken_from=9.0), "warm") == 4
    assert coherent_strengths(planted_sweep(1.0, broken_from=0.05), "warm") == 1
