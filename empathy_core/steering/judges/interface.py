"""What every judge is given and what it gives back."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

NOT_ASKED = "not asked"
"""Why there is no verdict where the judge was not meant to give one: no failure of the judge."""


@dataclass(frozen=True)
class Exchange:
    """A reply as a judge gets it: nothing in it says which arm, direction or strength made it."""

    scenario: str
    reply: str
    finished: bool = True
    """False when generation ran out of tokens."""


@dataclass(frozen=True)
class Judgement:
    """What a judge says of one reply."""

    shares: dict[str, float]
    """How far the reply is in each style, 0 to 1: the grammar's share of sentences, or a place on a rating scale."""
    casual: float
    """How far it is in casual register, 0 to 1."""
    parses: bool | None
    """The reply hangs together: grammatical and finished (grammar), or rated at least the scale's middle (others)."""
    keeps_style: bool | None = None
    """The second sentence has the first one's style; None from judges that read no single sentences."""
    switches_style: bool | None = None
    """The second sentence has a style, and another one than the first."""
    missing: str = ""
    """Why there is no verdict (a refusal, an answer off the scale, `NOT_ASKED`); empty where there is one.

    Without a verdict every number is NaN and every opinion None.
    """


@dataclass(frozen=True)
class Judge:
    """A judge of replies."""

    name: str
    """Stands in every table and key: `grammar`, `human`, or the model's id."""
    styles: tuple[str, ...]
    """The styles it can judge."""
    judge: Callable[[Sequence[Exchange]], list[Judgement]]
    """One judgement per exchange, in order; equal exchanges get equal ones."""


def judge_replies(
    judge: Judge, scenarios: Sequence[str], replies: Sequence[str], finished: Sequence[bool]
) -> list[Judgement]:
    """One judgement per reply, in order."""
    return judge.judge([Exchange(*row) for row in zip(scenarios, replies, finished, strict=True)])


def no_verdict(styles: Sequence[str], reason: str) -> Judgement:
    """The judgement of a reply that the judge said nothing of."""
    return Judgement(dict.fromkeys(styles, math.nan), math.nan, None, missing=reason)


def of_nothing(styles: Sequence[str]) -> Judgement:
    """The judgement of an empty reply, which needs no reader: it has no style and does not hang together."""
    return Judgement(dict.fromkeys(styles, 0.0), 0.0, False)
