"""Steering range: planted ends recovered, and no range where nothing happens."""

import numpy as np
import pytest

from empathy_core.steering.range import random_band, relative_coherence, steering_range

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
