"""Surface features of a text: lengths, readability and word classes that could give a style away unread."""

import re
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from jaxtyping import Float
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

WORD = r"\b\w+(?:['’]\w+)*\b"
"""One word, contractions whole; unlike scikit-learn's default it keeps one-letter words, and "I" is a strong cue."""
CONTRACTION = re.compile(
    r"\b\w+['’](?:re|ve|d|ll|t|m)\b|\b(?:it|that|there|he|she|what|who|here|nobody|everyone)['’]s\b", re.IGNORECASE
)
_SENTENCE_END = re.compile(r"[.!?]+(?=[\s\"'”’)]|$)")
_VOWELS = re.compile(r"[aeiouy]+")

PRONOUNS = {
    "I": {"i", "me", "my", "mine", "myself", "i'm", "i've", "i'd", "i'll"},
    "we": {"we", "us", "our", "ours", "ourselves", "we're", "we've", "we'd", "we'll"},
    "you": {"you", "your", "yours", "yourself", "you're", "you've", "you'd", "you'll"},
    "they": {"he", "she", "they", "him", "her", "them", "his", "hers", "their", "theirs"},
    "it": {"it", "its", "it's", "this", "that", "that's", "these", "those"},
}
"""Forms of each grammatical person, the demonstratives with `it`."""
TENSES = {
    "modal": {"can", "could", "may", "might", "must", "shall", "should", "will", "would", "can't", "won't", "ought"},
    "present": {"is", "are", "am", "has", "have", "does", "do", "isn't", "aren't", "it's", "that's", "you're", "i'm"},
    "past": {"was", "were", "had", "did", "wasn't", "weren't", "hadn't", "didn't"},
}
"""Modal verbs, and the present and past forms of the commonest auxiliaries."""

_CONNECTIVES = """
a an the some any no every each all both few many much more most other another such own same enough several either
neither one of in on at by for with without from to into onto over under about against between through during before
after above below up down out off across along around behind beside beyond near since until till upon within toward and
or but nor so yet if because although though while when where why how what which who whose whom whether unless than
that as not never always often still already again then now here there only just even too very rather quite also ever
perhaps maybe almost yes be been being go get got let like once soon away back else instead
"""
FUNCTION_WORDS = frozenset().union(_CONNECTIVES.split(), *PRONOUNS.values(), *TENSES.values())
"""Words that carry grammar rather than content."""


def words(text: str) -> list[str]:
    """The words of a text in lower case, typographic apostrophes made plain."""
    return re.findall(WORD, text.lower().replace("’", "'"))


def lengths(responses: Sequence[str]) -> Float[np.ndarray, "text count"]:
    """Characters, words and sentences of each response."""
    rows = [[len(text), len(words(text)), sentences(text)] for text in responses]
    return np.array(rows, dtype=float).reshape(-1, 3)


def sentences(text: str) -> int:
    """Number of sentences: runs of full stops, question or exclamation marks before a space, a quote or the end."""
    return max(1, len(_SENTENCE_END.findall(text)))


def person_rates(responses: Sequence[str]) -> Float[np.ndarray, "text person"]:
    """Share of each response's words that belong to each group of `PRONOUNS`."""
    return _rates(responses, [forms.__contains__ for forms in PRONOUNS.values()])


def tense_rates(responses: Sequence[str]) -> Float[np.ndarray, "text tense"]:
    """Share of words that are modals, present or past auxiliaries, or end in -ed or -ing."""
    classes: list[Callable[[str], bool]] = [forms.__contains__ for forms in TENSES.values()]
    classes += [lambda word: len(word) > 4 and word.endswith("ed"), lambda word: len(word) > 5 and word.endswith("ing")]
    return _rates(responses, classes)


def reading_grade(text: str) -> float:
    """Flesch-Kincaid grade: .39 words a sentence + 11.8 syllables a word - 15.59 (Kincaid et al. 1975).

    Syllables are runs of vowels, a silent final e left out: good to compare styles, not to grade one text.
    """
    spoken = words(text)
    if not spoken:
        return 0.0
    return 0.39 * len(spoken) / sentences(text) + 11.8 * sum(map(_syllables, spoken)) / len(spoken) - 15.59


def word_length(text: str) -> float:
    """Mean number of characters of a word."""
    return float(np.mean([len(word) for word in words(text)] or [0.0]))


def valence(text: str) -> float:
    """VADER's compound sentiment, from -1 to 1 (Hutto & Gilbert 2014): a screen by word list, not a reader."""
    return _vader().polarity_scores(text)["compound"]


def _rates(responses: Sequence[str], classes: Sequence[Callable[[str], bool]]) -> Float[np.ndarray, "text class"]:
    rows = []
    for text in responses:
        spoken = words(text)
        rows.append([sum(map(belongs, spoken)) / max(len(spoken), 1) for belongs in classes])
    return np.array(rows, dtype=float).reshape(-1, len(classes))


def _syllables(word: str) -> int:
    count = len(_VOWELS.findall(word))
    return max(1, count - (word.endswith("e") and not word.endswith(("le", "ee")) and count > 1))


@cache
def _vader() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()
