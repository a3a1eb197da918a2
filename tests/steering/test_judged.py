"""Judged trials as arrays, where some replies have no verdict."""

from dataclasses import replace

import numpy as np
import pytest
from planted_sweep import planted_sweep

from empathy_core.steering.judged import (
    bootstrap_weights,
    by_strength,
    dose_response,
    parses,
    present_mean,
    rates,
    strengths,
    unsteered,
    weighted_means,
)
from empathy_core.steering.judges.interface import no_verdict


def test_arrays_hold_each_trial_at_its_place_with_the_weakest_strength_first():
    sweep = planted_sweep(gain=1.0)
    values = np.arange(len(sweep.trials), dtype=float)
    found = by_strength(sweep, values, "opposed", "warm")
    assert strengths(sweep, "opposed") == (-0.1, -0.2, -0.3, -0.4)
    for draw, prompt, step in ((0, 0, 0), (0, 7, 3), (0, 29, 1)):
        trial = sweep.trials[int(found[draw, prompt, step])]
        assert (trial.arm, trial.target, trial.draw, trial.prompt) == ("opposed", "warm", draw, prompt)
        assert trial.strength == strengths(sweep, "opposed")[step]


def test_a_reply_without_a_verdict_counts_nowhere():
    sweep = planted_sweep(gain=0.0, noise=0.0)
    missing = [
        no_verdict(("warm", "cold"), "refused") if trial.draw == 1 else judgement
        for trial, judgement in zip(sweep.trials, sweep.judgements, strict=True)
    ]
    partly = replace(sweep, judgements=tuple(missing))
    assert np.isnan(rates(partly, "warm")).any() and np.isnan(parses(partly)).any()
    np.testing.assert_allclose(unsteered(partly, rates(partly, "warm")), unsteered(sweep, rates(sweep, "warm")))
    curves = [dose_response(of, rates(of, "warm"), "warm") for of in (sweep, partly)]
    np.testing.assert_allclose(curves[0], curves[1])


def test_means_over_draws_are_those_of_numpy_and_skip_prompts_without_a_value():
    rng = np.random.default_rng(0)
    values, weights = rng.random((6, 3)), rng.integers(0, 3, (5, 6)).astype(float)
    expected = [np.average(values, axis=0, weights=row) for row in weights]
    np.testing.assert_allclose(weighted_means(values, weights), expected)
    values[2, 1] = np.nan
    there = np.arange(6) != 2
    expected = [np.average(values[there, 1], weights=row[there]) for row in weights]
    np.testing.assert_allclose(weighted_means(values, weights)[:, 1], expected)
    assert np.isnan(weighted_means(np.full((6, 1), np.nan), weights)).all()
    assert np.isnan(present_mean(np.full((2, 2), np.nan), (0,))).all()


def test_the_bootstrap_draws_whole_scenarios_and_begins_with_the_sample_itself():
    sweep = planted_sweep(gain=0.0)
    doubled = (*sweep.prompts, *sweep.prompts)
    weights = bootstrap_weights(doubled, seed=0)
    assert (weights[0] == 1).all()
    np.testing.assert_array_equal(weights[:, : len(sweep.prompts)], weights[:, len(sweep.prompts) :])
    assert weights[1:].sum(axis=1) == pytest.approx(2 * len(sweep.prompts))
