"""A text set through a model into the store: what is finished is reused, and only missing shards are computed."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch

from empathy_core.activations import store
from empathy_core.activations.backoff import TokenBudget
from empathy_core.activations.encoding import encode, fitting
from empathy_core.activations.progress import Meter, Progress
from empathy_core.activations.settings import ExtractionSettings, chosen_points
from empathy_core.activations.shards import Extraction, Keep, compute_shard, cut
from empathy_core.contracts import ActivationSet, TextSet
from empathy_core.models.load import LoadedModel
from empathy_core.models.parity import parity


def collect(
    loaded: LoadedModel,
    texts: TextSet,
    store_root: Path | str,
    key: str,
    keep: Keep,
    settings: ExtractionSettings,
    progress: Callable[[Progress], None] | None,
) -> ActivationSet:
    """What `keep` leaves of every text; `progress` is called after every batch.

    Raises:
        BadInput: if a text cannot be encoded, the hooks do not agree with the model's own hidden states, one text
            exceeds memory, an activation is not finite, or the store fails.
    """
    if finished := store.find(store_root, key):
        return finished
    points = chosen_points(settings.points, len(loaded.blocks))
    encoded, notes = fitting(loaded, encode(loaded, texts), settings.drop_too_long)
    difference = parity(loaded, texts)
    unfinished = store.begin(store_root, key)
    _fill(unfinished, Extraction(loaded, encoded, points, keep, settings), progress)
    shards = [facts for _, facts in sorted(unfinished.shards.items())]
    return unfinished.finish(
        ActivationSet(
            model=loaded.spec,
            key=key,
            folder="",
            dataset_hash=texts.content_hash,
            text_ids=tuple(text.id for text in encoded),
            points=points,
            pools=keep.pools,
            dim=loaded.model.config.hidden_size,
            dtype=settings.dtype,
            residual_norms=_residual_norms(shards),
            response_tokens=tuple(tokens for facts in shards for tokens in facts["response_tokens"]),
            tokens_per_second=sum(facts["tokens"] for facts in shards) / sum(facts["seconds"] for facts in shards),
            parity=difference,
            notes=(*notes, *(note for facts in shards for note in facts["notes"])),
        )
    )


def _fill(unfinished: store.Unfinished, extraction: Extraction, progress: Callable[[Progress], None] | None) -> None:
    whole, texts = unfinished.shards, extraction.texts
    shards = enumerate(cut(texts, extraction.settings.shard_texts))
    missing = {number: members for number, members in shards if number not in whole}
    left = [texts[member] for members in missing.values() for member in members]
    meter = Meter(
        texts_done=len(texts) - len(left),
        texts=len(texts),
        tokens_left=sum(text.length for text in left),
        memory=partial(_memory_bytes, extraction.loaded.device),
        report=progress,
    )
    budget = TokenBudget(extraction.settings.token_budget)
    for number, members in missing.items():
        # No name is bound to the arrays: it would keep them in memory while the next shard is computed.
        unfinished.write(number, *compute_shard(extraction, members, budget, meter))


def _residual_norms(shards: Sequence[dict[str, Any]]) -> tuple[float, ...]:
    response_tokens = sum(sum(facts["response_tokens"]) for facts in shards)
    norms = np.sum([facts["norm_sums"] for facts in shards], axis=0) / response_tokens
    return tuple(norms.tolist())


def _memory_bytes(device: str) -> int:
    if device.startswith("cuda"):
        return sum(torch.cuda.memory_allocated(index) for index in range(torch.cuda.device_count()))
    return psutil.Process().memory_info().rss
