"""The grammar judge: exact style, register, grammaticality and topic of any reply to a prompt of the grammar."""

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from empathy_core.contracts import BadInput
from empathy_core.organisms.grammar import (
    ALL_EVENTS,
    FAMILIES,
    GAP_WORDS,
    PEOPLE,
    PROMPT_TEMPLATES,
    SKELETONS,
    Piece,
    Scenario,
)
from empathy_core.organisms.templates import EVENTS, FEELINGS, NAMES, PROMPT_CHOICES, REGISTERS, ROLES, STYLES

_SCENARIOS = (
    *(Scenario(domain, event, "I", 0, NAMES[0], NAMES[1], "friend") for domain, event in ALL_EVENTS),
    *(Scenario("work", 0, person, 0, NAMES[0], NAMES[1], "friend") for person in PEOPLE),
    *(Scenario("work", 0, "I", feeling, NAMES[0], NAMES[1], "friend") for feeling in range(len(FEELINGS))),
)
"""Together these hold every filling of every slot."""

_FILLINGS = PROMPT_CHOICES | {
    slot: tuple(dict.fromkeys(filling for scenario in _SCENARIOS for filling in scenario.slots()[slot]))
    for slot in _SCENARIOS[0].slots()
}

_GAP_PLACE = {
    word: (style, family, gap)
    for style in STYLES
    for family in FAMILIES
    for gap, words in enumerate(GAP_WORDS[style][family])
    for word in words
}
"""Where a word belongs: no word fills two gaps."""


@dataclass(frozen=True)
class Sentence:
    """One grammatical sentence."""

    style: str
    family: int
    register: str
    mentions: tuple[tuple[str, str], ...]
    """Slot and words of every mention of the event, the person and the feeling."""


@dataclass(frozen=True)
class ReplyScore:
    """What the grammar says about one reply."""

    styles: tuple[str | None, ...]
    """Style of each sentence, an unfinished tail included; None where it does not parse."""
    families: tuple[int | None, ...]
    register: str | None
    """The register of most sentences; None when none parses or two tie."""
    parses: bool
    """Every sentence is grammatical and the reply is finished."""
    sentence_share: float
    """Share of sentences that parse."""
    on_topic: float
    """Share of mentions that belong to the prompt's scenario; nan when nothing is mentioned."""

    def share(self, style: str) -> float:
        """Share of all sentences that are in this style; 0 for an empty reply."""
        return self.styles.count(style) / max(len(self.styles), 1)


def _alternatives(name: str, options: Iterable[str]) -> str:
    return f"(?P<{name}>{'|'.join(map(re.escape, options))})"


def _pattern(pieces: Iterable[Piece]) -> re.Pattern[str]:
    parts, gaps = [], 0
    for piece in pieces:
        if piece.kind == "slot":
            parts.append(_alternatives(piece.options[0], _FILLINGS[piece.options[0]]))
        elif piece.kind == "register":
            parts.append(_alternatives("register", piece.options))
        elif piece.kind == "gap":
            parts.append(f"(?P<gap_{gaps}>[a-z]+)")
            gaps += 1
        else:
            parts.append(f"(?:{'|'.join(map(re.escape, piece.options))})")
    return re.compile("".join(parts))


_FRAMES = tuple(_pattern(skeleton) for skeleton in SKELETONS)
_MARKERS = tuple(next(piece.options for piece in skeleton if piece.kind == "register") for skeleton in SKELETONS)
_PROMPTS = tuple(_pattern(template) for template in PROMPT_TEMPLATES)
_PROMPT_LINES = re.compile(
    f"{_alternatives('speaker', NAMES)}: (?P<body>.*)\n"
    f"{_alternatives('helper', NAMES)} the {_alternatives('role', ROLES)}:"
)
_EVENT = {EVENTS[domain][event].split("|")[0]: (domain, event) for domain, event in ALL_EVENTS}
_PERSON = {scenario.slots()["who"][0]: scenario.person for scenario in _SCENARIOS}
_FEELING = {word: feeling for feeling, words in enumerate(FEELINGS) for word in words}


@lru_cache(maxsize=4096)
def parse_prompt(prompt: str) -> Scenario:
    """Read a prompt back to its scenario; raises BadInput when the grammar cannot have written it."""
    if lines := _PROMPT_LINES.fullmatch(prompt):
        body = lines["body"]
        for pattern in _PROMPTS:
            if match := pattern.fullmatch(body) or pattern.fullmatch(body[:1].lower() + body[1:]):
                return Scenario(
                    *_EVENT[match["event"]],
                    _PERSON[match["who"]],
                    _FEELING[match["feel"]],
                    lines["speaker"],
                    lines["helper"],
                    lines["role"],
                )
    raise BadInput(
        "the grammar judge reads grammar prompts only",
        got=repr(prompt[:120]),
        cause="the prompt is natural language, or was edited",
        fix="judge these replies with another judge, or take prompts from organisms.corpus",
    )


@lru_cache(maxsize=65536)
def parse_sentence(sentence: str) -> Sentence | None:
    """Read a sentence, with its full stop; None when the grammar cannot have written it."""
    for family, pattern in enumerate(_FRAMES):
        match = pattern.fullmatch(sentence[:1].lower() + sentence[1:]) or pattern.fullmatch(sentence)
        if match is None:
            continue
        found = match.groupdict()
        places = [_GAP_PLACE.get(found.pop(gap)) for gap in sorted(key for key in found if key.startswith("gap_"))]
        register = REGISTERS[_MARKERS[family].index(found.pop("register"))]
        for style in STYLES:
            if places == [(style, family, gap) for gap in range(len(places))]:
                return Sentence(style, family, register, tuple(found.items()))
    return None


def _majority(registers: list[str]) -> str | None:
    ranked = Counter(registers).most_common(2)
    tied = len(ranked) == 2 and ranked[0][1] == ranked[1][1]
    return ranked[0][0] if ranked and not tied else None


def score_reply(prompt: str, reply: str, finished: bool = True) -> ReplyScore:
    """Score a reply to a grammar prompt; `finished` is false when generation ran out of tokens.

    Raises BadInput when the prompt is not of the grammar.
    """
    slots = parse_prompt(prompt).slots()
    pieces = [piece for piece in re.split(r"(?<=\.)\s+", reply.strip()) if piece]
    parsed = [parse_sentence(piece) for piece in pieces]
    sentences = [sentence for sentence in parsed if sentence]
    hits = [words in slots[slot] for sentence in sentences for slot, words in sentence.mentions]
    return ReplyScore(
        styles=tuple(sentence and sentence.style for sentence in parsed),
        families=tuple(None if sentence is None else sentence.family for sentence in parsed),
        register=_majority([sentence.register for sentence in sentences]),
        parses=finished and bool(parsed) and len(sentences) == len(parsed),
        sentence_share=len(sentences) / max(len(parsed), 1),
        on_topic=sum(hits) / len(hits) if hits else math.nan,
    )
