"""What judging with language models will cost, told before anything is sent."""

import json
import math
from collections.abc import Mapping

from empathy_core.contracts import BadInput
from empathy_core.datasets.generation.cost import CHARACTERS_PER_TOKEN, THINKING_TOKENS, Usage, money
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
    known = _prices(prices) if prices.strip() else (None, None)
    least, most = (estimate(settings, rubrics, replies, characters, tries) for tries in (1, settings.attempts))
    return tuple(
        f"Estimate for {low.model} as judge: {_told(low, price)} if every answer can be read; at most "
        f"{_told(high, price)}."
        for low, high, price in zip(least, most, known, strict=True)
    )


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


def _prices(stated: str) -> tuple[tuple[float, float], tuple[float, float]]:
    try:
        first_in, first_out, second_in, second_out = (float(price) for price in stated.split(","))
    except ValueError as error:
        raise BadInput(
            "Prices are four numbers separated by commas, per million tokens: the first judge's input and output, the "
            "second's input and output.",
            repr(stated),
            fix="write for example `2.5,12.5,0.5,2.5`, with the batch prices of your contract",
        ) from error
    return (first_in, first_out), (second_in, second_out)


def _told(usage: Usage, prices: tuple[float, float] | None) -> str:
    cost = f", {money(usage, prices):.2f} of your currency" if prices else ""
    return f"{usage.requests} replies, {usage.input_tokens:,} tokens in and {usage.output_tokens:,} out{cost}"
