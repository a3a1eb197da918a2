"""Side effects: planted divergences and losses come back, over scenarios and beside those of random directions."""

from dataclasses import replace

import numpy as np
import pytest
from toy import toy_texts

from empathy_core.contracts import BadInput, Direction
from empathy_core.models.load import load_model
from empathy_core.models.specs import resolve
from empathy_core.steering.likelihood import departures, negative_log_likelihood, run_pushes
from empathy_core.steering.pushes import Pushed, PushSettings, plan_pushes
from empathy_core.steering.side_effects import neutral_texts, side_effect_estimates

SETTINGS = PushSettings(strengths=(0.2, 0.4), random_scenarios=8)


def directions(width=8):
    unit = np.full(width, width**-0.5)
    return tuple(Direction(name, "m", 2, sign * unit, 1.0, 20.0, 9, "m") for name, sign in (("warm", 1), ("cold", -1)))


def named(estimates):
    return {estimate.name.removeprefix("t/m/write/"): estimate for estimate in estimates}


def test_planted_divergence_and_loss_come_back_with_scenarios_as_units():
    rng = np.random.default_rng(0)
    plan = plan_pushes(neutral_texts(toy_texts(160)), directions(), SETTINGS)
    divergence = np.array([abs(push.strength) for push in plan.pushes])
    change = np.array([-0.1 if push.strength == 0.4 else 0.05 for push in plan.pushes])
    _, index = np.unique(plan.texts.column("scenario_id"), return_inverse=True)
    shared = 0.1 * rng.standard_normal(40)
    pushed = Pushed(
        np.stack([divergence, change], axis=1)[..., None] + shared[index],
        np.full((40, 2, len(plan.random_texts)), [[0.01], [-0.02]]),
    )
    found = named(side_effect_estimates("t/m", plan, pushed, seed=0))
    assert len(found) == 2 * 4 * 2
    kl, ratio = (found[f"warm/side-effects/alpha=0.4/{quantity}"] for quantity in ("kl", "perplexity-ratio"))
    assert kl.value == pytest.approx(0.4 + shared.mean()) and kl.low < 0.4 < kl.high and kl.n == 40
    assert ratio.value == pytest.approx(np.exp(0.1 - shared.mean())) and ratio.low < np.exp(0.1) < ratio.high
    # Texts of one scenario move together: over 80 texts as units the interval would be narrower by the root of 2.
    assert kl.high - kl.low == pytest.approx(2 * 1.96 * shared.std() / np.sqrt(40), rel=0.15)
    assert (kl.null, ratio.null) == pytest.approx((0.01, np.exp(0.02)))


def test_the_null_is_the_bound_of_the_random_directions_of_that_strength():
    plan = plan_pushes(neutral_texts(toy_texts(40)), directions(), SETTINGS)
    rng = np.random.default_rng(1)
    random = np.abs(rng.standard_normal((40, 2, len(plan.random_texts))))
    found = named(side_effect_estimates("t/m", plan, Pushed(np.zeros((8, 2, 20)), random), seed=0))
    for strength in (0.2, 0.4, -0.2, -0.4):
        of_directions = [
            random[row, 0].mean() for row, push in enumerate(plan.random_pushes) if push.strength == abs(strength)
        ]
        assert len(of_directions) == 20
        assert found[f"cold/side-effects/alpha={strength:g}/kl"].null == pytest.approx(np.quantile(of_directions, 0.95))


def test_a_push_that_changes_nothing_has_no_side_effects_and_no_spread():
    plan = plan_pushes(neutral_texts(toy_texts(40)), directions(), SETTINGS)
    nothing = Pushed(np.zeros((8, 2, len(plan.texts))), np.zeros((40, 2, len(plan.random_texts))))
    for estimate in side_effect_estimates("t/m", plan, nothing, seed=0):
        expected = 0.0 if estimate.name.endswith("kl") else 1.0
        assert (estimate.value, estimate.low, estimate.high, estimate.null) == (expected,) * 4


def test_on_a_model_the_ratio_is_that_of_its_perplexities_and_divergence_grows_with_strength(tiny_llama_folder):
    loaded = load_model(resolve(tiny_llama_folder))
    plan = plan_pushes(neutral_texts(toy_texts(16)), directions(32), PushSettings((0.01, 0.02), 4, 2))
    estimates = named(side_effect_estimates("t/m", plan, run_pushes(loaded, plan, departures), seed=0))
    columns = [text.scenario for text in plan.texts.texts], [text.response for text in plan.texts.texts]
    before = np.exp(negative_log_likelihood(loaded, *columns))
    for push in plan.pushes:
        after = np.exp(negative_log_likelihood(loaded, *columns, [push.edits] * len(plan.texts)))
        ratio = estimates[f"{push.concept}/side-effects/alpha={push.strength:g}/perplexity-ratio"]
        assert ratio.value == pytest.approx(np.prod(after / before) ** (1 / len(plan.texts)), rel=1e-5)
    # A divergence is of second order in a small push, so twice the push is four times the divergence.
    small, large = (estimates[f"warm/side-effects/alpha={strength}/kl"].value for strength in (0.01, 0.02))
    assert small > 0 and large / small == pytest.approx(4, rel=0.15)


def test_neutral_texts_are_held_out_controls_and_the_main_replies_only_where_there_are_none():
    texts = toy_texts(8)
    assert {text.id for text in neutral_texts(texts).texts} == {t.id for t in texts.texts if t.split == "test"}
    roles = ("neutral", "valence_stripped", "non_empathic", "foil", "emotion")
    controls = [replace(text, id=f"{role}-{text.id}", role=role) for role in roles for text in texts.texts]
    found = neutral_texts(replace(texts, texts=(*texts.texts, *controls)))
    assert set(found.column("role")) == set(roles[:3]) and set(found.column("split")) == {"test"}
    assert len(found) == 3 * 2 * 2


def test_without_held_out_texts_the_rule_is_named():
    texts = toy_texts(8)
    with pytest.raises(BadInput, match="two held-out scenarios"):
        neutral_texts(replace(texts, texts=tuple(replace(text, split="train") for text in texts.texts)))
