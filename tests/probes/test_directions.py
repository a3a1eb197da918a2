"""What a steering direction is made from, and what is kept out of it."""

from dataclasses import replace

import numpy as np
import pytest

from empathy_core.contracts import POOLS, ActivationSet, BadInput, ModelSpec, Text, TextSet
from empathy_core.probes.directions import make_directions, middle_point

WARM, COLD, PLAIN = np.eye(8)[:3]
MEANS = {"warm": 3 * WARM, "cold": 3 * COLD, "plain": 3 * PLAIN}


def planted(extra: tuple[Text, ...] = ()) -> tuple[TextSet, np.ndarray]:
    """Two main styles and a control that answer twenty scenarios; each style's mean is known."""
    rows = [
        Text(f"{i}-{style}", f"s{i}", "work", style, f"S{i}", "r", role="plain" if style == "plain" else "main",
             split="train" if i < 15 else "test")
        for i in range(20)
        for style in MEANS
    ]  # fmt: skip
    texts = TextSet("toy", "measured", (*rows, *extra))
    noise = np.random.default_rng(0).normal(scale=0.1, size=(len(texts), 8))
    return texts, noise + [MEANS.get(text.style, 50 * np.eye(8)[7]) for text in texts.texts]


def directions(texts, features):
    manifest = ActivationSet(
        ModelSpec("m", "here"), "key", "folder", "hash", tuple(text.id for text in texts.texts), (0, 1, 2), POOLS, 8,
        "float32", (1.0, 2.0, 3.0), (9,) * len(texts), 1.0,
    )  # fmt: skip
    return make_directions(lambda point: features, manifest, texts)


def test_a_direction_is_a_style_against_every_other_reply_to_the_same_scenarios():
    found = {one.concept: one for one in directions(*planted()).steered}
    assert found["warm"].vector @ (2 * WARM - COLD - PLAIN) / np.sqrt(6) > 0.99
    assert found["warm"].residual_norm == 2.0
    assert found["warm"].n == 45


@pytest.mark.parametrize(
    "extra",
    [
        Text("f", "s0", "work", "cold", "S0", "r", role="foil"),
        Text("e", "elsewhere", "work", "happy", "E", "r", role="emotion"),
    ],
    ids=["foil", "another scenario"],
)
def test_foils_and_texts_about_other_scenarios_do_not_move_a_direction(extra):
    texts, features = planted((extra,))
    features[-1] = 1000.0
    moved, still = directions(texts, features), directions(texts.rows(np.arange(60)), features[:60])
    for one, other in zip(moved.steered, still.steered, strict=True):
        np.testing.assert_allclose(one.vector, other.vector)
    np.testing.assert_allclose(np.abs(moved.subspaces[1]), np.abs(still.subspaces[1]))


def test_held_out_texts_do_not_move_a_direction():
    texts, features = planted()
    changed = np.where((texts.column("split") == "test")[:, None], 1000.0, features)
    for one, other in zip(directions(texts, features).steered, directions(texts, changed).steered, strict=True):
        np.testing.assert_array_equal(one.vector, other.vector)


def test_a_main_style_without_training_texts_is_refused_by_name():
    texts, features = planted()
    rows = tuple(replace(t, split="test") if t.style == "cold" else t for t in texts.texts)
    with pytest.raises(BadInput, match="none for cold"):
        directions(replace(texts, texts=rows), features)


def test_the_middle_point_is_two_thirds_of_the_way_up():
    assert middle_point((0, 1, 2, 3)) == 2
    assert middle_point(tuple(range(25))) == 16
