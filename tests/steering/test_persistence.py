"""Ablation: planted persistence comes back; openings come from held-out texts of every style."""

from dataclasses import replace

import numpy as np
import pytest
from toy import toy_texts

from empathy_core.geometry.dimensionality import Dimensionality
from empathy_core.organisms.corpus import organism_texts
from empathy_core.steering.bandwidth import bandwidth
from empathy_core.steering.effects import RangeEstimate
from empathy_core.steering.judges import Judgement, grammar_judge, judge_for
from empathy_core.steering.persistence import (
    Continuations,
    opened_rows,
    persistence_estimates,
    random_subspaces,
    whole_replies,
)
from empathy_core.steering.sweep import SweepSettings, held_out_prompts


def judgements(rate, n, rng):
    return tuple(
        Judgement({}, casual=True, parses=True, keeps_style=bool(kept), switches_style=not kept)
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
    found = {e.name: e for e in persistence_estimates("t/m", Continuations(scenarios, rates), seed=0)}
    style = found["t/m/ablate/style/persistence"]
    assert style.low < 0.5 < style.high and style.n == 100
    assert style.null == found["t/m/ablate/random/persistence"].value == pytest.approx(0.88, abs=0.03)
    assert found["t/m/ablate/none/casual"].value == 1.0
    assert found["t/m/ablate/style/switches"].value == pytest.approx(1 - style.value)


def test_an_opening_is_the_first_sentence_of_a_held_out_text():
    texts = toy_texts(8)
    longer = replace(
        texts, texts=tuple(replace(t, response="It hurts 3.5 times more! Then it stops.") for t in texts.texts)
    )
    rows = opened_rows(longer, held_out_prompts(longer, SweepSettings(prompts=8)))
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


def test_the_grammar_judges_its_own_texts_exactly():
    for text in organism_texts(8).texts:
        judged = grammar_judge(text.scenario, text.response, True)
        assert judged.parses and judged.keeps_style
        assert judged.shares[text.style] == 1.0
        assert judged.casual == (text.register == "casual")


def test_a_reply_that_mixes_styles_or_breaks_off_is_judged_so():
    texts = [text for text in organism_texts(4).texts if text.scenario_id == "train-000"]
    halves = [text.response.split(". ")[:2] for text in texts[:2]]
    mixed = f"{halves[0][0]}. {halves[1][1]}."
    judged = grammar_judge(texts[0].scenario, mixed, True)
    assert judged.switches_style and not judged.keeps_style
    assert judged.shares[texts[0].style] == judged.shares[texts[1].style] == 0.5
    assert not grammar_judge(texts[0].scenario, texts[0].response[:-12], True).parses
    assert not grammar_judge(texts[0].scenario, texts[0].response, False).parses


def test_natural_texts_have_no_judge():
    assert judge_for(toy_texts()) is None and judge_for(organism_texts(4)) is grammar_judge


def dimensionality(effective, draws, permuted):
    return Dimensionality(
        2, effective, np.ones(2), np.zeros(2), 2, np.array(draws), np.full(len(draws), 2), np.array(permuted), 40
    )


def test_bandwidth_multiplies_dimension_by_mean_range_draw_by_draw():
    ranges = [RangeEstimate("warm", 0.4, np.full(500, 0.4)), RangeEstimate("cold", 0.6, np.full(500, 0.6))]
    found = bandwidth("t/m", "empathy", dimensionality(2.0, [1.8, 2.0], [0.0] * 99 + [1.0]), ranges, 40, seed=0)
    assert found.value == pytest.approx(1.0)
    assert (found.low, found.high) == pytest.approx((0.9, 1.0))
    assert found.null == 0.0


def test_bandwidth_is_zero_where_nothing_can_be_steered():
    ranges = [RangeEstimate("warm", 0.0, np.zeros(500))]
    found = bandwidth("t/m", "empathy", dimensionality(2.0, [2.0], [1.0]), ranges, 40, seed=0)
    assert (found.value, found.low, found.high, found.null) == (0, 0, 0, 0)
