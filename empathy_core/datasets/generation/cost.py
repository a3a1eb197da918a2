"""What a generation costs in tokens: an estimate before anything is sent, and the service's own count afterwards."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from empathy_core.contracts import BadInput
from empathy_core.datasets.generation.acceptance import REPLY_WORDS, SCENARIO_WORDS
from empathy_core.datasets.generation.defects import DEFECTS, PER_KIND
from empathy_core.datasets.generation.grid import PER_DOMAIN, cells
from empathy_core.datasets.generation.judge import RUBRICS, Item, judge_parameters
from empathy_core.datasets.generation.plan import GenerationSettings
from empathy_core.datasets.generation.requests import Batch
from empathy_core.datasets.generation.writing import writing_parameters

CHARACTERS_PER_TOKEN = 3.0
"""English text has about four; three keeps the estimate on the high side."""
THINKING_TOKENS = 1500
"""Allowance for what a model thinks before it answers, billed as output; a guess."""
Price = tuple[float, float]
"""Of one model's input and output, in money per million tokens."""
_WORD = "settled "  # of eight characters with its space, more than an average word has


@dataclass(frozen=True)
class Usage:
    """Tokens of one model over its batches."""

    model: str
    batches: int
    requests: int
    input_tokens: int
    output_tokens: int
    cache_write_tokens: int = 0
    cache_read_tokens: int = 0


def forecast(settings: GenerationSettings, prices: str = "") -> tuple[str, ...]:
    """What a run will cost, a sentence a model: if every triplet is accepted at once, and at most.

    `prices` are four numbers separated by commas: the writer's input and output, the judge's input and output, in money
    per million tokens; without them only tokens are told. Raises `BadInput` for anything else.
    """
    known = read_prices(prices, "writer", "judge")
    least, most = estimate(settings, 1), estimate(settings, settings.attempts)
    return tuple(
        f"Estimate for {low.model}: {told(low, price)} if every triplet is accepted at once; at most "
        f"{told(high, price)}."
        for low, high, price in zip(least, most, known, strict=True)
    )


def estimate(settings: GenerationSettings, rounds: int) -> tuple[Usage, Usage]:
    """Tokens of writer and judge if every triplet needs `rounds` attempts, from characters, on the high side.

    With one round this is what a run costs if all goes well, with `settings.attempts` the most it can come to.
    """
    scenario, reply = _WORD * SCENARIO_WORDS[1], _WORD * REPLY_WORDS[1]
    first = [writing_parameters(settings.writer, cell, (), ()) for cell in cells(settings.triplets)]
    again = [
        writing_parameters(settings.writer, cell, [scenario] * (PER_DOMAIN - 1), [reply])
        for cell in cells(settings.triplets)
    ]
    verdict = judge_parameters(settings.judge, Item("", scenario, reply, ""), settings.seed)
    verdicts = len(RUBRICS) * settings.triplets * rounds + 2 * PER_KIND * len(DEFECTS)
    return (
        _forecast([*first, *again * (rounds - 1)], rounds, len(scenario + reply * len(RUBRICS))),
        _forecast([verdict] * verdicts, rounds, len(RUBRICS) * 40),
    )


def actual(model: str, batches: Iterable[Batch]) -> Usage:
    """Tokens that the service counted for the replies of these batches."""
    batches = list(batches)
    counts = [
        result["message"]["usage"]
        for batch in batches
        for result in batch.results.values()
        if result["type"] == "succeeded"
    ]
    fields = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    totals = [sum(count.get(field) or 0 for count in counts) for field in fields]
    return Usage(model, len(batches), sum(len(batch.results) for batch in batches), *totals)


def read_prices(stated: str, first: str, second: str) -> tuple[Price | None, Price | None]:
    """What a user says that two models cost, input and output each, in money per million tokens; None where unsaid.

    Raises `BadInput` for anything but four numbers separated by commas.
    """
    if not stated.strip():
        return None, None
    try:
        first_in, first_out, second_in, second_out = (float(price) for price in stated.split(","))
    except ValueError as error:
        raise BadInput(
            "Prices are four numbers separated by commas, per million tokens: "
            f"{first} in, {first} out, {second} in, {second} out.",
            repr(stated),
            fix="write for example `--prices 0.5,2.5,2.5,12.5`, with the batch prices of your contract",
        ) from error
    return (first_in, first_out), (second_in, second_out)


def told(usage: Usage, prices: Price | None) -> str:
    """Requests, tokens and, where prices are known, money, in words."""
    cost = f", {money(usage, prices):.2f} of your currency" if prices else ""
    return f"{usage.requests} requests, {usage.input_tokens:,} tokens in and {usage.output_tokens:,} out{cost}"


def money(usage: Usage, prices: Price) -> float:
    """Cost at prices per million input and output tokens, as the user's contract states them for batches.

    Cached tokens are counted as plain input, which they are not exactly.
    """
    taken = usage.input_tokens + usage.cache_write_tokens + usage.cache_read_tokens
    return (taken * prices[0] + usage.output_tokens * prices[1]) / 1e6


def _forecast(requests: list[dict[str, Any]], batches: int, characters: int) -> Usage:
    asked = sum(len(json.dumps(request)) for request in requests)
    each = characters / CHARACTERS_PER_TOKEN + THINKING_TOKENS
    return Usage(
        requests[0]["model"], batches, len(requests), int(asked / CHARACTERS_PER_TOKEN), int(each * len(requests))
    )
