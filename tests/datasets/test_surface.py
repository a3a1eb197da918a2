import numpy as np
import pytest

from empathy_core.datasets.surface import (
    CONTRACTION,
    FUNCTION_WORDS,
    lengths,
    person_rates,
    reading_grade,
    sentences,
    tense_rates,
    valence,
    word_length,
    words,
)


def test_contractions_are_one_word_whatever_their_apostrophe_and_i_is_a_word():
    assert words("I don’t, and she's HERE.") == ["i", "don't", "and", "she's", "here"]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("One. Two! Three?", 3),
        ('He said "no." Then he left.', 2),
        ("Wait... what?!", 2),
        ("No end", 1),
        ("It cost 3.50 a pound.", 1),
        ("", 1),
    ],
)
def test_sentences_end_at_stops_before_a_space_a_quote_or_the_end(text, count):
    assert sentences(text) == count


def test_lengths_are_characters_words_and_sentences():
    np.testing.assert_array_equal(lengths(["One two. Three.", ""]), [[15, 3, 2], [0, 0, 1]])
    assert lengths([]).shape == (0, 3)


def test_rates_are_shares_of_words():
    np.testing.assert_allclose(person_rates(["I told you that she left"]), [[1 / 6, 0, 1 / 6, 1 / 6, 1 / 6]])
    np.testing.assert_allclose(tense_rates(["you can see it was wanted, singing"]), [[1 / 7, 0, 1 / 7, 1 / 7, 1 / 7]])
    assert (person_rates([""]) == 0).all()


def test_the_reading_grade_is_kincaids_formula():
    # 10 words in 2 sentences, 13 syllables: a-ni-mals, qui-et-ly (an `ie` run is one), the others one each.
    text = "The animals sat quietly in the sun. We left them."
    syllables = 1 + 3 + 1 + 3 + 1 + 1 + 1 + 1 + 1 + 1
    found = reading_grade(text)
    expected = [0.39 * 10 / 2 + 11.8 * count / 10 - 15.59 for count in (syllables - 1, syllables)]
    assert min(expected) <= found <= max(expected)


def test_longer_words_and_sentences_raise_the_grade():
    assert reading_grade("Considerable administrative difficulties") > reading_grade("The cat sat. The dog ran.")
    assert reading_grade("") == 0


def test_a_silent_e_is_no_syllable():
    assert reading_grade("made") == reading_grade("mad")
    assert reading_grade("table") > reading_grade("tabl")


def test_word_length_leaves_out_the_punctuation():
    assert word_length("an ox, ran!") == pytest.approx(7 / 3)
    assert word_length("...") == 0


def test_valence_is_signed_and_neutral_words_have_none():
    assert valence("I love this wonderful day") > 0.5 > -0.5 > valence("I hate this awful day")
    assert valence("The box holds eleven pencils") == 0


@pytest.mark.parametrize("text", ["it's late", "they’re out", "I can't", "who's there"])
def test_contractions_are_found(text):
    assert CONTRACTION.search(text)


@pytest.mark.parametrize("text", ["the dog's lead", "it is late", "James' coat"])
def test_a_possessive_is_no_contraction(text):
    assert not CONTRACTION.search(text)


def test_function_words_hold_no_content():
    assert {"i", "because", "was", "the"} <= FUNCTION_WORDS
    assert not {"love", "ask", "letter", "sad", "call"} & FUNCTION_WORDS
