"""Rows of a generation run to batches: left-padded prompts of like length, each with room for its reply."""

from collections.abc import Sequence
from functools import cache

import numpy as np

from empathy_core.activations.packing import Batch, group_by_length
from empathy_core.contracts import BadInput
from empathy_core.models.load import LoadedModel
from empathy_core.models.prompt import prompt_ids, response_ids
from empathy_core.steering.sampling import Row


def encode_rows(loaded: LoadedModel, rows: Sequence[Row], room: int) -> list[tuple[int, ...]]:
    """Token ids of every row's instruction, scenario and opening, after which a reply of `room` tokens must fit.

    Raises:
        BadInput: if a prompt is empty, or leaves less room in the model's context.
    """

    # A sweep asks for the same few prompts under many edits.
    @cache
    def ids(scenario: str, instruction: str, opening: str) -> tuple[int, ...]:
        prompt = prompt_ids(loaded.spec, loaded.tokenizer, scenario, instruction)
        return tuple(prompt + (response_ids(loaded.spec, loaded.tokenizer, opening) if opening else []))

    prompts = [ids(row.scenario, row.instruction, row.opening) for row in rows]
    context = loaded.model.config.max_position_embeddings
    if wrong := [len(prompt) for prompt in prompts if not 0 < len(prompt) <= context - room]:
        raise BadInput(
            f"A prompt holds a token or more, and leaves room for the reply in a context of {context} tokens.",
            got=f"{len(wrong)} of {len(prompts)} prompts, one of {wrong[0]} tokens, for replies of up to {room}",
            cause="an empty scenario, a long one, or replies longer than the model was made for",
            fix="shorten these scenarios, or ask for fewer new tokens",
        )
    return prompts


def pack_prompts(
    prompts: Sequence[Sequence[int]], numbers: Sequence[int], token_budget: int, room: int, padding: int
) -> list[Batch]:
    """Batches of the prompts with these numbers, each with room for a reply of `room` tokens, longest first.

    A batch holds at most `token_budget` tokens, padding and room included; a row longer than that stands alone.
    """
    groups = group_by_length([len(prompts[number]) + room for number in numbers], token_budget)
    return [_batch(prompts, [numbers[row] for row in group], room, padding) for group in groups]


def _batch(prompts: Sequence[Sequence[int]], numbers: Sequence[int], room: int, padding: int) -> Batch:
    longest = max(len(prompts[number]) for number in numbers)
    shape = (len(numbers), longest + room)
    ids, positions, segments = np.full(shape, padding), np.zeros(shape, int), np.full(shape, -1)
    for row, number in enumerate(numbers):
        # Padding on the left puts every row's last prompt token, where steering and the reply begin, at one place.
        first = longest - len(prompts[number])
        ids[row, first:longest] = prompts[number]
        positions[row, first:] = np.arange(shape[1] - first)
        segments[row, first:longest], segments[row, longest:] = 0, 1
    return Batch(
        ids,
        positions,
        segments,
        texts=np.array(numbers),
        rows=np.arange(len(numbers)),
        starts=np.full(len(numbers), longest),
        ends=np.full(len(numbers), shape[1]),
    )
