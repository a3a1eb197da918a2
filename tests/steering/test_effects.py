"""Planted steering effects come back through plan, arrays, bootstrap and range."""

from dataclasses import replace

import numpy as np
import pytest
from toy import toy_texts

from empathy_core.contracts import BadInput, Direction
from empathy_core.probes.directions import DirectionSet
from empathy_core.steering.effects import Sweep, coherence_estimates, effect_estimates, null_estimates, steering_ranges
from empathy_core.steering.judges import Judgement
from empathy_core.steering.sweep import SweepSettings, additions, held_out_prompts, plan, rows

SETTINGS = SweepSettings(strengths=(0.1, 0.2, 0.3, 0.4), prompts=30, random_directions=20)
TEXTS = toy_texts(160)


def direction(concept, axis):
    return Direction(concept, "m", 2, np.eye(5)[axis], 3.0, 2.0, 10, "test")


def directions(permuted=2):
    real = (direction("warm", 0), direction("cold", 1))
    return DirectionSet(real, ((direction("warm", 2), direction("cold", 3)),) * permuted, {})


def sweep(gain, broken_from=0.35, coherent_rate=1.0, seed=0):
    """Replies whose warm share rises by `gain` per unit of strength under the warm direction and under no other."""
    rng = np.random.default_rng(seed)
    trials = plan(directions(), SETTINGS, with_nulls=True)
    base = rng.uniform(0.2, 0.3, SETTINGS.prompts)
    judgements, coherent = [], []
    for trial in trials:
        pushed = trial.arm == "steered" and trial.target == "warm"
        noise = 0.0 if trial.arm == "none" else rng.normal(0, 0.02)
        share = base[trial.prompt] + gain * trial.strength * pushed + noise
        judgements.append(Judgement({"warm": share, "cold": 0.5}, bool(rng.random() < 0.5), True, False, False))
        coherent.append(trial.strength < broken_from and rng.random() < coherent_rate)
    replies = ("",) * len(trials)
    return Sweep(
        SETTINGS, held_out_prompts(TEXTS, SETTINGS), trials, replies, np.array(coherent, dtype=float), tuple(judgements)
    )


def by_name(estimates):
    return {estimate.name: estimate for estimate in estimates}


def test_a_planted_dose_response_is_recovered_with_its_base_rate_and_random_band():
    found = by_name(effect_estimates("t/m", sweep(gain=1.0), ("warm", "cold"), seed=0))
    assert found["t/m/write/warm/steered/alpha=0/share"].value == pytest.approx(0.25, abs=0.02)
    top = found["t/m/write/warm/steered/alpha=0.4/share"]
    assert top.low < 0.25 + 0.4 < top.high
    assert top.null == pytest.approx(0.25, abs=0.03)
    assert found["t/m/write/cold/steered/alpha=0.4/share"].value == pytest.approx(0.5)


def test_a_random_direction_that_breaks_replies_does_not_make_doing_nothing_an_effect():
    idle = sweep(gain=0.0, broken_from=9.0)
    broken = [
        Judgement({"warm": 0.0, "cold": 0.0}, False, False, False, False) if trial.arm == "random" else judgement
        for trial, judgement in zip(idle.trials, idle.judgements, strict=True)
    ]
    for found in steering_ranges(replace(idle, judgements=tuple(broken)), ("warm", "cold"), seed=0):
        assert np.quantile(found.draws, 0.025) == 0.0


def test_the_range_ends_where_replies_fall_apart_and_only_for_the_direction_that_works():
    warm, cold = steering_ranges(sweep(gain=1.0), ("warm", "cold"), seed=0)
    assert 0.3 < warm.value < 0.4 and warm.draws.min() > 0
    assert cold.value == 0.0 and not cold.draws.any()


def test_a_range_without_an_effect_is_zero_however_coherent():
    [warm] = steering_ranges(sweep(gain=0.0, broken_from=9.0), ("warm",), seed=0)
    assert warm.value == 0.0
    assert np.quantile(warm.draws, 0.5) == 0.0


def test_coherence_needs_no_judgement_and_is_a_share_of_replies():
    found = by_name(coherence_estimates("t/m", sweep(1.0, coherent_rate=0.8), ("warm",), seed=0))
    assert found["t/m/write/warm/steered/alpha=0.2/coherent"].value == pytest.approx(0.8, abs=0.2)
    assert found["t/m/write/warm/steered/alpha=0.4/coherent"].value == 0.0


def test_null_arms_are_centred_on_the_base_rate_with_one_unit_per_direction():
    found = by_name(null_estimates("t/m", sweep(gain=1.0), ("warm",)))
    random = found["t/m/write/warm/random/alpha=0.3/share"]
    assert random.n == 20 and random.low < random.null < random.high
    assert found["t/m/write/warm/permuted/alpha=0.3/share"].n == 2
    assert "t/m/write/warm/permuted/alpha=0.2/share" not in found  # one strength is enough for a comparison


def test_additions_have_the_norm_of_strength_times_residual_norm_and_none_is_zero():
    trials = plan(directions(), SETTINGS, with_nulls=True)
    norms = np.linalg.norm(additions(trials, directions(), SETTINGS), axis=1)
    assert np.allclose(norms, [2.0 * trial.strength for trial in trials])


def test_random_directions_differ_between_draws_and_are_shared_by_prompts_and_strengths():
    trials = [t for t in plan(directions(), SETTINGS, with_nulls=True) if t.arm == "random"]
    vectors = additions(trials, directions(), SETTINGS)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert len(np.unique(unit.round(9), axis=0)) == SETTINGS.random_directions


def test_all_arms_share_prompts_and_seeds_and_no_prompt_is_a_training_scenario():
    trials = plan(directions(), SETTINGS, with_nulls=True)
    prompts = held_out_prompts(TEXTS, SETTINGS)
    train = {text.scenario_id for text in TEXTS.texts if text.split == "train"}
    assert not train & {prompt.scenario_id for prompt in prompts}
    seeds = {}
    for trial, row in zip(trials, rows(trials, prompts), strict=True):
        repeat = trial.draw if trial.arm in ("none", "steered") else 0
        assert seeds.setdefault((trial.prompt, repeat), row.seed) == row.seed
    assert len(set(seeds.values())) == SETTINGS.prompts * SETTINGS.repeats


def test_without_a_judge_only_the_steered_arms_are_generated():
    arms = {trial.arm for trial in plan(directions(), SETTINGS, with_nulls=False)}
    assert arms == {"none", "steered"}


def test_a_set_without_held_out_scenarios_is_refused_before_anything_is_generated():
    train = replace(TEXTS, texts=tuple(text for text in TEXTS.texts if text.split == "train"))
    with pytest.raises(BadInput, match="held-out scenarios"):
        held_out_prompts(train, SETTINGS)


def test_too_few_prompts_to_calibrate_coherence_are_refused_before_anything_is_generated():
    with pytest.raises(BadInput, match=r"at least 20 unsteered replies.*raise --prompts to 7"):
        SweepSettings(prompts=5)
