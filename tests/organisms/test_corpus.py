"""The labelled texts: balanced, split without overlap, and free of surface cues to style or register."""

import re
from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from empathy_core.organisms.corpus import FLAT_ROLES, dialogues_hash, organism_texts, training_dialogues
from empathy_core.organisms.grammar import LAWS
from empathy_core.organisms.model_card import text_leak
from empathy_core.organisms.score import parse_prompt, score_reply
from empathy_core.organisms.templates import REGISTERS, STYLES

TEXTS = organism_texts(96, seed=0)


def test_every_scenario_has_one_reply_in_each_style():
    assert len(TEXTS) == 96 * 5
    assert len(set(TEXTS.column("id"))) == len(TEXTS)
    for scenario in set(TEXTS.column("scenario_id")):
        rows = TEXTS.rows(TEXTS.column("scenario_id") == scenario)
        assert tuple(rows.column("style")) == STYLES
        assert len(set(rows.column("scenario"))) == 1


def test_main_styles_are_the_three_under_study_and_the_others_are_controls():
    assert TEXTS.main_styles == ("cognitive", "affective", "instrumental")
    for style in ("neutral", "emotional"):
        assert set(TEXTS.column("role")[TEXTS.column("style") == style]) == {style}


def test_splits_share_no_family_and_no_event_but_every_domain():
    found = {}
    for split in ("train", "test"):
        rows = TEXTS.rows(TEXTS.column("split") == split).texts
        scores = [score_reply(text.scenario, text.response) for text in rows]
        scenarios = [parse_prompt(text.scenario) for text in rows]
        found[split] = (
            {family for score in scores for family in score.families},
            {(scenario.domain, scenario.event) for scenario in scenarios},
            {scenario.domain for scenario in scenarios},
        )
    (train_families, train_events, train_domains), (test_families, test_events, test_domains) = found.values()
    assert (train_families, test_families) == ({0, 1, 2, 3}, {4, 5, 6, 7})
    assert train_events & test_events == set()
    assert train_domains == test_domains == set(TEXTS.column("context"))


def test_labels_are_what_the_judge_reads():
    for text in TEXTS.texts:
        score = score_reply(text.scenario, text.response)
        assert score.styles == (text.style,) * 3
        assert (score.register, score.parses, score.on_topic) == (text.register, True, 1.0)


def test_prompts_cue_no_style():
    assert {parse_prompt(text.scenario).role for text in TEXTS.texts} == set(FLAT_ROLES)


@pytest.mark.parametrize("n_scenarios", [8, 96, 97])
def test_registers_are_balanced_within_every_style(n_scenarios):
    texts = organism_texts(n_scenarios, seed=3)
    for split in ("train", "test"):
        for style in STYLES:
            rows = (texts.column("split") == split) & (texts.column("style") == style)
            counts = [np.sum(texts.column("register")[rows] == register) for register in REGISTERS]
            assert abs(counts[0] - counts[1]) <= 1


def test_replies_to_one_scenario_share_their_function_words():
    content = {word for text in TEXTS.texts for word in re.findall(r"[a-z]+", text.response.lower())}
    shared = {
        word
        for word in content
        if all(any(word in text.response.lower().split() for text in TEXTS.texts if text.style == s) for s in STYLES)
    }
    assert {"i", "me", "my", "you", "the", "to", "with", "it"} <= shared
    for scenario in sorted(set(TEXTS.column("scenario_id")))[:20]:
        rows = TEXTS.rows(TEXTS.column("scenario_id") == scenario).texts
        pronouns = [sorted(re.findall(r"\b(?:I|me|my|My|you|your)\b", text.response)) for text in rows]
        assert all(found == pronouns[0] for found in pronouns)


def test_length_tells_no_two_styles_apart():
    styles, lengths = TEXTS.column("style"), np.array([len(text.response) for text in TEXTS.texts])
    for first, second in combinations(STYLES, 2):
        rows = np.isin(styles, (first, second))
        assert 0.4 < roc_auc_score(styles[rows] == first, lengths[rows]) < 0.6
    assert 0.4 < roc_auc_score(TEXTS.column("register") == "casual", lengths) < 0.6


@pytest.mark.parametrize("seed", [0, 1])
def test_a_bag_of_words_from_one_lexical_half_is_at_chance_on_the_other(seed):
    # Measured over both seeds: .42 to .60. The spread is that of 48 scenarios and of the choice of mention.
    for contrast, auroc in text_leak(organism_texts(96, seed)).items():
        assert 0.35 < auroc < 0.65, contrast


def test_texts_depend_on_the_seed_alone():
    assert organism_texts(8, seed=5).content_hash == organism_texts(8, seed=5).content_hash
    assert organism_texts(8, seed=5).content_hash != organism_texts(8, seed=6).content_hash


def test_a_training_stream_repeats_and_its_hash_tells_laws_and_seeds_apart():
    first = training_dialogues(LAWS["graded"], 0, 50)
    assert first == training_dialogues(LAWS["graded"], 0, 50)
    others = (training_dialogues(LAWS["persistent"], 0, 50), training_dialogues(LAWS["graded"], 1, 50), first[:-1])
    assert len({dialogues_hash(stream) for stream in (first, *others)}) == 4
