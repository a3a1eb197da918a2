from dataclasses import replace

import numpy as np
import pytest

from empathy_core.contracts import TextSet
from empathy_core.datasets.quality.controls import contrast, foils, matched

NOUNS = "kettle ferry violin ladder pigeon garden letter engine bakery pillow".split()
RNG = np.random.default_rng(0)


def _replies(make_texts, styles=("warm", "cold", "wise"), n=20, seed=0, words=9):
    rng = np.random.default_rng(seed)
    return make_texts({f"s{i}": {style: " ".join(rng.choice(NOUNS, words)) for style in styles} for i in range(n)})


def _with(main, role, change):
    rows = tuple(replace(change(text), id=f"{role}-{text.id}", role=role) for text in main.texts)
    return TextSet("toy", "measured", main.texts + rows)


def _values(found):
    return {one.name: one.estimate.value for one in found}


def test_controls_like_the_main_replies_give_nothing_away(make_texts):
    main, other = _replies(make_texts), _replies(make_texts, seed=1)
    texts = _with(main, "valence_stripped", lambda text: other.texts[main.texts.index(text)])
    found = _values(matched(texts, main, "valence_stripped", RNG))
    assert found["controls/valence_stripped/same-scenarios"] == 1
    assert found["controls/valence_stripped/length-ratio"] == pytest.approx(1, abs=0.05)
    assert found["controls/valence_stripped/person"] == 0.5
    assert found["controls/valence_stripped/length"] < 0.65


def test_longer_controls_that_never_say_you_are_told_apart(make_texts):
    main = _replies(make_texts)
    main = TextSet("toy", "measured", tuple(replace(t, response=f"you {t.response}") for t in main.texts))
    texts = _with(main, "valence_stripped", lambda text: replace(text, response=f"the {text.response[4:]} and so on"))
    found = _values(matched(texts, main, "valence_stripped", RNG))
    assert found["controls/valence_stripped/person"] == 1.0
    assert found["controls/valence_stripped/length-ratio"] > 1.1


def test_controls_for_other_scenarios_are_counted_by_domain_instead(make_texts):
    main = _replies(make_texts)
    texts = _with(
        main,
        "non_empathic",
        lambda text: replace(text, scenario_id=f"n{text.scenario_id}", context=text.scenario_id[:2]),
    )
    found = _values(matched(texts, main, "non_empathic", RNG))
    assert found["controls/non_empathic/domains"] == 10  # the first two letters of s0 … s19
    assert "controls/non_empathic/same-scenarios" not in found


def test_a_contrast_counts_its_scenarios_and_its_rarest_context(make_texts):
    pairs = _replies(make_texts, ("empathetic", "neutral"))
    rows = tuple(
        replace(t, role="pair", context="rare" if t.scenario_id == "s3" else "common", id=f"{t.id}-{copy}")
        for t in pairs.texts
        for copy in "ab"
    )
    found = {one.name: one for one in contrast(TextSet("toy", "measured", rows), "pair", RNG)}
    assert found["controls/pair/scenarios"].estimate.value == 20
    assert (
        found["controls/pair/fewest-in-a-context"].estimate.value,
        found["controls/pair/fewest-in-a-context"].detail,
    ) == (
        1,
        "rare",
    )
    assert found["controls/pair/opener/empathetic-neutral"].estimate.value == pytest.approx(0.5, abs=0.2)


def test_foils_are_scored_by_every_cue_for_every_pair(make_texts):
    main = _replies(make_texts)
    texts = _with(main, "foil", lambda text: text)
    found = _values(foils(texts, main, RNG))
    assert found.pop("foils/scenarios") == 20
    assert len(found) == 9
    assert found["foils/tfidf/warm-cold"] > 0.9  # the very texts that the classifier was taught on
