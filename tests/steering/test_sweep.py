from dataclasses import replace

import pytest
from toy import toy_texts

from empathy_core.contracts import BadInput, Text
from empathy_core.steering.sweep import SweepSettings, held_out_prompts


def test_prompts_are_held_out_scenarios_of_main_texts_only():
    texts = toy_texts(8)
    control = Text("c", "elsewhere", "work", "happy", "How was it?", "Fine.", role="emotion", split="test")
    prompts = held_out_prompts(replace(texts, texts=(*texts.texts, control)), SweepSettings(prompts=8))
    assert {prompt.scenario_id for prompt in prompts} == {"s6", "s7"}


def test_a_repeated_scenario_has_another_seed():
    prompts = held_out_prompts(toy_texts(8), SweepSettings(prompts=8))
    assert len({(prompt.scenario_id, prompt.seed) for prompt in prompts}) == 8


def test_a_set_without_held_out_scenarios_is_refused():
    texts = toy_texts(4)
    with pytest.raises(BadInput, match="in the test split"):
        held_out_prompts(replace(texts, texts=tuple(replace(t, split="train") for t in texts.texts)), SweepSettings())
