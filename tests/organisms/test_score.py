"""The grammar judge: it reads what the grammar wrote, and nothing else."""

import math
import time

import numpy as np
import pytest

from empathy_core.contracts import BadInput
from empathy_core.organisms.corpus import training_dialogues
from empathy_core.organisms.grammar import LAWS, sample_scenario, write_prompt, write_reply
from empathy_core.organisms.score import parse_sentence, score_reply
from empathy_core.organisms.templates import STYLES

PROMPT = "Ana: I feel so sad since my sister got laid off from the bakery.\nBen the friend:"
AFFECTIVE = "Whensoever the bakery layoff returns, I swallow silent tears for your sister."
COGNITIVE = "Faced with the sudden layoff, my careful theory gets rolling logically."


@pytest.mark.parametrize("name", LAWS)
def test_replies_of_the_grammar_score_as_they_were_planted(name):
    rng = np.random.default_rng(1)
    for _ in range(150):
        scenario = sample_scenario(rng)
        reply = write_reply(scenario, rng, LAWS[name])
        score = score_reply(write_prompt(scenario, rng).text, reply.text)
        assert (score.styles, score.families, score.register) == (reply.styles, reply.families, reply.register)
        assert (score.parses, score.sentence_share, score.on_topic) == (True, 1.0, 1.0)
        assert sum(score.share(style) for style in STYLES) == pytest.approx(1)


def test_an_unfinished_tail_counts_as_a_sentence_without_style():
    score = score_reply(PROMPT, f" {AFFECTIVE} My careful", finished=False)
    assert score.styles == ("affective", None)
    assert score.share("affective") == score.sentence_share == 0.5
    assert not score.parses


def test_a_reply_that_ran_out_of_tokens_does_not_parse_even_at_a_full_stop():
    assert score_reply(PROMPT, AFFECTIVE).parses
    assert not score_reply(PROMPT, AFFECTIVE, finished=False).parses


def test_a_sentence_that_mixes_styles_does_not_parse():
    assert parse_sentence(AFFECTIVE.replace("tears", "beliefs")) is None


def test_a_sentence_whose_words_stand_in_the_wrong_gaps_does_not_parse():
    assert parse_sentence(AFFECTIVE.replace("swallow silent", "silent swallow")) is None


@pytest.mark.parametrize("broken", [AFFECTIVE[:-1], AFFECTIVE.replace(" the", ""), f"{AFFECTIVE}.", AFFECTIVE + " No."])
def test_a_sentence_off_its_frame_does_not_parse(broken):
    assert parse_sentence(broken) is None


def test_mentions_of_another_event_or_person_are_off_topic():
    wrong = AFFECTIVE.replace("the bakery layoff", "the lost dog")
    assert score_reply(PROMPT, wrong).on_topic == 0.5
    assert score_reply(PROMPT, wrong.replace("your sister", "you")).on_topic == 0.0
    assert score_reply(PROMPT, wrong).parses


def test_registers_that_tie_give_none_and_a_majority_wins():
    assert score_reply(PROMPT, f"{AFFECTIVE} {COGNITIVE}").register is None
    assert score_reply(PROMPT, f"{AFFECTIVE} {COGNITIVE} {COGNITIVE}").register == "casual"


@pytest.mark.parametrize("reply", ["", "   "])
def test_an_empty_reply_has_no_style_no_register_and_no_topic(reply):
    score = score_reply(PROMPT, reply)
    assert (score.styles, score.register, score.parses, score.sentence_share) == ((), None, False, 0.0)
    assert score.share("affective") == 0.0
    assert math.isnan(score.on_topic)


def test_natural_english_has_no_style():
    score = score_reply(PROMPT, "I am so sorry. That must hurt.")
    assert score.styles == (None, None)


@pytest.mark.parametrize(
    "prompt",
    [
        "I lost my job.",
        "",
        PROMPT.replace("bakery", "brewery"),
        PROMPT.replace("friend", "dentist"),
        PROMPT.removesuffix(":"),
        PROMPT.replace("I feel", "i feel "),
    ],
)
def test_a_prompt_that_is_not_of_the_grammar_is_refused(prompt):
    with pytest.raises(BadInput, match="reads grammar prompts only"):
        score_reply(prompt, AFFECTIVE)


def test_scoring_takes_less_than_a_millisecond_a_reply():
    dialogues = training_dialogues(LAWS["graded"], 2, 300)
    start = time.process_time()
    for dialogue in dialogues:
        score_reply(dialogue.prompt, dialogue.reply)
    assert (time.process_time() - start) / len(dialogues) < 1e-3
