"""What judging with language models will cost, told before anything is sent."""

import json
import math
from collections.abc import Mapping

from empathy_core.datasets.generation.cost import CHARACTERS_PER_TOKEN, THINKING_TOKENS, Price, Usage, read_prices, told
from empathy_core.steering.judges.interface import Exchange
from empathy_core.steering.judges.questions import answer_schema, question
from empathy_core.steering.judges.settings import ClaudeSettings

_FIELD = '"quality_10": 7, '  # an answer's longest part for one quality


def forecast(
    settings: ClaudeSettings, rubrics: Mapping[str, str], replies: int, characters: int, prices: str = ""
) -> tuple[str, ...]:
    """A sentence a model: what `replies` replies of `characters` characters, message included, cost once and at most.

    `prices` are four numbers separated by commas: the first judge's input and output, the second's input and output, in
    money per million tokens; without them only tokens are told. Raises `BadInput` for anything else.
    """
    known = judge_prices(prices)
    least, most = (estimate(settings, rubrics, replies, characters, tries) for tries in (1, settings.attempts))
    return tuple(
        f"Estimate for {low.model} as judge: {told(low, price)} if every answer can be read; at most "
        f"{told(high, price)}."
        for low, high, price in zip(least, most, known, strict=True)
    )


def judge_prices(stated: str) -> tuple[Price | None, Price | None]:
    """Prices of both judges, None where nothing is stated; raises `BadInput` as `read_prices` does."""
    return read_prices(stated, "first judge", "second judge")


def estimate(
    settings: ClaudeSettings, rubrics: Mapping[str, str], replies: int, characters: int, attempts: int = 1
) -> tuple[Usage, Usage]:
    """Tokens of both judges if every reply needs `attempts` attempts, from characters, on the high side.

    The second judge's replies are drawn one by one, so that their number is known to about its square root.
    """
    return (
        _usage(settings.model, replies * attempts, rubrics, characters),
        _usage(settings.second, math.ceil(replies * settings.second_share) * attempts, rubrics, characters),
    )


def _usage(model: str, requests: int, rubrics: Mapping[str, str], characters: int) -> Usage:
    asked = len(json.dumps(question(model, Exchange("x" * characters, ""), rubrics, 0))) / CHARACTERS_PER_TOKEN
    answered = len(_FIELD) * len(answer_schema(rubrics).model_fields) / CHARACTERS_PER_TOKEN + THINKING_TOKENS
    return Usage(model, 1, requests, int(asked * requests), int(answered * requests))
