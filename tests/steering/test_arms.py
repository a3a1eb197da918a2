"""What each arm does to prompt, seed and residual stream."""

from dataclasses import replace

import numpy as np
import pytest
from planted_sweep import SETTINGS, TEXTS, contexts, directions

from empathy_core.organisms.corpus import organism_texts
from empathy_core.organisms.score import parse_prompt
from empathy_core.organisms.templates import ROLES
from empathy_core.steering.arms import arm_rows
from empathy_core.steering.prompted import INSTRUCTIONS, ask_for, askable
from empathy_core.steering.sampling import Row
from empathy_core.steering.sweep import held_out_prompts, plan

PROMPTS = held_out_prompts(TEXTS, SETTINGS)
DIRECTIONS = directions()
TRIALS = plan(DIRECTIONS, PROMPTS, SETTINGS, True, (), contexts())
ROWS = arm_rows(TRIALS, PROMPTS, DIRECTIONS, SETTINGS, contexts())


def rows_of(*arms):
    return [(trial, row) for trial, row in zip(TRIALS, ROWS, strict=True) if trial.arm in arms]


def test_what_is_added_has_the_norm_of_strength_times_residual_norm_and_none_adds_nothing():
    for trial, row in rows_of("steered", "opposed", "random", "permuted", "own context", "other context"):
        [(point, edit)] = row.edits.items()
        assert point == 2 and not edit.held.size
        assert np.linalg.norm(edit.added) == pytest.approx(2.0 * abs(trial.strength))
    assert all(row.edits == {} for _, row in rows_of("none"))


def test_the_opposite_arm_subtracts_what_the_steered_one_adds():
    steered = {(t.target, t.strength, t.prompt): row.edits[2].added for t, row in rows_of("steered")}
    for trial, row in rows_of("opposed"):
        np.testing.assert_array_equal(row.edits[2].added, -steered[trial.target, -trial.strength, trial.prompt])


def test_random_directions_differ_between_draws_and_are_shared_by_prompts_and_strengths():
    units = [row.edits[2].added / np.linalg.norm(row.edits[2].added) for _, row in rows_of("random")]
    assert len(np.unique(np.round(units, 9), axis=0)) == SETTINGS.random_directions


def test_ablation_projects_the_concept_out_at_every_point_and_adds_nothing():
    for trial, row in rows_of("ablated"):
        assert set(row.edits) == {0, 1, 2}
        axis = {"warm": 0, "cold": 1}[trial.target]
        assert all(np.array_equal(edit.basis[:, 0], np.eye(5)[axis]) for edit in row.edits.values())
        assert not any(edit.added.any() for edit in row.edits.values())


def test_each_prompt_meets_the_direction_of_its_own_half_of_the_contexts_and_of_the_other():
    for arm, axis in (("own context", 0), ("other context", 4)):
        assert all(row.edits[2].added[axis] > 0 for _, row in rows_of(arm))


def test_all_arms_share_prompts_and_seeds():
    seeds = {}
    for trial, row in zip(TRIALS, ROWS, strict=True):
        repeat = 0 if trial.arm in ("random", "permuted") else trial.draw
        assert seeds.setdefault((trial.prompt, repeat), row.seed) == row.seed
        assert row.scenario == PROMPTS[trial.prompt].scenario
    assert len(set(seeds.values())) == SETTINGS.prompts * SETTINGS.repeats


def test_contexts_without_training_texts_are_left_out_of_transfer():
    prompts = (replace(PROMPTS[0], context="elsewhere"), *PROMPTS[1:])
    trials = plan(DIRECTIONS, prompts, SETTINGS, True, (), contexts())
    assert {trial.prompt for trial in trials if trial.arm == "own context"} == set(range(1, len(prompts)))


def test_an_organism_is_asked_by_its_helpers_role_and_nothing_else_of_the_prompt_changes():
    for text in organism_texts(8).texts:
        for style in ("cognitive", "affective", "instrumental"):
            asked = ask_for(style, Row(text.scenario, 0))
            before, after = parse_prompt(text.scenario), parse_prompt(asked.scenario)
            assert ROLES[after.role] == style and replace(after, role=before.role) == before
            assert asked.instruction == ""


def test_natural_prompts_are_asked_by_a_sentence_before_an_unchanged_scenario():
    asked = ask_for("affective", Row("My boss is the nurse: she shouts.", 3))
    assert asked == Row("My boss is the nurse: she shouts.", 3, instruction=INSTRUCTIONS["affective"])


def test_only_what_words_can_ask_for_is_asked_for():
    assert askable(organism_texts(4), ("cognitive", "casual")) == ("cognitive",)
    assert askable(TEXTS, ("affective", "casual", "warm")) == ("affective", "casual")
