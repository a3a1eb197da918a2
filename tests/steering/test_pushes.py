"""Pushes: every direction at both signs of every strength, and random directions of the same length beside them."""

from dataclasses import replace

import numpy as np
import pytest
from toy import toy_texts

from empathy_core.contracts import BadInput, Direction
from empathy_core.steering.pushes import PushSettings, plan_pushes, random_units, some_scenarios

UNIT = np.full(16, 0.25)
DIRECTIONS = tuple(
    Direction(name, "m", 2, sign * UNIT, 3.0, 8.0, 10, "m") for name, sign in (("warm", 1), ("cold", -1))
)


def test_a_push_adds_its_strength_in_mean_residual_norms_at_the_direction_s_point():
    plan = plan_pushes(toy_texts(), DIRECTIONS, PushSettings(strengths=(0.5, 2.0)))
    found = {(push.concept, push.strength): push.edits for push in plan.pushes}
    assert list(found) == [(name, strength) for name in ("warm", "cold") for strength in (0.5, -0.5, 2.0, -2.0)]
    assert found["warm", 2.0].keys() == {2} and found["warm", 2.0][2].added == pytest.approx(16 * UNIT)
    assert found["cold", -0.5][2].added == pytest.approx(4 * UNIT)
    assert not found["warm", 2.0][2].held.size


def test_random_pushes_have_the_length_of_the_real_ones_and_share_their_directions_over_strengths():
    plan = plan_pushes(toy_texts(), DIRECTIONS, PushSettings(strengths=(0.5, 2.0), random_directions=7))
    added = np.array([push.edits[2].added for push in plan.random_pushes]).reshape(7, 2, 16)
    assert np.linalg.norm(added, axis=2) == pytest.approx(np.tile([4.0, 16.0], (7, 1)))
    assert added[:, 1] == pytest.approx(4 * added[:, 0])
    again = plan_pushes(toy_texts(), DIRECTIONS, PushSettings(strengths=(0.5, 2.0), random_directions=7))
    assert np.array_equal(added[:, 0], [push.edits[2].added for push in again.random_pushes[::2]])


def test_random_units_point_everywhere_alike():
    units = random_units(20_000, 5, np.random.default_rng(0))
    assert np.linalg.norm(units, axis=1) == pytest.approx(np.ones(20_000))
    assert units.mean(axis=0) == pytest.approx(np.zeros(5), abs=0.02)
    assert units.T @ units / 20_000 == pytest.approx(np.eye(5) / 5, abs=0.01)


def test_random_directions_are_tried_on_whole_scenarios_of_every_role():
    texts = toy_texts(12)
    controls = tuple(replace(t, id=f"c{t.id}", scenario_id=f"c{t.scenario_id}", role="register") for t in texts.texts)
    both = replace(texts, texts=texts.texts + controls)
    found = some_scenarios(both, 5, np.random.default_rng(0))
    for role in ("main", "register"):
        rows = found.rows(found.column("role") == role)
        assert len(set(rows.column("scenario_id"))) == 5 and len(rows) == 10
    assert some_scenarios(both, 99, np.random.default_rng(0)) == both


@pytest.mark.parametrize("settings", [{"strengths": ()}, {"strengths": (0.1, -0.1)}, {"random_directions": 0}])
def test_settings_without_a_push_or_a_null_are_refused(settings):
    with pytest.raises(BadInput, match="positive strengths"):
        PushSettings(**settings)
