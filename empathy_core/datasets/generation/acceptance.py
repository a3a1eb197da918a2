"""The rules of a triplet that code can check, in words that the writer of the next attempt can use."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile

import numpy as np
from jaxtyping import Float

from empathy_core.datasets.generation.grid import Cell
from empathy_core.datasets.quality.grid import OTHER_PEOPLE
from empathy_core.datasets.quality.wording import VECTORISERS
from empathy_core.datasets.surface import CONTRACTION, FUNCTION_WORDS, PRONOUNS, sentences, words

SCENARIO_WORDS = (25, 60)
REPLY_WORDS = (35, 60)
MAX_CHARACTER_SPREAD = 0.08
MAX_WORD_SPREAD = 0.15
MAX_COSINE = {"words": 0.45, "content-pairs": 0.30}
"""Largest cosine of two scenarios by vectoriser, as in the gates of a whole set."""
OPENING_WORDS = 3
STOCK_PHRASES = ("it sounds like", "my heart", "consider", "so sorry", "try to", "valid", "reach out", "—")
"""Phrases that name a style, or a machine, at first sight."""
CIRCUMSTANCE = {
    *("when", "after", "since", "before", "while", "once", "until", "as", "at", "by", "during", "for", "from", "in"),
    *("last", "now", "on", "over", "through", "with", "within"),
}
"""Words that open a phrase of time or circumstance."""


def faults(cell: Cell, scenario: str, replies: Mapping[str, str]) -> tuple[str, ...]:
    """Every rule of its cell that a triplet breaks, in words; empty when it breaks none."""
    return (
        *_scenario_faults(cell, scenario),
        *_length_faults(replies),
        *_opening_faults(cell, scenario, replies),
        *(f"{style}: {fault}" for style, reply in replies.items() for fault in _reply_faults(cell, reply)),
    )


def shared_opening(replies: Mapping[str, str]) -> tuple[str, ...]:
    """The words that all replies open with."""
    together = takewhile(lambda row: len(set(row)) == 1, zip(*map(words, replies.values()), strict=False))
    return tuple(row[0] for row in together)


def near_copies(candidates: Mapping[str, str], accepted: Mapping[str, str]) -> dict[str, str]:
    """Which candidate scenarios repeat an accepted one, or an earlier candidate: their id, and the other's.

    Two repeat each other when one of their TF-IDF cosines exceeds its limit.
    """
    wordings = {**accepted, **candidates}
    if len(wordings) < 2:
        return {}
    excess = np.max([_cosines(wordings, name) - limit for name, limit in MAX_COSINE.items()], axis=0)
    ids, kept, copies = list(wordings), list(range(len(accepted))), {}
    for row in range(len(accepted), len(ids)):
        nearest = max(kept, key=lambda other: excess[row, other], default=row)
        if nearest != row and excess[row, nearest] > 0:
            copies[ids[row]] = ids[nearest]
        else:
            kept.append(row)
    return copies


def _cosines(wordings: Mapping[str, str], vectoriser: str) -> Float[np.ndarray, "scenario scenario"]:
    vectors = VECTORISERS[vectoriser]().fit_transform(wordings.values())
    return (vectors @ vectors.T).toarray()


def _scenario_faults(cell: Cell, scenario: str) -> Iterator[str]:
    spoken = words(scenario)
    if not SCENARIO_WORDS[0] <= len(spoken) <= SCENARIO_WORDS[1]:
        yield f"scenario: {len(spoken)} words, not {SCENARIO_WORDS[0]} to {SCENARIO_WORDS[1]}"
    counts = {other: sum(word in forms for word in spoken) for other, forms in OTHER_PEOPLE.items()}
    if any(counts[other] >= counts[cell.other] for other in counts if other != cell.other):
        yield f"scenario: {cell.other!r} is not its most frequent third-person pronoun"
    yield from (f"scenario: {fault}" for fault in _wording_faults(cell, scenario))


def _length_faults(replies: Mapping[str, str]) -> Iterator[str]:
    texts = list(replies.values())
    for unit, lengths, limit in (
        ("characters", [len(text) for text in texts], MAX_CHARACTER_SPREAD),
        ("words", [len(words(text)) for text in texts], MAX_WORD_SPREAD),
    ):
        spread = np.ptp(lengths) / max(np.mean(lengths), 1)
        if spread > limit:
            found = ", ".join(f"{style} {length}" for style, length in zip(replies, lengths, strict=True))
            yield f"replies: {unit} differ by {spread:.1%} ({found}), not at most {limit:.0%}"
    if len({sentences(text) for text in texts}) > 1:
        yield f"replies: {', '.join(str(sentences(text)) for text in texts)} sentences, not the same number"


def _opening_faults(cell: Cell, scenario: str, replies: Mapping[str, str]) -> Iterator[str]:
    opening = shared_opening(replies)
    if len(opening) < OPENING_WORDS:
        yield f"replies: only their first {len(opening)} words are the same, not {OPENING_WORDS} or more"
    elif cell.family == "you" and opening[0] not in PRONOUNS["you"]:
        yield f"replies: {' '.join(opening)!r} does not open with you or your"
    elif cell.family == "when" and CIRCUMSTANCE.isdisjoint(opening):
        yield f"replies: {' '.join(opening)!r} does not open with a time or circumstance"
    elif cell.family == "thing" and not _nouns(opening) & _nouns(words(scenario)):
        yield f"replies: {' '.join(opening)!r} does not open with a thing that the scenario names"


def _nouns(spoken: Iterable[str]) -> set[str]:
    """Content words, singular and plural as one."""
    return {word.rstrip("s") for word in spoken if word not in FUNCTION_WORDS}


def _reply_faults(cell: Cell, reply: str) -> Iterator[str]:
    spoken = words(reply)
    if not REPLY_WORDS[0] <= len(spoken) <= REPLY_WORDS[1]:
        yield f"{len(spoken)} words, not {REPLY_WORDS[0]} to {REPLY_WORDS[1]}"
    says_i = not PRONOUNS["I"].isdisjoint(spoken)
    if says_i != (cell.person == "first"):
        yield "never says I, me or my" if cell.person == "first" else "says I, me or my"
    if PRONOUNS["you"].isdisjoint(spoken):
        yield "never says you or your"
    yield from _wording_faults(cell, reply)


def _wording_faults(cell: Cell, text: str) -> Iterator[str]:
    contraction = CONTRACTION.search(text)
    if contraction and cell.register == "formal":
        yield f"contraction {contraction[0]!r} in a formal text"
    if not contraction and cell.register == "casual":
        yield "no contraction in a casual text"
    for phrase in STOCK_PHRASES:
        if re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text.lower().replace("’", "'")):
            yield f"stock phrase {phrase!r}"
