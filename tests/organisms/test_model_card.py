"""What the model card states is computed as it says."""

import math
from dataclasses import replace

import numpy as np
import pytest

from empathy_core.contracts import TextSet
from empathy_core.organisms.corpus import organism_texts
from empathy_core.organisms.model_card import sample_figures, text_leak
from empathy_core.organisms.score import ReplyScore


def score(styles, parses=True, on_topic=1.0) -> ReplyScore:
    """A reply's score with these styles."""
    parsed = sum(style is not None for style in styles)
    return ReplyScore(styles, (0,) * len(styles), "formal", parses, parsed / max(len(styles), 1), on_topic)


def test_persistence_counts_replies_whose_first_two_sentences_parse():
    kept, changed = score(("neutral", "neutral", "emotional")), score(("neutral", "affective"))
    broken, short = score(("neutral", None), parses=False), score(("neutral",))
    figures = sample_figures(0.7, [kept, kept, changed, broken, short])
    assert figures.persistence == pytest.approx(2 / 3)
    assert (figures.n, figures.parse_share) == (5, 0.8)
    assert figures.sentence_share == pytest.approx((1 + 1 + 1 + 0.5 + 1) / 5)


def test_topics_average_over_replies_that_mention_something():
    silent, half = score((None,), parses=False, on_topic=math.nan), score(("neutral",), on_topic=0.5)
    figures = sample_figures(1.0, [score(("neutral",)), silent, half])
    assert figures.on_topic == 0.75


def test_replies_without_any_sentence_have_no_topic_and_no_persistence():
    figures = sample_figures(1.0, [score((), False, math.nan)])
    assert math.isnan(figures.on_topic)
    assert math.isnan(figures.persistence)
    assert figures.parse_share == figures.sentence_share == 0.0


def test_text_leak_finds_a_cue_that_runs_through_both_lexical_halves():
    texts = organism_texts(24, seed=2)
    planted = tuple(
        replace(text, response=f"{text.response} Alas.") if text.style == "affective" else text for text in texts.texts
    )
    leak = text_leak(TextSet("planted", "organism", planted))
    assert leak["affective-rest"] > 0.8
    assert leak["cognitive-affective"] > 0.8
    assert np.mean([leak["cognitive-neutral"], leak["register"]]) < 0.7
