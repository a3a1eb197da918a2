"""Activations of single response tokens, for training sparse autoencoders: too many for memory, so read by shards."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from empathy_core.activations import store
from empathy_core.activations.collect import collect
from empathy_core.activations.encoding import EncodedText
from empathy_core.activations.packing import Batch
from empathy_core.activations.progress import Progress
from empathy_core.activations.settings import DEFAULTS, ExtractionSettings, activation_key
from empathy_core.contracts import ActivationSet, BadInput, TextSet
from empathy_core.models.load import LoadedModel


@dataclass(frozen=True)
class TokenShard:
    """Response tokens of consecutive texts at one residual point."""

    values: Float[np.ndarray, "token dim"]
    texts: Int[np.ndarray, " token"]
    """Number of each token's text in the set's `text_ids`."""
    positions: Int[np.ndarray, " token"]
    """Of each token in its response, from 0."""


def extract_tokens(
    loaded: LoadedModel,
    texts: TextSet,
    store_root: Path | str,
    points: str,
    settings: ExtractionSettings = DEFAULTS,
    progress: Callable[[Progress], None] | None = None,
    split: str = "train",
) -> ActivationSet:
    """Activations `[point, token, dim]` of every response token of one split, text after text.

    `points` is written as in `settings`, and stands instead of its points; there are no pools.

    Raises:
        BadInput: if the split holds no text, and whatever `extract` raises.
    """
    chosen = texts.rows(texts.column("split") == split)
    if not len(chosen):
        raise BadInput(
            f"Token activations are made from {'training' if split == 'train' else split} texts.",
            got=f"none in {len(texts)} texts of {texts.name!r}",
            cause=f"a set without the split {split!r}, or one filtered to the other",
            fix="give the whole set, with both splits",
        )
    settings = replace(settings, points=points)
    key = f"{activation_key(loaded.spec, chosen, settings, loaded.precision)}-tokens"
    return collect(loaded, chosen, store_root, key, ResponseTokens(), settings, progress)


def read_tokens(activations: ActivationSet, point: int) -> Iterator[TokenShard]:
    """The tokens at one residual point, a shard at a time, in the order of the texts.

    Raises:
        BadInput: if the point was not extracted, or an object is missing or altered.
    """
    lengths = np.array(activations.response_tokens)
    texts = np.repeat(np.arange(len(lengths)), lengths)
    positions = np.arange(len(texts)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    first = 0
    for values in store.read_shards(activations, point):
        past = first + len(values)
        yield TokenShard(values.astype(np.float32, copy=False), texts[first:past], positions[first:past])
        first = past


@dataclass(frozen=True)
class ResponseTokens:
    """Keeps `[dim]` of every response token."""

    pools: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()

    def entries(self, text: EncodedText) -> int:
        """How many entries a text takes in its shard."""
        return len(text.response)

    def reader(self, batch: Batch, device: str) -> Callable[[Tensor], Tensor]:
        """Turns the residual stream `[row, token, dim]` into `[response token, dim]`, text after text."""
        spans = zip(batch.rows, batch.starts, batch.ends, strict=True)
        tokens = np.concatenate([row * batch.ids.shape[1] + np.arange(start, end) for row, start, end in spans])
        wanted = torch.from_numpy(tokens).to(device)
        return lambda residual: residual.flatten(0, 1)[wanted.to(residual.device)]
