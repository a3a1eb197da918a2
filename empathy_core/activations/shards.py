"""A shard: consecutive texts that go through the model together, and whose activations are written at once."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Shaped
from torch import Tensor

from empathy_core.activations.backoff import TokenBudget
from empathy_core.activations.encoding import EncodedText
from empathy_core.activations.forward import forward
from empathy_core.activations.packing import Batch, pack
from empathy_core.activations.progress import Meter
from empathy_core.activations.settings import ExtractionSettings
from empathy_core.activations.tree import can_share_prompts
from empathy_core.contracts import BadInput
from empathy_core.models.load import LoadedModel


@runtime_checkable
class Keep(Protocol):
    """What is kept of the residual stream, as entries `[*shape, dim]`: one or more for every text, in order."""

    @property
    def pools(self) -> tuple[str, ...]:
        """Names along the axis of pools, where there is one."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """The axes of an entry before `dim`."""
        ...

    def entries(self, text: EncodedText) -> int:
        """How many entries a text takes in its shard."""
        ...

    def reader(self, batch: Batch, device: str) -> Callable[[Tensor], Tensor]:
        """Turns the residual stream `[row, token, dim]` into the entries of the batch's texts, in their order."""
        ...


@dataclass(frozen=True)
class Extraction:
    """All that decides what a shard holds."""

    loaded: LoadedModel
    texts: tuple[EncodedText, ...]
    points: tuple[int, ...]
    keep: Keep
    settings: ExtractionSettings


def cut(texts: Sequence[EncodedText], shard_texts: int) -> list[range]:
    """Numbers of consecutive texts, at most `shard_texts` together unless one scenario alone has more.

    A cut falls where the scenario changes, so that its replies can share their prompt.
    """
    shards, first, end = [], 0, 0
    for _, replies in groupby(text.scenario_id for text in texts):
        past = end + len(list(replies))
        if past - first > shard_texts and end > first:
            shards.append(range(first, end))
            first = end
        end = past
    return [*shards, range(first, end)]


def compute_shard(
    extraction: Extraction, numbers: range, budget: TokenBudget, meter: Meter
) -> tuple[dict[int, Shaped[np.ndarray, "entry *shape dim"]], dict[str, Any]]:
    """Entries of these texts at every point, in the order of the texts, and what is to be known of the shard.

    Raises:
        BadInput: if an activation is not finite or too large for the stored type, or one text exceeds memory.
    """
    loaded, texts, keep, settings = extraction.loaded, extraction.texts, extraction.keep, extraction.settings
    counts = [keep.entries(texts[number]) for number in numbers]
    places = np.split(np.arange(sum(counts)), np.cumsum(counts)[:-1])
    shape = (sum(counts), *keep.shape, loaded.model.config.hidden_size)
    arrays = {point: np.empty(shape, settings.dtype) for point in extraction.points}
    norm_sums, already_noted, started = np.zeros(len(arrays)), len(budget.notes), time.perf_counter()

    share = settings.share_prefix and can_share_prompts(loaded.model.config)
    packing = partial(pack, texts, padding=loaded.tokenizer.pad_token_id, share_prompts=share)
    for batch, (kept, sums) in budget.run(numbers, packing, partial(_forward, extraction)):
        _check_finite(extraction, batch, kept)
        destination = np.concatenate([places[number - numbers.start] for number in batch.texts])
        for point, entries in kept.items():
            arrays[point][destination] = entries
        norm_sums += sums
        meter.add(len(batch.texts), sum(texts[number].length for number in batch.texts))
    return arrays, {
        "norm_sums": norm_sums.tolist(),
        "response_tokens": [len(texts[number].response) for number in numbers],
        "tokens": sum(texts[number].length for number in numbers),
        "seconds": time.perf_counter() - started,
        "notes": budget.notes[already_noted:],
    }


def _forward(
    extraction: Extraction, batch: Batch
) -> tuple[dict[int, Float[np.ndarray, "entry *shape dim"]], Float[np.ndarray, " point"]]:
    loaded = extraction.loaded
    return forward(loaded, batch, extraction.points, extraction.keep.reader(batch, loaded.device))


def _check_finite(extraction: Extraction, batch: Batch, kept: dict[int, Float[np.ndarray, "entry *shape dim"]]) -> None:
    largest = float(np.finfo(extraction.settings.dtype).max)
    owners = np.repeat(np.arange(len(batch.texts)), [extraction.keep.entries(extraction.texts[n]) for n in batch.texts])
    for point, entries in kept.items():
        sizes = np.abs(entries).reshape(len(entries), -1).max(axis=1)
        # Written so that NaN fails as well: it is not within any bound.
        broken = ~(sizes <= largest)
        if broken.any():
            # NaN at one token reaches the sums over every text of its row, so all of them are under suspicion.
            row = batch.rows[owners] == batch.rows[owners[broken.argmax()]]
            ids = [repr(extraction.texts[number].id) for number in batch.texts[np.unique(owners[broken & row])]]
            raise BadInput(
                f"Activations must be finite and at most {largest:.4g} in size.",
                got=f"{sizes[broken.argmax()]} at residual point {point} of {extraction.loaded.spec.name}, "
                f"text {' or '.join(ids)}",
                cause="overflow in half precision, or broken weights",
                fix="load the model in float32 or bfloat16, and store float32",
            )
