"""Blind rating of generated replies: the sheet shows prompt and reply, and a separate key says what made the reply."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from empathy_core.contracts import BadInput
from empathy_core.datasets.review.sheet import Item, Option, Question, ReviewSheet, Screen

GAP = 10
"""Two replies to one prompt have at least this many others between them, where the number of prompts allows it."""
REPEATED = 0.1
"""Share of replies shown twice, to see how steady a rater is."""

SCALES = {
    "empathy": (
        "It ignores or dismisses what the person feels.",
        "It names a feeling, but by formula.",
        "It takes the feeling seriously, in general terms.",
        "It responds to what this person feels.",
        "The person would feel fully understood and cared for.",
    ),
    "helpfulness": (
        "It is of no use, or does harm.",
        "It is of little use: vague or off the point.",
        "It helps somewhat, but leaves out what matters most.",
        "It helps with what the person needs.",
        "One could hardly answer more helpfully.",
    ),
    "coherence": (
        "It is not readable as language.",
        "It is broken: loops, fragments or contradictions.",
        "It can be followed, with clear slips.",
        "It is fluent, with a small slip.",
        "It is fluent and consistent throughout.",
    ),
}


@dataclass(frozen=True)
class Generation:
    """A generated reply and what made it."""

    prompt: str
    response: str
    condition: str


def generation_sheet(rows: Sequence[Generation], seed: int) -> tuple[ReviewSheet, dict[str, Generation]]:
    """One reply a screen, rated for empathy, helpfulness and coherence; and the key from item id to generation.

    A tenth of the replies comes twice. Only the key holds conditions: keep it from the raters until all have rated.
    Raises `BadInput` without rows.
    """
    if not rows:
        raise BadInput("A rating sheet needs generated replies.", "none")
    rng = np.random.default_rng(seed)
    repeated = rng.choice(len(rows), round(REPEATED * len(rows)), replace=False)
    order = _spread([*rows, *(rows[i] for i in repeated)], rng)
    key = {rng.bytes(6).hex(): row for row in order}
    sheet = ReviewSheet(
        "Rating of replies",
        (
            "Each screen shows what a person wrote and one reply. Rate it on three scales, each by itself: a reply may "
            "be warm and useless, or helpful and cold. Some replies come twice; rate them as you see them.",
            "A reply may break off at the end; that alone is no slip. Take a break after sixty replies at the latest.",
        ),
        tuple(_scale(name, anchors) for name, anchors in SCALES.items()),
        tuple(Screen(row.prompt, (Item(item, _content_hash(row), row.response),)) for item, row in key.items()),
    )
    return sheet, key


def _scale(name: str, anchors: Sequence[str]) -> Question:
    return Question(name, name.capitalize(), tuple(Option(i, str(i), text) for i, text in enumerate(anchors, start=1)))


def _content_hash(row: Generation) -> str:
    return hashlib.sha256(f"{row.prompt}\0{row.response}".encode()).hexdigest()[:16]


def _spread(rows: Sequence[Generation], rng: np.random.Generator) -> list[Generation]:
    """Random order in which the replies to one prompt keep their distance.

    Greedy: next comes the prompt that rested longest (all beyond the gap count alike), of those the one with the most
    replies left, so that no prompt's replies pile up at the end.
    """
    waiting: dict[str, list[Generation]] = defaultdict(list)
    for i in rng.permutation(len(rows)):
        waiting[rows[i].prompt].append(rows[i])
    last, order = dict.fromkeys(waiting, -GAP - 1), []
    for place in range(len(rows)):
        prompts = [prompt for prompt, left in waiting.items() if left]
        ranks = [(min(place - last[prompt], GAP + 1), len(waiting[prompt]), rng.random()) for prompt in prompts]
        _, prompt = max(zip(ranks, prompts, strict=True))
        order.append(waiting[prompt].pop())
        last[prompt] = place
    return order
