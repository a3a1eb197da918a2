"""Prompts are held out, arms are complete, and settings that cannot work are refused before anything is generated."""

from dataclasses import replace

import pytest
from planted_sweep import SETTINGS, contexts, directions
from toy import toy_texts

from empathy_core.contracts import BadInput, Text
from empathy_core.steering.sweep import SweepSettings, held_out_prompts, plan

TEXTS = toy_texts(8)
SMALL = SweepSettings(prompts=8)


def test_prompts_are_held_out_scenarios_of_main_texts_only():
    control = Text("c", "elsewhere", "work", "happy", "How was it?", "Fine.", role="emotion", split="test")
    prompts = held_out_prompts(replace(TEXTS, texts=(*TEXTS.texts, control)), SMALL)
    assert {prompt.scenario_id for prompt in prompts} == {"s6", "s7"}


def test_a_repeated_scenario_has_another_seed():
    prompts = held_out_prompts(TEXTS, SMALL)
    assert len({(prompt.scenario_id, prompt.seed) for prompt in prompts}) == 8


def test_a_set_without_held_out_scenarios_is_refused():
    train = replace(TEXTS, texts=tuple(replace(text, split="train") for text in TEXTS.texts))
    with pytest.raises(BadInput, match="in the test split"):
        held_out_prompts(train, SMALL)


def test_a_scenario_in_both_splits_is_refused():
    leaked = replace(TEXTS.texts[-1], id="leaked", split="train")
    with pytest.raises(BadInput, match=r"1 scenarios in both splits, one of them s7"):
        held_out_prompts(replace(TEXTS, texts=(*TEXTS.texts, leaked)), SMALL)


def test_every_arm_is_planned_and_without_a_judge_only_the_steered_ones():
    prompts = held_out_prompts(toy_texts(160), SETTINGS)
    arms = {trial.arm for trial in plan(directions(), prompts, SETTINGS, True, ("warm",), contexts())}
    assert arms == set("none steered opposed random permuted ablated prompted".split()) | {
        "own context",
        "other context",
    }
    unjudged = plan(directions(), prompts, SETTINGS, False, ("warm",), contexts())
    assert {trial.arm for trial in unjudged} == {"none", "steered"}


@pytest.mark.parametrize("strengths", [(), (0.0, 0.3), (0.3, 0.15), (0.3, 0.3), (-0.3,)])
def test_strengths_that_are_not_positive_and_increasing_are_refused(strengths):
    with pytest.raises(BadInput, match="positive and increasing"):
        SweepSettings(strengths=strengths)


def test_too_few_prompts_to_calibrate_coherence_are_refused_before_anything_is_generated():
    with pytest.raises(BadInput, match=r"at least 20 unsteered replies.*raise --prompts to 7"):
        SweepSettings(prompts=5)


def test_an_experiment_without_a_null_is_refused():
    with pytest.raises(BadInput, match="0 random directions"):
        SweepSettings(random_directions=0)
