"""Encoded texts to batches of token ids: right-padded rows, in which replies may share the prompt before them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from empathy_core.activations.encoding import EncodedText

LEAST_FILL = 0.75
"""Length of a batch's shortest row relative to its longest: padding costs as much as text."""
LEAST_SAVING = 0.1
"""Share of tokens that shared prompts must save: below it, the plain causal mask is the faster way."""


@dataclass(frozen=True)
class Batch:
    """Texts that go through the model together: every row is a prompt, the replies to it, and padding."""

    ids: Int[np.ndarray, "row token"]
    positions: Int[np.ndarray, "row token"]
    """Of each token in its own text: every reply of a row begins where the prompt ends. Zero on padding."""
    segments: Int[np.ndarray, "row token"]
    """0 on the prompt, i on the row's i-th reply, -1 on padding."""
    texts: Int[np.ndarray, " text"]
    """Numbers of the texts, row by row."""
    rows: Int[np.ndarray, " text"]
    """The row that holds each text."""
    starts: Int[np.ndarray, " text"]
    """First response token of each text in its row."""
    ends: Int[np.ndarray, " text"]
    """One past the last response token of each text in its row."""

    @property
    def shares_prompts(self) -> bool:
        """Whether some row holds more than one reply."""
        return len(self.texts) > len(self.ids)

    @property
    def mask(self) -> Bool[np.ndarray, "row token"]:
        """True on real tokens."""
        return self.segments >= 0

    @property
    def response_mask(self) -> Bool[np.ndarray, "row token"]:
        """True on response tokens."""
        return self.segments > 0


def pack(
    texts: Sequence[EncodedText], numbers: Sequence[int], token_budget: int, padding: int, share_prompts: bool
) -> list[Batch]:
    """Batches of the texts with these numbers: rows of like length, longest first, at most `token_budget` tokens each.

    With `share_prompts`, texts with the same prompt stand in one row, if that saves at least a tenth of the tokens.
    A text longer than the budget makes a batch of its own.
    """
    rows = [[number] for number in numbers]
    if share_prompts:
        shared = _families(texts, numbers, token_budget)
        saved = 1 - sum(_length(texts, row) for row in shared) / sum(_length(texts, row) for row in rows)
        rows = shared if saved >= LEAST_SAVING else rows
    groups = group_by_length([_length(texts, row) for row in rows], token_budget)
    return [_batch(texts, [rows[row] for row in group], padding) for group in groups]


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


def _families(texts: Sequence[EncodedText], numbers: Sequence[int], token_budget: int) -> list[list[int]]:
    """Texts grouped by prompt; a family that would exceed the budget goes on in another row."""
    rows, last_row = [], {}
    for number in numbers:
        prompt = texts[number].prompt.tobytes()
        row = last_row.get(prompt)
        if row is None or _length(texts, [*row, number]) > token_budget:
            row = last_row[prompt] = []
            rows.append(row)
        row.append(number)
    return rows


def _length(texts: Sequence[EncodedText], row: Sequence[int]) -> int:
    return len(texts[row[0]].prompt) + sum(len(texts[number].response) for number in row)


def _batch(texts: Sequence[EncodedText], rows: Sequence[Sequence[int]], padding: int) -> Batch:
    shape = (len(rows), max(_length(texts, row) for row in rows))
    ids, positions, segments = np.full(shape, padding), np.zeros(shape, int), np.full(shape, -1)
    starts, ends = [], []
    for place, row in enumerate(rows):
        pieces = [texts[row[0]].prompt, *(texts[number].response for number in row)]
        lengths = [len(piece) for piece in pieces]
        edges = np.cumsum(lengths)
        filled = slice(edges[-1])
        ids[place, filled] = np.concatenate(pieces)
        segments[place, filled] = np.repeat(np.arange(len(pieces)), lengths)
        # Every reply is moved back over those that stand between it and the prompt.
        positions[place, filled] = np.arange(edges[-1]) - np.repeat([0, *(edges[:-1] - edges[0])], lengths)
        starts.append(edges[:-1])
        ends.append(edges[1:])
    return Batch(
        ids,
        positions,
        segments,
        texts=np.concatenate(rows),
        rows=np.repeat(np.arange(len(rows)), [len(row) for row in rows]),
        starts=np.concatenate(starts),
        ends=np.concatenate(ends),
    )
