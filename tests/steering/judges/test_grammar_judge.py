"""The grammar as judge is exact on its own texts and refuses what it did not write."""

import numpy as np
import pytest

from empathy_core.contracts import BadInput
from empathy_core.organisms.corpus import organism_texts
from empathy_core.organisms.score import score_reply
from empathy_core.steering.judges import Exchange, grammar_judge, judge_replies

TEXTS = organism_texts(8).texts


def judged(scenario, reply, finished=True):
    [found] = grammar_judge.judge([Exchange(scenario, reply, finished)])
    return found


def test_the_grammar_judges_its_own_texts_exactly():
    for text in TEXTS:
        found = judged(text.scenario, text.response)
        assert found.parses and found.keeps_style and not found.missing
        assert found.shares[text.style] == 1.0 == sum(found.shares.values())
        assert found.casual == (text.register == "casual")


def test_it_agrees_with_the_score_of_each_reply_by_itself():
    rng = np.random.default_rng(0)
    scenarios = [text.scenario for text in TEXTS]
    replies = [TEXTS[i].response[: rng.integers(1, 90)] for i in rng.permutation(len(TEXTS))]
    finished = [bool(one) for one in rng.integers(2, size=len(TEXTS))]
    for row, found in zip(
        zip(scenarios, replies, finished, strict=True),
        judge_replies(grammar_judge, scenarios, replies, finished),
        strict=True,
    ):
        score = score_reply(*row)
        assert found.shares == {style: score.share(style) for style in grammar_judge.styles}
        assert found.parses == score.parses


def test_a_reply_that_mixes_styles_or_breaks_off_is_judged_so():
    texts = [text for text in TEXTS if text.scenario_id == TEXTS[0].scenario_id]
    halves = [text.response.split(". ")[:2] for text in texts[:2]]
    mixed = judged(texts[0].scenario, f"{halves[0][0]}. {halves[1][1]}.")
    assert mixed.switches_style and not mixed.keeps_style
    assert mixed.shares[texts[0].style] == mixed.shares[texts[1].style] == 0.5
    assert not judged(texts[0].scenario, texts[0].response[:-12]).parses
    assert not judged(texts[0].scenario, texts[0].response, finished=False).parses


def test_an_empty_reply_has_no_style_and_does_not_parse():
    found = judged(TEXTS[0].scenario, "")
    assert not any(found.shares.values()) and found.parses is False and not found.missing


def test_a_scenario_in_natural_language_is_refused():
    with pytest.raises(BadInput, match="grammar prompts only"):
        judged("My sister has not called.", TEXTS[0].response)
