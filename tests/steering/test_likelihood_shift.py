"""Likelihood shift: planted gains come back, what is common to all replies cancels, and organisms show their truth."""

from dataclasses import replace

import numpy as np
import pytest
from toy import toy_texts

from empathy_core.activations.extract import extract
from empathy_core.activations.settings import ExtractionSettings
from empathy_core.activations.store import point_reader
from empathy_core.contracts import BadInput, Direction, Text, TextSet
from empathy_core.datasets.sources import read_source
from empathy_core.models.load import load_model
from empathy_core.models.specs import resolve
from empathy_core.probes.directions import make_directions
from empathy_core.steering.likelihood import run_pushes, shifts
from empathy_core.steering.likelihood_shift import (
    diagonal_estimates,
    random_diagonal_bound,
    scored_replies,
    shift_estimates,
    style_shifts,
)
from empathy_core.steering.pushes import Pushed, PushSettings, plan_pushes

STYLES = ("warm", "cold", "brisk")
GAIN = np.array([[0.5, -0.1, -0.2], [0.1, 0.4, 0.0], [-0.3, 0.0, 0.6]])
"""Style pushed × style scored."""
SETTINGS = PushSettings(strengths=(0.2,), random_scenarios=10)


def texts_of(n_scenarios, rng=None, replies=1):
    """Held-out replies; register alternates so that every pair of scenarios holds each style once in either."""
    rows = [
        Text(
            f"{scenario}-{style}-{reply}",
            f"s{scenario:03d}",
            "work",
            style,
            "It rained.",
            f"Reply {reply}.",
            register=("formal", "casual")[(scenario + number // 2) % 2],
            split="test",
        )
        for scenario in range(n_scenarios)
        for number, style in enumerate(STYLES)
        for reply in range(replies if rng is None else rng.integers(1, replies + 1))
    ]
    return TextSet("toy", "measured", tuple(rows))


def directions(concepts=STYLES):
    return tuple(Direction(name, "m", 1, np.eye(8)[0], 1.0, 1.0, 9, "m") for name in concepts)


def planted(plan, gain, rng, noise=0.1):
    """Changes with the planted gains, beside changes that all replies of a scenario, or all of a push, share."""
    scenarios, index = np.unique(plan.texts.column("scenario_id"), return_inverse=True)
    style = np.array([STYLES.index(text.style) for text in plan.texts.texts])
    steered = np.array(
        [
            np.sign(push.strength) * gain[STYLES.index(push.concept)][style]
            + rng.standard_normal(len(scenarios))[index]
            + noise * rng.standard_normal(len(style))
            for push in plan.pushes
        ]
    )
    return Pushed(steered, 0.02 * rng.standard_normal((len(plan.random_pushes), len(plan.random_texts))))


def named(estimates):
    return {estimate.name.removeprefix("t/m/likelihood/"): estimate for estimate in estimates}


def test_planted_gains_come_back_less_those_of_the_other_styles():
    plan = plan_pushes(texts_of(60), directions(), SETTINGS)
    pushed = planted(plan, GAIN, np.random.default_rng(0))
    found = named(shift_estimates("t/m", plan, pushed, seed=0))
    truth = GAIN - (GAIN.sum(axis=1, keepdims=True) - GAIN) / 2
    for row, push in enumerate(STYLES):
        for column, score in enumerate(STYLES):
            for sign in (1, -1):
                cell = found[f"push={push}/score={score}/alpha={sign * 0.2:g}/shift"]
                assert cell.value == pytest.approx(sign * truth[row, column], abs=0.05)
                assert cell.low < cell.value < cell.high and cell.n == 60
                assert 0 < sign * cell.null < 0.1
    diagonal = named(diagonal_estimates("t/m", plan, pushed, seed=0))
    assert diagonal["diagonal/alpha=0.2"].value == pytest.approx(np.trace(truth) / 3 * 1.5, abs=0.05)
    assert diagonal["diagonal/alpha=-0.2"].high < diagonal["diagonal/alpha=-0.2"].null < 0


def test_shifts_equal_a_naive_loop_with_several_replies_a_style_and_incomplete_scenarios():
    rng = np.random.default_rng(1)
    whole = texts_of(12, rng, replies=3)
    texts = whole.rows(np.array([text.id[:2] != "5-" or text.style != "cold" for text in whole.texts]))
    changes = rng.standard_normal((4, len(texts)))
    found = style_shifts(texts, changes)
    assert found.shape == (4, 11, 3)
    for push in range(4):
        for place, scenario in enumerate([f"s{n:03d}" for n in range(12) if n != 5]):
            means = {}
            for style in STYLES:
                rows = [i for i, t in enumerate(texts.texts) if t.scenario_id == scenario and t.style == style]
                means[style] = np.mean([changes[push, i] for i in rows])
            for column, style in enumerate(STYLES):
                others = np.mean([means[other] for other in STYLES if other != style])
                assert found[push, place, column] == pytest.approx(means[style] - others)


def test_a_style_that_gains_under_every_push_is_not_selective():
    plan = plan_pushes(texts_of(60), directions(), SETTINGS)
    pushed = planted(plan, np.tile([0.9, 0.0, -0.5], (3, 1)), np.random.default_rng(2))
    diagonal = diagonal_estimates("t/m", plan, pushed, seed=0)[0]
    assert diagonal.low < 0 < diagonal.high
    assert named(shift_estimates("t/m", plan, pushed, seed=0))["push=cold/score=warm/alpha=0.2/shift"].low > 0.5


def test_directions_drawn_like_the_random_ones_pass_the_bound_one_time_in_twenty():
    rng, passed = np.random.default_rng(3), []
    for _ in range(300):
        drawn = rng.standard_normal((43, 3))
        drawn -= drawn.mean(axis=1, keepdims=True)
        # Rows add up to 0, so that what is off the diagonal adds up to minus the diagonal.
        passed.append(abs(np.trace(drawn[:3]) / 2) > random_diagonal_bound(drawn[3:], rng))
    assert 0.02 < np.mean(passed) < 0.09


def test_register_is_scored_within_scenarios_and_styles_do_not_leak_into_it():
    plan = plan_pushes(texts_of(60), directions((*STYLES, "casual")), SETTINGS)
    rng = np.random.default_rng(4)
    casual = plan.texts.column("register") == "casual"
    style = np.array([STYLES.index(text.style) for text in plan.texts.texts])
    steered = np.array(
        [
            0.3 * casual * (push.concept == "casual") * push.strength + np.array([0.0, 5.0, -2.0])[style]
            for push in plan.pushes
        ]
    ) + 0.01 * rng.standard_normal((len(plan.pushes), len(style)))
    random = 0.01 * rng.standard_normal((len(plan.random_pushes), len(plan.random_texts)))
    found = named(shift_estimates("t/m", plan, Pushed(steered, random), seed=0))
    assert found["push=casual/score=casual/alpha=0.2/shift"].value == pytest.approx(0.06, abs=0.01)
    assert found["push=warm/score=casual/alpha=0.2/shift"].value == pytest.approx(0, abs=0.01)


def test_without_both_registers_in_a_scenario_register_is_not_scored():
    texts = texts_of(10)
    formal = replace(texts, texts=tuple(replace(text, register="formal") for text in texts.texts))
    plan = plan_pushes(formal, directions(), SETTINGS)
    found = named(shift_estimates("t/m", plan, planted(plan, GAIN, np.random.default_rng(5)), seed=0))
    assert len(found) == 3 * 3 * 2 and not any("score=casual" in name for name in found)


def test_scored_are_complete_held_out_scenarios_and_the_replies_that_vary_register_alone():
    texts = texts_of(6)
    pair = [replace(t, id=f"r{t.id}", scenario_id="r1", role="register", style=t.register) for t in texts.texts[:2]]
    other = [replace(t, id=f"f{t.id}", role="foil") for t in texts.texts]
    whole = replace(texts, texts=(*texts.texts[1:], *pair, *other))
    assert {t.id for t in scored_replies(whole, "test").texts} == {t.id for t in (*texts.texts[3:], *pair)}


@pytest.mark.parametrize(
    "texts",
    [
        toy_texts(8, styles=("warm",)),
        replace(toy_texts(8), texts=tuple(replace(text, split="train") for text in toy_texts(8).texts)),
        replace(toy_texts(8), texts=tuple(replace(text, scenario_id=text.id) for text in toy_texts(8).texts)),
    ],
    ids=["one style", "no test split", "a scenario for every reply"],
)
def test_where_nothing_can_be_compared_the_rule_is_named(texts):
    with pytest.raises(BadInput, match="two styles or more to one scenario"):
        scored_replies(texts, "test")


def test_a_diagonal_has_no_null_with_fewer_random_directions_than_styles():
    with pytest.raises(BadInput, match="a random direction for each style"):
        random_diagonal_bound(np.zeros((2, 3)), np.random.default_rng(0))


@pytest.fixture(scope="module")
def diagonal_of(tmp_path_factory):
    """The diagonals of an organism, with directions from one half of the lexical families and replies in the other."""
    texts, store = read_source("organism"), tmp_path_factory.mktemp("store")

    def measure(name):
        loaded = load_model(resolve(name))
        activations = extract(loaded, texts, store, ExtractionSettings(points="middle", pools="mean"))
        found = make_directions(point_reader(activations, "mean"), activations, texts, permutations=0)
        styles = [direction for direction in found.steered if direction.concept != "casual"]
        plan = plan_pushes(scored_replies(texts, "test"), styles, PushSettings((0.15,), 12, 8))
        return plan, run_pushes(loaded, plan, shifts)

    return measure


def test_pushing_the_persistent_organism_along_a_style_makes_unseen_words_of_that_style_likelier(diagonal_of):
    plan, pushed = diagonal_of("persistent")
    up, down = diagonal_estimates("t/m", plan, pushed, seed=0)
    assert up.low > up.null > 0 and down.high < down.null < 0
    cells = named(shift_estimates("t/m", plan, pushed, seed=0))
    for style in plan.texts.main_styles:
        own = cells[f"push={style}/score={style}/alpha=0.15/shift"]
        assert own.low > 0 and own.value > own.null


def test_pushing_the_scrambled_organism_along_a_style_does_not(diagonal_of):
    for estimate in diagonal_estimates("t/m", *diagonal_of("scrambled"), seed=0):
        assert abs(estimate.value) < abs(estimate.null)
        assert estimate.low <= 0 <= estimate.high
