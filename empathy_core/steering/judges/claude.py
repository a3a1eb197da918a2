"""Claude as judge: a rubric per style, blind to what made a reply, and a second model on a share of the replies."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from empathy_core.contracts import BadInput
from empathy_core.datasets.generation.batches import Progress
from empathy_core.datasets.generation.requests import fingerprint
from empathy_core.datasets.generation.service import Sleep
from empathy_core.steering.judges.answers import Answer, answers
from empathy_core.steering.judges.interface import NOT_ASKED, Exchange, Judge, Judgement, no_verdict, of_nothing
from empathy_core.steering.judges.questions import answer_schema, judgement, question
from empathy_core.steering.judges.settings import ClaudeSettings


def claude_judge(
    rubrics: Mapping[str, str],
    settings: ClaudeSettings,
    folder: Path,
    progress: Progress,
    sleep: Sleep = time.sleep,
) -> Judge:
    """The judge that asks `settings.model` about every reply and keeps its answers in `folder`.

    One process at a time works in a folder. Judging raises `BadInput` as `answers` does, and when more than
    `settings.most_missing` of the replies have no verdict.
    """
    return _judge_of_share(settings.model, 1.0, rubrics, settings, folder, progress, sleep)


def second_judge(
    rubrics: Mapping[str, str],
    settings: ClaudeSettings,
    folder: Path,
    progress: Progress,
    sleep: Sleep = time.sleep,
) -> Judge:
    """The same judge with `settings.second`, which has a verdict on `settings.second_share` of the replies.

    Which ones is drawn by their content, so that a reply keeps its place when others are added.
    """
    return _judge_of_share(settings.second, settings.second_share, rubrics, settings, folder, progress, sleep)


def _judge_of_share(
    model: str,
    share: float,
    rubrics: Mapping[str, str],
    settings: ClaudeSettings,
    folder: Path,
    progress: Progress,
    sleep: Sleep,
) -> Judge:
    styles = tuple(rubrics)

    def judge(exchanges: Sequence[Exchange]) -> list[Judgement]:
        replies = {_name(exchange): exchange for exchange in exchanges}
        asked = {
            name: question(model, exchange, rubrics, settings.seed)
            for name, exchange in replies.items()
            if exchange.reply.strip() and _draw(name, settings.seed) < share
        }
        found = answers(model, asked, answer_schema(rubrics), settings, folder, progress, sleep)
        _check_missing(model, found, settings.most_missing)

        def verdict(name: str, exchange: Exchange) -> Judgement:
            if not exchange.reply.strip():
                return of_nothing(styles)
            answer, reason = found.get(name, (None, NOT_ASKED))
            return judgement(answer, exchange, rubrics, settings.seed) if answer else no_verdict(styles, reason)

        verdicts = {name: verdict(name, exchange) for name, exchange in replies.items()}
        return [verdicts[_name(exchange)] for exchange in exchanges]

    return Judge(model, styles, judge)


def _name(exchange: Exchange) -> str:
    return fingerprint([exchange.scenario, exchange.reply])


def _draw(name: str, seed: int) -> float:
    """A number from 0 to 1 (1 excluded) that depends on the reply and the seed alone."""
    return int(fingerprint([name, seed])[:13], 16) / 16**13


def _check_missing(model: str, found: Mapping[str, Answer], most: float) -> None:
    reasons = Counter(reason for answer, reason in found.values() if not answer)
    if reasons.total() > most * len(found):
        raise BadInput(
            f"A judge gives a verdict on at least {1 - most:.0%} of the replies.",
            f"none from {model} on {reasons.total()} of {len(found)}: "
            + ", ".join(f"{reason} ({count})" for reason, count in reasons.most_common(3)),
            "a model that refuses such texts, or one too weak for the rubric",
            "judge with another model, or raise the number of attempts; the verdicts that arrived are kept",
        )
