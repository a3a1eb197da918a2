"""Ablation: planted persistence comes back; openings come from held-out texts of every style."""

from dataclasses import replace

import numpy as np
import pytest
from toy import toy_texts

from empathy_core.steering.judges import Judgement
from empathy_core.steering.persistence import (
    Continuations,
    opened_rows,
    persistence_estimates,
    random_subspaces,
    single_style_estimates,
    whole_replies,
)
from empathy_core.steering.sweep import SweepSettings, held_out_prompts


def judgements(rate, n, rng):
    return tuple(
        Judgement({}, casual=1.0, parses=True, keeps_style=bool(kept), switches_style=not kept)
        for kept in rng.random(n) < rate
    )


def test_planted_rates_come_back_with_the_random_subspaces_as_null():
    rng = np.random.default_rng(0)
    scenarios = tuple(f"s{i // 5}" for i in range(500))
    rates = {
        "none": judgements(0.9, 500, rng),
        "style": judgements(0.5, 500, rng),
        "random": judgements(0.88, 1500, rng),
    }
    continuations = Continuations(scenarios, ("warm",) * 500, rates, {})
    found = {e.name: e for e in persistence_estimates("t/m", continuations, seed=0)}
    style = found["t/m/ablate/style/persistence"]
    assert style.low < 0.5 < style.high and style.n == 100
    assert style.null == found["t/m/ablate/random/persistence"].value == pytest.approx(0.88, abs=0.03)
    assert found["t/m/ablate/none/casual"].value == 1.0
    assert found["t/m/ablate/style/switches"].value == pytest.approx(1 - style.value)


def without_warm(own, others, rng):
    """Continuations of 200 scenarios in two styles, with the warm direction ablated."""
    scenarios, openings = tuple(f"s{i // 2}" for i in range(400)), ("warm", "cold") * 200
    pairs = zip(judgements(own, 200, rng), judgements(others, 200, rng), strict=True)
    rates = {arm: judgements(0.9, n, rng) for arm, n in (("none", 400), ("style", 400), ("random", 800))}
    return Continuations(scenarios, openings, rates, {"warm": tuple(one for pair in pairs for one in pair)})


def test_a_direction_that_carries_one_style_takes_persistence_from_that_style_alone():
    found = {e.name: e for e in single_style_estimates("t/m", without_warm(0.3, 0.9, np.random.default_rng(0)), seed=0)}
    hit, spared = (found[f"t/m/ablate/warm/persistence/{opening}"] for opening in ("warm", "cold"))
    assert hit.low < 0.3 < hit.high < hit.null and hit.n == 200
    assert hit.null == pytest.approx(0.9, abs=0.05) and spared.value == pytest.approx(0.9, abs=0.05)
    own = found["t/m/ablate/warm/own"]
    assert own.low < 0.6 < own.high and own.null == 0.0


@pytest.mark.parametrize("rate", [0.9, 0.3])
def test_an_ablation_that_spares_all_or_hits_all_alike_is_not_the_styles_own(rate):
    found = {
        e.name: e for e in single_style_estimates("t/m", without_warm(rate, rate, np.random.default_rng(0)), seed=0)
    }
    own = found["t/m/ablate/warm/own"]
    assert own.low <= 0 <= own.high


def test_an_opening_is_the_first_sentence_of_a_held_out_text():
    texts = toy_texts(8)
    longer = replace(
        texts, texts=tuple(replace(t, response="It hurts 3.5 times more! Then it stops.") for t in texts.texts)
    )
    rows, openings = opened_rows(longer, held_out_prompts(longer, SweepSettings(prompts=8)))
    assert openings == ("warm", "cold") * 2
    assert {row.opening for row in rows} == {"It hurts 3.5 times more!"}
    assert len(rows) == 2 * 2 and {row.scenario for row in rows} == {
        text.scenario for text in longer.texts if text.split == "test"
    }
    assert whole_replies(rows[:1], ["And stops."]) == ("It hurts 3.5 times more! And stops.",)


def test_random_subspaces_have_the_rank_and_points_of_the_real_ones_and_are_orthonormal():
    real = {1: np.eye(6)[:, :2], 3: np.eye(6)[:, :4]}
    for bases in random_subspaces(real, seed=0):
        assert {point: basis.shape for point, basis in bases.items()} == {1: (6, 2), 3: (6, 4)}
        assert all(np.allclose(basis.T @ basis, np.eye(basis.shape[1])) for basis in bases.values())
