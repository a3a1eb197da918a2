"""The organisms' own grammar as judge: exact, and it reads nothing else."""

from collections.abc import Sequence

from empathy_core.organisms.score import score_reply
from empathy_core.organisms.templates import STYLES
from empathy_core.steering.judges.interface import Exchange, Judge, Judgement


def judge_by_grammar(exchanges: Sequence[Exchange]) -> list[Judgement]:
    """Score replies with the grammar that wrote the organisms' texts.

    Raises `BadInput` for a scenario that is not of the grammar.
    """
    return [_judgement(exchange) for exchange in exchanges]


grammar_judge = Judge("grammar", STYLES, judge_by_grammar)


def _judgement(exchange: Exchange) -> Judgement:
    score = score_reply(exchange.scenario, exchange.reply, exchange.finished)
    first, second = (*score.styles, None, None)[:2]
    known = first is not None and second is not None
    return Judgement(
        shares={style: score.share(style) for style in STYLES},
        casual=float(score.register == "casual"),
        parses=score.parses,
        keeps_style=known and first == second,
        switches_style=known and first != second,
    )
