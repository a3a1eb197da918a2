"""Steering range: planted ends recovered, and no range where nothing happens."""

from dataclasses import replace

import numpy as np
import pytest
from planted_sweep import CONCEPTS, planted_sweep

from empathy_core.steering.judges import Judgement
from empathy_core.steering.judges.interface import no_verdict
from empathy_core.steering.range import (
    coherent_steps,
    opposed_ranges,
    permuted_ranges,
    random_band,
    range_estimates,
    relative_coherence,
    steering_range,
    steering_ranges,
)

STRENGTHS = np.array([0.1, 0.2, 0.3, 0.4])
EFFECT = np.array([0.1, 0.3, 0.5, 0.6])
NULLS = np.linspace(-0.05, 0.05, 20)[:, None] * np.ones(4)


def test_the_end_is_interpolated_where_coherence_crosses_its_limit():
    found = steering_range(STRENGTHS, EFFECT, np.array([1.0, 0.9, 0.5, 0.1]), NULLS)
    assert found == pytest.approx(0.25)


def test_a_direction_coherent_to_the_last_strength_has_that_strength_as_range():
    assert steering_range(STRENGTHS, EFFECT, np.ones(4), NULLS) == 0.4


def test_a_direction_without_effect_has_no_range_however_coherent():
    assert steering_range(STRENGTHS, np.zeros(4), np.ones(4), NULLS) == 0.0


def test_an_effect_that_comes_only_after_coherence_is_lost_counts_for_nothing():
    assert steering_range(STRENGTHS, np.array([0.0, 0.0, 0.9, 0.9]), np.array([1, 0.9, 0.1, 0.1]), NULLS) == 0.0


def test_replies_broken_at_the_first_strength_give_no_range():
    assert steering_range(STRENGTHS, EFFECT, np.full(4, 0.2), NULLS) == 0.0


def test_coherence_that_recovers_after_a_break_does_not_count():
    assert steering_range(STRENGTHS, EFFECT, np.array([1.0, 0.4, 1.0, 1.0]), NULLS) == pytest.approx(0.15)


def test_a_random_direction_passes_for_steering_at_most_about_one_time_in_twenty():
    rng = np.random.default_rng(0)
    found = [
        steering_range(STRENGTHS, draws[0], np.ones(4), draws[1:]) > 0
        for draws in rng.standard_normal((400, 41, 4)).cumsum(axis=2)
    ]
    assert 0.02 <= np.mean(found) <= 0.10


def test_coherence_relative_to_a_model_that_never_is_coherent_is_zero():
    assert not relative_coherence(np.zeros((3, 4)), np.zeros(3)).any()
    assert np.allclose(relative_coherence(np.full((1, 4), 0.6), np.array([0.8])), 0.75)


def test_the_band_is_a_quantile_per_strength():
    assert np.allclose(random_band(NULLS), np.quantile(NULLS[:, 0], 0.95))


def test_the_coherent_strengths_end_at_the_first_break():
    assert coherent_steps(np.array([1.0, 0.7, 0.6, 0.9])) == 2
    assert coherent_steps(np.array([0.1, 0.9])) == 0
    assert coherent_steps(np.ones(3)) == 3


def test_the_range_ends_where_replies_fall_apart_and_only_for_the_direction_that_works():
    warm, cold = steering_ranges(planted_sweep(gain=1.0), CONCEPTS, seed=0)
    assert 0.3 < warm.value < 0.4 and warm.draws.min() > 0
    assert cold.value == 0.0 and not cold.draws.any()


def test_a_range_without_an_effect_is_zero_however_coherent():
    for ranges in (steering_ranges, opposed_ranges):
        warm = ranges(planted_sweep(gain=0.0, broken_from=9.0), ("warm",), seed=0)[0]
        assert warm.value == 0.0
        assert np.quantile(warm.draws, 0.5) == 0.0


def test_steering_away_has_a_range_where_the_rate_falls_and_its_strengths_have_no_sign():
    warm, cold = opposed_ranges(planted_sweep(gain=0.5), CONCEPTS, seed=0)
    assert 0.3 < warm.value < 0.4 and warm.draws.min() > 0
    assert cold.value == 0.0
    [named] = range_estimates("t/m", (warm,), 30, "range-opposed")
    assert named.name == "t/m/write/warm/range-opposed" and named.null == 0.0


def test_a_concept_that_is_never_there_has_no_room_to_fall_and_is_left_out():
    sweep = planted_sweep(gain=1.0)
    absent = [replace(judgement, shares={"warm": 0.0, "cold": 0.5}) for judgement in sweep.judgements]
    assert [found.concept for found in opposed_ranges(replace(sweep, judgements=tuple(absent)), CONCEPTS, 0)] == [
        "cold"
    ]


def test_a_fall_that_is_no_more_than_the_share_of_broken_replies_is_no_effect():
    sweep, rng = planted_sweep(gain=0.0, broken_from=9.0, noise=0.0), np.random.default_rng(0)
    broken = np.array([trial.arm == "opposed" and rng.random() < 0.25 for trial in sweep.trials])
    lost = [
        replace(judgement, shares={"warm": 0.0, "cold": 0.0}) if broke else judgement
        for judgement, broke in zip(sweep.judgements, broken, strict=True)
    ]
    fallen = replace(sweep, judgements=tuple(lost), coherent=np.where(broken, 0.0, 1.0))
    for found in opposed_ranges(fallen, CONCEPTS, seed=0):
        assert np.median(found.draws) == 0.0


def test_a_random_direction_that_breaks_replies_does_not_make_doing_nothing_an_effect():
    idle = planted_sweep(gain=0.0, broken_from=9.0)
    broken = [
        Judgement({"warm": 0.0, "cold": 0.0}, 0.0, False) if trial.arm == "random" else judgement
        for trial, judgement in zip(idle.trials, idle.judgements, strict=True)
    ]
    for found in steering_ranges(replace(idle, judgements=tuple(broken)), CONCEPTS, seed=0):
        assert np.quantile(found.draws, 0.025) == 0.0


def test_without_verdicts_on_the_random_arm_a_range_is_unknown_and_not_zero():
    sweep = planted_sweep(gain=1.0)
    unread = [
        no_verdict(CONCEPTS, "not asked") if trial.arm == "random" else judgement
        for trial, judgement in zip(sweep.trials, sweep.judgements, strict=True)
    ]
    [warm] = steering_ranges(replace(sweep, judgements=tuple(unread)), ("warm",), seed=0)
    assert np.isnan(warm.value) and np.isnan(warm.draws).all()


def test_directions_of_permuted_labels_that_do_nothing_have_no_range_and_those_that_work_have_all_of_it():
    sweep = planted_sweep(gain=1.0)
    assert permuted_ranges(sweep, ("cold",)).tolist() == [0.0, 0.0]
    moved = [
        replace(judgement, shares={"warm": 0.9, "cold": 0.5})
        if (trial.arm, trial.draw) == ("permuted", 1)
        else judgement
        for trial, judgement in zip(sweep.trials, sweep.judgements, strict=True)
    ]
    assert permuted_ranges(replace(sweep, judgements=tuple(moved)), CONCEPTS).tolist() == [0.0, 0.2]
