"""Planted steering effects come back through plan, arrays and bootstrap, for every arm."""

import numpy as np
import pytest
from planted_sweep import CONCEPTS, SETTINGS, by_name, planted_sweep

from empathy_core.steering.effects import arm_estimates, coherence_estimates, effect_estimates, null_estimates


def test_a_planted_dose_response_is_recovered_with_its_base_rate_and_random_band():
    found = by_name(effect_estimates("t/m", planted_sweep(gain=1.0), CONCEPTS, seed=0))
    assert found["warm/steered/alpha=0/share"].value == pytest.approx(0.25, abs=0.02)
    top = found["warm/steered/alpha=0.4/share"]
    assert top.low < 0.25 + 0.4 < top.high
    assert top.null == pytest.approx(0.25, abs=0.03)
    assert found["cold/steered/alpha=0.4/share"].value == pytest.approx(0.5)


def test_the_opposite_sign_lowers_the_rate_below_the_lower_end_of_the_random_band():
    found = by_name(effect_estimates("t/m", planted_sweep(gain=0.5), CONCEPTS, seed=0))
    assert [found[f"warm/opposed/alpha={a:g}/share"].value for a in (-0.1, -0.2, -0.3, -0.4)] == pytest.approx(
        [0.2, 0.15, 0.1, 0.05], abs=0.02
    )
    weakest = found["warm/opposed/alpha=-0.1/share"]
    assert weakest.high < weakest.null < 0.25
    assert "warm/opposed/alpha=0/share" not in found  # strength 0 is named once


def test_coherence_needs_no_judgement_and_is_a_share_of_replies():
    found = by_name(coherence_estimates("t/m", planted_sweep(1.0, coherent_rate=0.8), ("warm",), seed=0))
    assert found["warm/steered/alpha=0.2/coherent"].value == pytest.approx(0.8, abs=0.2)
    assert found["warm/steered/alpha=0.4/coherent"].value == 0.0
    assert found["warm/opposed/alpha=-0.4/coherent"].value == 0.0
    random = found["warm/opposed/alpha=-0.2/coherent"].null
    assert random == found["warm/steered/alpha=0.2/coherent"].null == pytest.approx(0.8, abs=0.05)
    assert found["warm/steered/alpha=0/coherent"].null is None


def test_null_arms_are_centred_on_the_base_rate_with_one_unit_per_direction():
    found = by_name(null_estimates("t/m", planted_sweep(gain=1.0), ("warm",)))
    random = found["warm/random/alpha=0.3/share"]
    assert random.n == 20 and random.low < random.null < random.high
    assert found["warm/permuted/alpha=0.3/share"].n == 2
    assert "warm/permuted/alpha=0.2/share" not in found  # one strength is enough for a comparison


def test_arms_without_a_vector_stand_beside_the_base_rate_and_are_absent_where_nothing_was_asked():
    found = by_name(arm_estimates("t/m", planted_sweep(gain=1.0), CONCEPTS, seed=0))
    assert found["warm/prompted/share"].value - found["warm/prompted/share"].null == pytest.approx(0.1, abs=0.02)
    assert found["warm/ablated/share"].null == pytest.approx(found["warm/ablated/share"].value, abs=0.02)
    assert "cold/ablated/share" in found and "cold/prompted/share" not in found


def test_means_agree_with_a_loop_over_trials():
    sweep = planted_sweep(gain=1.0)
    found = by_name(effect_estimates("t/m", sweep, ("warm",), seed=0))
    for strength in SETTINGS.strengths:
        shares = [
            judgement.shares["warm"]
            for trial, judgement in zip(sweep.trials, sweep.judgements, strict=True)
            if (trial.arm, trial.target, trial.strength) == ("steered", "warm", strength)
        ]
        assert found[f"warm/steered/alpha={strength:g}/share"].value == pytest.approx(np.mean(shares))
