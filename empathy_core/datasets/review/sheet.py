"""What a rater is shown: a sheet of screens, each a prompt with blind items, and the questions asked of every item."""

import hashlib
import json
from collections import defaultdict
from dataclasses import asdict, dataclass

import numpy as np

from empathy_core.contracts import BadInput, Text, TextSet


@dataclass(frozen=True)
class Option:
    """One possible answer."""

    value: int | str
    label: str
    meaning: str = ""
    """One sentence that says when to choose it."""


@dataclass(frozen=True)
class Question:
    """A choice of labels, or a scale whose points are its options."""

    id: str
    text: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Item:
    """One reply under an opaque id: neither the id nor its place says how it was made."""

    id: str
    content_hash: str
    """Of the reply's source, so that a decision for a text that has changed since is refused."""
    response: str


@dataclass(frozen=True)
class Screen:
    """A prompt and the replies shown side by side under it."""

    prompt: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class ReviewSheet:
    """Everything a review page holds."""

    title: str
    instructions: tuple[str, ...]
    """Paragraphs."""
    questions: tuple[Question, ...]
    screens: tuple[Screen, ...]
    reasons: tuple[Option, ...] = ()
    """Codes for a rejection; with them the page also asks whether to accept, edit or reject each item."""

    @property
    def version(self) -> str:
        """Sixteen hexadecimal digits of SHA-256 over the whole sheet: a changed page never resumes an older one."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]


NATURALNESS = Question(
    "naturalness",
    "Naturalness",
    (
        Option(1, "1", "No person would write this."),
        Option(2, "2", "Stiff or formulaic throughout."),
        Option(3, "3", "Some phrases sound made."),
        Option(4, "4", "Natural, with one odd word or turn."),
        Option(5, "5", "As a thoughtful person would write."),
    ),
)
REASONS = (
    Option("style", "style", "It mixes styles or fits none."),
    Option("facts", "facts", "It contradicts the message or adds facts to it."),
    Option("language", "language", "It is ungrammatical or no person would write it."),
    Option("unsafe", "unsafe", "It could harm someone, or promises what nobody can."),
    Option("other", "other", "Another reason."),
)
STYLE_MEANINGS = {
    "cognitive": "Says what it may be like from inside and why it hangs together; no comfort, no advice.",
    "affective": "Shows warmth and feels with the person; no explanation, no advice.",
    "instrumental": "Gives concrete help with the problem; no comfort, no explanation.",
}


def text_sheet(texts: TextSet, seed: int, share: float = 1.0) -> ReviewSheet:
    """The main texts, one scenario a screen, its replies side by side; scenarios and replies in seeded order.

    `share` (0 to 1) keeps that part of the scenarios, for a further rater. Raises `BadInput` for another share.
    """
    if not 0 < share <= 1:
        raise BadInput("The share of scenarios lies above 0 and is at most 1.", str(share))
    rng = np.random.default_rng(seed)
    replies = defaultdict(list)
    for text in texts.texts:
        if text.role == "main":
            replies[text.scenario_id].append(text)
    scenarios = rng.permutation(sorted(replies))[: int(np.ceil(share * len(replies)))]
    screens = [[replies[scenario][i] for i in rng.permutation(len(replies[scenario]))] for scenario in scenarios]
    return ReviewSheet(
        f"Review of {texts.name}",
        (
            "Each screen shows what a person wrote and several replies. Read the replies one by one. For each, say in "
            "which style it is written and how natural it is; then accept it, correct it or reject it.",
            "The order is random, and two replies may have the same style. Judge what the reply does, not the words it "
            "opens with. There is no time limit; stop when you tire, the page keeps your answers in this browser.",
        ),
        text_questions(texts),
        tuple(Screen(replies[0].scenario, tuple(map(_item, replies))) for replies in screens),
        REASONS,
    )


def text_questions(texts: TextSet) -> tuple[Question, ...]:
    """What is asked of every main text: which style it has, and how natural it is."""
    options = (Option(style, style, STYLE_MEANINGS.get(style, "")) for style in texts.main_styles)
    return Question("style", "Style", tuple(options)), NATURALNESS


def item_id(text: Text) -> str:
    """Twelve hexadecimal digits of SHA-256 over the text's id, which may itself name the style."""
    return hashlib.sha256(text.id.encode()).hexdigest()[:12]


def _item(text: Text) -> Item:
    return Item(item_id(text), text.content_hash, text.response)
