"""Directions by context: made from the right texts, and a planted share of the effect recovered."""

from dataclasses import replace

import numpy as np
import pytest
from planted_sweep import CONCEPTS, by_name, direction, planted_sweep
from toy import toy_texts

from empathy_core.contracts import BadInput
from empathy_core.probes.directions import DirectionSet
from empathy_core.probes.mean_difference import mean_difference
from empathy_core.steering.contexts import context_directions
from empathy_core.steering.transfer import transfer_estimates

TEXTS = toy_texts(16)
DIRECTIONS = DirectionSet((direction("warm", 0), direction("cold", 1), direction("casual", 2)), (), {})


def in_contexts(names):
    """The toy texts with scenario i in context i modulo their number."""
    return replace(
        TEXTS,
        texts=tuple(replace(t, context=names[int(t.scenario_id[1:]) % len(names)]) for t in TEXTS.texts),
    )


def test_the_planted_share_of_the_effect_is_retained():
    found = by_name(transfer_estimates("t/m", planted_sweep(1.0, retained=0.6), CONCEPTS, seed=0))
    kept = found["transfer/warm/retained"]
    assert kept.low < 0.6 < kept.high and kept.high - kept.low < 0.2 and kept.n == 30


def test_a_direction_bound_to_its_contexts_retains_nothing():
    kept = by_name(transfer_estimates("t/m", planted_sweep(1.0, retained=0.0), CONCEPTS, seed=0))
    assert abs(kept["transfer/warm/retained"].value) < 0.1


def test_a_concept_without_an_effect_at_home_has_nothing_to_retain():
    assert transfer_estimates("t/m", planted_sweep(0.0), CONCEPTS, seed=0) == ()


def test_each_half_is_made_from_its_own_training_texts():
    texts = in_contexts(("work", "family", "health", "money"))
    features = np.random.default_rng(0).standard_normal((len(texts), 5))
    found = context_directions(features, texts, DIRECTIONS, seed=0)
    assert sorted(found.half_of.values()) == [0, 0, 1, 1] and found.contexts == set(texts.column("context"))
    for half, made in enumerate(found.directions):
        assert [d.concept for d in made] == ["warm", "cold"]  # register is no style
        rows = [
            i for i, text in enumerate(texts.texts) if text.split == "train" and found.half_of[text.context] == half
        ]
        unit, norm = mean_difference(features[rows], texts.column("style")[rows], "warm")
        np.testing.assert_allclose(made[0].vector, unit)
        assert (made[0].norm, made[0].n) == (pytest.approx(norm), len(rows))


def test_one_context_is_refused():
    with pytest.raises(BadInput, match="at least two"):
        context_directions(np.zeros((len(TEXTS), 5)), TEXTS, DIRECTIONS, seed=0)
