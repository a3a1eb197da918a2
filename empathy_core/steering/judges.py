"""Who says which style a generated reply has: today the organisms' own grammar, exact, which reads nothing else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from empathy_core.contracts import TextSet
from empathy_core.organisms.score import score_reply
from empathy_core.organisms.templates import STYLES


@dataclass(frozen=True)
class Judgement:
    """What a judge says of one reply."""

    shares: dict[str, float]
    """Share of the reply's sentences in each style; sentences in no style lower the sum below one."""
    casual: bool
    """In casual register; false for formal replies and for those that mark neither."""
    parses: bool
    """Every sentence is well formed and the reply is finished."""
    keeps_style: bool
    """The second sentence has the first one's style."""
    switches_style: bool
    """The second sentence has a style, and another one than the first."""


Judge = Callable[[str, str, bool], Judgement]
"""(scenario, reply, finished) -> judgement."""

NO_JUDGE = (
    "no judge can score generated natural text yet: the grammar judge reads organism texts only, and a language-model "
    "judge (with an API key) or human ratings are not part of this version"
)


def grammar_judge(scenario: str, reply: str, finished: bool) -> Judgement:
    """Score a reply with the grammar that wrote the organisms' texts; exact."""
    score = score_reply(scenario, reply, finished)
    first, second = (*score.styles, None, None)[:2]
    known = first is not None and second is not None
    return Judgement(
        shares={style: score.share(style) for style in STYLES},
        casual=score.register == "casual",
        parses=score.parses,
        keeps_style=known and first == second,
        switches_style=known and first != second,
    )


def judge_for(texts: TextSet) -> Judge | None:
    """The judge that can read replies to these scenarios, or None where there is none (see `NO_JUDGE`)."""
    return grammar_judge if texts.kind == "organism" else None


def judge_replies(
    judge: Judge, scenarios: Sequence[str], replies: Sequence[str], finished: Sequence[bool]
) -> list[Judgement]:
    """One judgement per reply, in order."""
    return [judge(scenario, reply, done) for scenario, reply, done in zip(scenarios, replies, finished, strict=True)]
