"""A scripted writer that keeps every rule of its cell, and a scripted judge that knows its texts."""

import re
from functools import cache

import numpy as np

from empathy_core.contracts import Text, TextSet
from empathy_core.datasets.generation import judge
from empathy_core.datasets.generation.defects import WARMTH
from empathy_core.datasets.generation.grid import Cell, cells
from empathy_core.datasets.generation.judge import RUBRICS

PRONOUNS = {"she": "her", "he": "him", "they": "them"}


@cache
def triplet(cell: Cell) -> dict[str, str]:
    """Made-up words of five letters, so that equal numbers of words are equal lengths; é, so that bytes can be cut."""
    rng = np.random.default_rng(list(cell.scenario_id.encode()))
    noun, casual = _words(rng, 1), cell.register == "casual"
    scenario = f"The {noun} {_words(rng, 25)} {PRONOUNS[cell.other]}. {'It’s' if casual else 'It is'} {_words(rng, 8)}."
    middle = _words(rng, 1)
    opening = {"you": f"You saw {middle}", "thing": f"The {noun} {middle}", "when": f"After the {middle}"}[cell.family]
    close = f"{'I ' if cell.person == 'first' else ''}{'that’s' if casual else 'which is'} café for you."
    replies = {style: f"{opening} {_words(rng, 20)}. {_words(rng, 15).capitalize()} {close}" for style in RUBRICS}
    return {"scenario": scenario, **replies}


@cache
def reference() -> TextSet:
    """The writer's own texts as a set."""
    rows = [
        Text(f"{cell.scenario_id}-{style}", cell.scenario_id, cell.domain, style, found["scenario"], found[style])
        for cell in cells()
        for found in [triplet(cell)]
        for style in RUBRICS
    ]
    return TextSet("reference", "measured", tuple(rows))


def author(swapped=(), faulty=(), hopeless=(), verdict=None):
    """A responder for writing and judging requests.

    At the first attempt the cells in `swapped` come with two replies exchanged, which only a judge sees, those in
    `faulty` with a stock phrase; those in `hopeless` always come with one. `verdict` replaces the judge.
    """

    def respond(parameters):
        request = parameters["messages"][0]["content"]
        if parameters["system"][0]["text"] == judge.BRIEF:
            return (verdict or good_verdict)(request)
        cell = _cells()[re.search("What happened: (.*)", request)[1]]
        found, first = dict(triplet(cell)), "turned down" not in request
        if cell.scenario_id in swapped and first:
            found["cognitive"], found["affective"] = found["affective"], found["cognitive"]
        if cell.scenario_id in hopeless or (cell.scenario_id in faulty and first):
            found["cognitive"] = re.sub(r" \w+\.$", " consider you.", found["cognitive"])
        return found

    return respond


@cache
def good_verdict(request: str) -> dict[str, object]:
    """Recognises each sentence of the scripted writer: its style, its scenario; sees cuts and repetitions."""
    message, reply = re.search(r"<message>(.*)</message>\n<reply>(.*)</reply>", request).groups()
    parts = re.split(r"(?<=\.) ", reply)
    found = [_known()[part] for part in parts if part in _known()]
    styles = {style for _, style in found} | ({"affective"} if reply.startswith(WARMTH) else set())
    whole = reply.endswith(".") and len(set(parts)) == len(parts)
    return {
        **{style: 6 if style in styles else 2 for style in RUBRICS},
        "naturalness": 6 if whole else 2,
        "relevance": 6 if found and {scenario for scenario, _ in found} == {message} else 3,
        "valence": 3 + len(reply) % 3,
        "safe": True,
    }


def always(value: int, **other: object):
    """A judge that says one thing."""
    return lambda request: {
        **dict.fromkeys((*RUBRICS, *judge.COMMON), value),
        "safe": True,
        **other,
    }


@cache
def _cells() -> dict[str, Cell]:
    return {cell.situation: cell for cell in cells()}


@cache
def _known() -> dict[str, tuple[str, str]]:
    return {
        part: (found["scenario"], style)
        for cell in cells()
        for found in [triplet(cell)]
        for style in RUBRICS
        for part in re.split(r"(?<=\.) ", found[style])
    }


def _words(rng: np.random.Generator, n: int) -> str:
    return " ".join("".join(rng.choice(list("bdfgklmnprstvz"), 5)) for _ in range(n))
