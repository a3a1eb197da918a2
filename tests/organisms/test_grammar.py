"""The grammar: what is planted is balanced, disjoint, unambiguous, and has the entropy it states."""

import re
from collections import Counter

import numpy as np
import pytest

from empathy_core.contracts import BadInput
from empathy_core.organisms.grammar import (
    ALL_EVENTS,
    FAMILIES,
    GAP_WORDS,
    LAWS,
    SCENARIO_ENTROPY,
    SKELETONS,
    entropy,
    sample_scenario,
    write_prompt,
    write_reply,
)
from empathy_core.organisms.score import parse_prompt, parse_sentence
from empathy_core.organisms.templates import (
    EVENTS,
    FEELINGS,
    NAMES,
    PROMPT_CHOICES,
    PROMPTS,
    REGISTERS,
    RELATIVES,
    ROLES,
    STYLES,
)


def words(text: str) -> set[str]:
    """Lower-case words of a text."""
    return set(re.findall(r"[a-z']+", text.lower()))


GAP_WORD_LIST = [word for style in STYLES for gaps in GAP_WORDS[style] for gap in gaps for word in gap]
MARKERS = [
    word
    for skeleton in SKELETONS
    for piece in skeleton
    if piece.kind == "register"
    for option in piece.options
    for word in re.findall(r"[a-z']+", option.lower())
]
FUNCTION_WORDS = words(
    " ".join(text for skeleton in SKELETONS for piece in skeleton if piece.kind == "text" for text in piece.options)
)
PROMPT_WORDS = words(
    " ".join(
        (
            *PROMPTS,
            *NAMES,
            *RELATIVES,
            *ROLES,
            *(text for options in PROMPT_CHOICES.values() for text in options),
            *(text for pair in FEELINGS for text in pair),
            *(text for events in EVENTS.values() for text in events),
        )
    )
)


def test_the_grammar_has_at_least_eight_domains_of_six_events_and_eight_families():
    assert len(EVENTS) >= 8
    assert {len(events) for events in EVENTS.values()} == {6}
    assert len(FAMILIES) >= 8


def test_no_word_fills_two_gaps():
    assert [word for word, count in Counter(GAP_WORD_LIST).items() if count > 1] == []


def test_words_of_gaps_and_registers_occur_nowhere_else_in_the_grammar():
    own = Counter(GAP_WORD_LIST + MARKERS)
    assert [word for word, count in own.items() if count > 1] == []
    assert set(own) & (FUNCTION_WORDS | PROMPT_WORDS) == set()


def test_two_mentions_of_events_are_never_the_same_words():
    mentions = [mention for events in EVENTS.values() for event in events for mention in event.split("|")[1:]]
    assert len(set(mentions)) == len(mentions) == 2 * len(ALL_EVENTS)


def test_every_gap_has_three_one_word_alternatives_in_every_style():
    for style in STYLES:
        assert [[len(gap) for gap in gaps] for gaps in GAP_WORDS[style]] == [[3, 3, 3]] * len(FAMILIES)
    assert all(re.fullmatch("[a-z]+", word) for word in GAP_WORD_LIST)


def test_both_registers_have_the_same_number_of_words_in_every_frame():
    for skeleton in SKELETONS:
        (marker,) = [piece for piece in skeleton if piece.kind == "register"]
        formal, casual = marker.options
        assert len(formal.split()) == len(casual.split())


def test_styles_have_the_same_mean_length_in_every_frame_to_two_characters():
    for family in FAMILIES:
        lengths = [sum(np.mean([len(word) for word in gap]) for gap in GAP_WORDS[style][family]) for style in STYLES]
        assert max(lengths) - min(lengths) < 2


def test_every_family_style_and_register_parses_back_to_its_one_derivation():
    rng = np.random.default_rng(3)
    for style in STYLES:
        for register in REGISTERS:
            for family in FAMILIES:
                for _ in range(4):
                    scenario = sample_scenario(rng)
                    reply = write_reply(scenario, rng, LAWS["persistent"], style, register, [family], sentences=1)
                    sentence = parse_sentence(reply.text)
                    assert (sentence.style, sentence.family, sentence.register) == (style, family, register)
                    assert all(text in scenario.slots()[slot] for slot, text in sentence.mentions)


def test_prompts_parse_back_to_their_scenario():
    rng = np.random.default_rng(4)
    for _ in range(300):
        scenario = sample_scenario(rng)
        assert parse_prompt(write_prompt(scenario, rng).text) == scenario


def test_speaker_and_helper_never_share_a_name():
    rng = np.random.default_rng(5)
    scenarios = [sample_scenario(rng) for _ in range(300)]
    assert all(scenario.speaker != scenario.helper for scenario in scenarios)


@pytest.mark.parametrize("name", ["persistent", "graded", "scrambled"])
def test_entropy_is_the_mean_of_minus_log_probability(name):
    rng = np.random.default_rng(6)
    prompts, replies = [], []
    for _ in range(1500):
        scenario = sample_scenario(rng)
        prompts.append(SCENARIO_ENTROPY - write_prompt(scenario, rng).log_probability)
        replies.append(-write_reply(scenario, rng, LAWS[name]).log_probability)
    exact = entropy(LAWS[name])
    for drawn, expected in ((prompts, exact.prompt), (replies, exact.reply)):
        assert abs(np.mean(drawn) - expected) < 4 * np.std(drawn) / np.sqrt(len(drawn))


def test_probabilities_of_one_sentence_replies_sum_to_one():
    rng = np.random.default_rng(7)
    scenario = sample_scenario(rng)
    seen = {}
    for _ in range(4000):
        reply = write_reply(scenario, rng, LAWS["persistent"], "neutral", "formal", [2], sentences=1)
        seen[reply.text] = np.exp(reply.log_probability)
    assert sum(seen.values()) == pytest.approx(1)


def test_what_is_given_is_not_counted_as_drawn():
    scenario = sample_scenario(np.random.default_rng(8))
    free = write_reply(scenario, np.random.default_rng(9), LAWS["persistent"], sentences=3)
    fixed = write_reply(
        scenario, np.random.default_rng(9), LAWS["persistent"], free.styles[0], free.register, sentences=3
    )
    gap = fixed.log_probability - free.log_probability
    weight = 1 / 5 if ROLES[scenario.role] is None else 0.44 if ROLES[scenario.role] == free.styles[0] else 0.14
    assert gap == pytest.approx(np.log(2) - np.log(weight))


@pytest.mark.parametrize(("name", "keep"), [("persistent", 1.0), ("graded", 0.7), ("scrambled", 0.2)])
def test_style_is_kept_from_sentence_to_sentence_as_often_as_the_law_says(name, keep):
    rng = np.random.default_rng(10)
    replies = [write_reply(sample_scenario(rng), rng, LAWS[name]).styles for _ in range(1200)]
    kept = [styles[i] == styles[i + 1] for styles in replies for i in range(len(styles) - 1)]
    assert np.mean(kept) == pytest.approx(keep, abs=4 * np.sqrt(keep * (1 - keep) / len(kept)) + 1e-12)


def test_roles_cue_their_style_and_scrambled_texts_ignore_them():
    rng = np.random.default_rng(11)
    for name, probability in (("persistent", 0.44), ("scrambled", 0.2)):
        cued = []
        for _ in range(1500):
            scenario = sample_scenario(rng, roles=("nurse", "clerk"))
            cued.append(write_reply(scenario, rng, LAWS[name]).styles[0] == ROLES[scenario.role])
        assert np.mean(cued) == pytest.approx(probability, abs=0.055)


@pytest.mark.parametrize("name", LAWS)
def test_register_holds_through_a_reply_under_every_law(name):
    rng = np.random.default_rng(12)
    for _ in range(100):
        reply = write_reply(sample_scenario(rng), rng, LAWS[name])
        sentences = [parse_sentence(text) for text in re.split(r"(?<=\.) ", reply.text)]
        assert {sentence.register for sentence in sentences} == {reply.register}
        assert len(set(reply.families)) == len(reply.families) == len(sentences)


def test_more_sentences_than_families_are_refused():
    rng = np.random.default_rng(13)
    with pytest.raises(BadInput, match="each lexical family once"):
        write_reply(sample_scenario(rng), rng, LAWS["graded"], families=[0, 1], sentences=3)
