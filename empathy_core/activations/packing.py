"""Texts to right-padded batches of token ids, with the exact span of every response."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int
from transformers import PreTrainedTokenizerBase

from empathy_core.contracts import BadInput, ModelSpec, Text, TextSet
from empathy_core.models.prompt import prompt_ids, response_ids

MIN_RESPONSE_TOKENS = 4
"""One for each quarter pool."""
LEAST_FILL = 0.75
"""Length of a batch's shortest row relative to its longest: padding costs as much as text."""


@dataclass(frozen=True)
class Batch:
    """Texts that go through the model together; a response ends where its row's padding begins."""

    rows: Int[np.ndarray, " text"]
    """Indices into the text set."""
    ids: Int[np.ndarray, "text token"]
    starts: Int[np.ndarray, " text"]
    """First response token of each row."""
    ends: Int[np.ndarray, " text"]
    """One past the last token of each row."""

    @property
    def mask(self) -> Bool[np.ndarray, "text token"]:
        """True on real tokens."""
        return np.arange(self.ids.shape[1]) < self.ends[:, None]

    @property
    def response_mask(self) -> Bool[np.ndarray, "text token"]:
        """True on response tokens."""
        return self.mask & (np.arange(self.ids.shape[1]) >= self.starts[:, None])


def pack(
    texts: TextSet, spec: ModelSpec, tokenizer: PreTrainedTokenizerBase, context: int, token_budget: int
) -> list[Batch]:
    """Batches of texts of like length, longest first, each of at most `token_budget` tokens with padding.

    A text longer than the budget makes a batch of its own. `context` is the model's longest input in tokens.

    Raises:
        BadInput: if there is no text, a response has fewer than 4 tokens, or a text does not fit the context.
    """
    if not len(texts):
        raise BadInput("There must be at least one text.", got=f"the empty set {texts.name!r}", fix="check the filters")
    encoded = [_encode(text, spec, tokenizer, context) for text in texts.texts]
    groups = group_by_length([len(prompt) + len(response) for prompt, response in encoded], token_budget)
    return [_batch(rows, [encoded[row] for row in rows], tokenizer.pad_token_id) for rows in groups]


def group_by_length(lengths: Sequence[int], token_budget: int) -> list[list[int]]:
    """Indices of rows that share a batch: longest first, at most a quarter of a row padding."""
    # Longest first: a batch that will not fit in memory fails at once rather than an hour later.
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    groups, start = [], 0
    while start < len(order):
        longest = lengths[order[start]]
        fitting = order[start : start + max(1, token_budget // longest)]
        groups.append([row for row in fitting if lengths[row] >= LEAST_FILL * longest])
        start += len(groups[-1])
    return groups


def _encode(
    text: Text, spec: ModelSpec, tokenizer: PreTrainedTokenizerBase, context: int
) -> tuple[list[int], list[int]]:
    prompt, response = prompt_ids(spec, tokenizer, text.scenario), response_ids(spec, tokenizer, text.response)
    if len(response) < MIN_RESPONSE_TOKENS:
        raise BadInput(
            f"A response must have at least {MIN_RESPONSE_TOKENS} tokens, one for each quarter.",
            got=f"{len(response)} in text {text.id!r}: {text.response!r}",
            cause="an empty or cut-off response",
            fix="lengthen or drop this row",
        )
    if len(prompt) + len(response) > context:
        raise BadInput(
            f"A text must fit {spec.name}'s context of {context} tokens; nothing is truncated.",
            got=f"{len(prompt) + len(response)} in text {text.id!r}",
            cause="a long scenario or response",
            fix="shorten or drop this row",
        )
    return prompt, response


def _batch(rows: list[int], encoded: list[tuple[list[int], list[int]]], padding: int) -> Batch:
    starts = np.array([len(prompt) for prompt, _ in encoded])
    ends = np.array([len(prompt) + len(response) for prompt, response in encoded])
    ids = np.full((len(rows), ends.max()), padding)
    for row, (prompt, response) in enumerate(encoded):
        ids[row, : ends[row]] = prompt + response
    return Batch(np.array(rows), ids, starts, ends)
