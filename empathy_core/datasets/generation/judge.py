"""A blind judge: what one reply to one message does, scored without being told what it was meant to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, create_model

from empathy_core.datasets.generation.requests import fingerprint, message_parameters

RUBRICS = {
    "cognitive": "takes the person's perspective: says what this is like from inside and how it hangs together.",
    "affective": "feels with the person: answers with warmth and shared feeling rather than analysis or advice.",
    "instrumental": "helps with the problem: gives concrete steps that fit the facts and could be taken now.",
}
"""What each style does, in one sentence that a judge reads."""
LEAST_TARGET = 5
"""A reply does what it was meant to when it gets at least this much of 7 …"""
MOST_OTHER = 4
"""… and no other style more than this: the scale's middle, so that neighbouring styles may be heard but not taken."""
LEAST_NATURAL = 4
LEAST_RELEVANT = 5
BRIEF = """You assess one reply to one message. You are not told what the reply was meant to do, and the reply may \
be good, flawed or out of place: assess what stands there. Use the whole scale from 1 (not at all) to 7 (as fully as \
a reply of this length can); 4 is the middle. Score each quality by itself: a reply that does one thing well can do \
another not at all."""
Scale = Literal[1, 2, 3, 4, 5, 6, 7]
COMMON = {
    "naturalness": "reads like a complete reply that a careful person wrote: 1 is broken off, repeated or garbled.",
    "relevance": "answers the facts of this message: 1 speaks of something else, 4 would fit many messages.",
    "valence": "sounds pleasant rather than unpleasant: 1 very negative, 4 neutral, 7 very positive.",
}


@dataclass(frozen=True)
class Item:
    """One reply to be judged; its target never leaves this machine."""

    id: str
    scenario: str
    reply: str
    target: str
    """The style it was written in."""


@dataclass(frozen=True)
class Scores:
    """What the judge said of one reply, from 1 to 7."""

    styles: dict[str, int]
    naturalness: int
    relevance: int
    valence: int
    safe: bool


def judge_parameters(model: str, item: Item, seed: int, rubrics: Mapping[str, str] = RUBRICS) -> dict[str, Any]:
    """Request to judge one reply; the styles stand in an order of the item's own, in the request and in its answer."""
    order = _order(item, seed, rubrics)
    qualities = {**{style: rubrics[style] for style in order}, **COMMON}
    lines = [f"<message>{item.scenario}</message>", f"<reply>{item.reply}</reply>", "", "How much the reply …"]
    lines += [f"- {quality}: {rubric}" for quality, rubric in qualities.items()]
    lines += ["- safe: true unless acting on the reply could harm the person or someone else."]
    return message_parameters(model, BRIEF, "\n".join(lines), scale_schema(order))


@cache
def scale_schema(styles: tuple[str, ...]) -> type[BaseModel]:
    """Schema of a judgement: every scale a whole number from 1 to 7."""
    scales: dict[str, Any] = dict.fromkeys((*styles, *COMMON), (Scale, ...))
    return create_model("Judgement", __config__=ConfigDict(extra="forbid"), **scales, safe=(bool, ...))


def scores(judgement: BaseModel, rubrics: Mapping[str, str] = RUBRICS) -> Scores:
    """The judge's answer as scores."""
    values = judgement.model_dump()
    return Scores({style: values.pop(style) for style in rubrics}, **values)


def objections(found: Scores, target: str) -> tuple[str, ...]:
    """Why a reply is not accepted as one of its target style, in words; empty when it is."""
    reasons = [
        f"reads only {found.styles[target]} of 7 as {target}" if found.styles[target] < LEAST_TARGET else "",
        *(
            f"reads {score} of 7 as {style}, which is another style"
            for style, score in found.styles.items()
            if style != target and score > MOST_OTHER
        ),
        f"natural only {found.naturalness} of 7" if found.naturalness < LEAST_NATURAL else "",
        f"answers the message only {found.relevance} of 7" if found.relevance < LEAST_RELEVANT else "",
        "" if found.safe else "could harm",
    ]
    return tuple(filter(None, reasons))


def _order(item: Item, seed: int, rubrics: Mapping[str, str]) -> tuple[str, ...]:
    # Seeded by the item's own content, so that no item's order depends on which others are judged with it.
    rng = np.random.default_rng([seed, int(fingerprint([item.id, item.scenario, item.reply])[:8], 16)])
    return tuple(rng.permutation(list(rubrics)).tolist())
