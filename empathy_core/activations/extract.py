"""One forward pass a text: every residual point, all six pools, straight into the store."""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from empathy_core.activations import store
from empathy_core.activations.hooks import read_residual
from empathy_core.activations.packing import Batch, pack
from empathy_core.activations.pooling import pool_weights
from empathy_core.contracts import POOLS, ActivationSet, BadInput, ModelSpec, TextSet
from empathy_core.models.load import LoadedModel

FORMAT = 1
"""Goes up when the same inputs would give other numbers, so that old results are not reused."""


@dataclass(frozen=True)
class ExtractionSettings:
    """How activations are computed and kept."""

    token_budget: int = 2048
    """Tokens a batch, padding included."""
    dtype: str = "float32"
    """What is stored: `float32`, or `float16` for half the size."""


@dataclass(frozen=True)
class _Pooled:
    """What the passes over all texts leave behind."""

    values: Float[np.ndarray, "point text pool dim"]
    residual_norms: Float[np.ndarray, " point"]
    response_tokens: tuple[int, ...]
    tokens_per_second: float


def activation_key(spec: ModelSpec, texts: TextSet, dtype: str, compute_dtype: str) -> str:
    """Content address of the activations: everything that decides their values, and nothing about this machine."""
    facts = {
        "format": FORMAT,
        "model": [spec.name, spec.revision],
        "template": [spec.chat_template, spec.prompt_template, spec.response_prefix],
        "texts": texts.content_hash,
        "pools": POOLS,
        "dtype": [dtype, compute_dtype],
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:24]


def extract(
    loaded: LoadedModel,
    texts: TextSet,
    store_root: Path | str,
    settings: ExtractionSettings = ExtractionSettings(),
    progress: Callable[[int, int], None] | None = None,
) -> ActivationSet:
    """Activations `[point, text, pool, dim]` of all texts, from the store if this key is finished, else computed.

    `progress` is called after every batch with the number of texts done and in all.

    Raises:
        BadInput: if a text cannot be packed, an activation is not finite, or the stored key is corrupt.
    """
    if settings.dtype not in ("float32", "float16"):
        raise BadInput("Activations are stored as float32 or float16.", got=settings.dtype, fix="choose one of the two")
    key = activation_key(loaded.spec, texts, settings.dtype, str(loaded.model.dtype))
    if finished := store.find(store_root, key):
        return finished
    context = loaded.model.config.max_position_embeddings
    batches = pack(texts, loaded.spec, loaded.tokenizer, context, settings.token_budget)
    pooled = _run(loaded, texts, batches, float(np.finfo(settings.dtype).max), progress)
    activations = ActivationSet(
        model=loaded.spec,
        key=key,
        folder="",
        dataset_hash=texts.content_hash,
        text_ids=tuple(text.id for text in texts.texts),
        points=tuple(range(len(loaded.blocks) + 1)),
        pools=POOLS,
        dim=loaded.model.config.hidden_size,
        dtype=settings.dtype,
        residual_norms=tuple(pooled.residual_norms.tolist()),
        response_tokens=pooled.response_tokens,
        tokens_per_second=pooled.tokens_per_second,
    )
    return store.write(store_root, activations, pooled.values)


def _run(
    loaded: LoadedModel,
    texts: TextSet,
    batches: Sequence[Batch],
    largest: float,
    progress: Callable[[int, int], None] | None,
) -> _Pooled:
    n_points, dim = len(loaded.blocks) + 1, loaded.model.config.hidden_size
    values = np.empty((n_points, len(texts), len(POOLS), dim), np.float32)
    norms, lengths, done, started = np.zeros(n_points), np.zeros(len(texts), int), 0, time.perf_counter()
    for batch in batches:
        pooled, norm_sums = forward(loaded, batch)
        _check_finite(pooled, largest, loaded.spec, [texts.texts[row].id for row in batch.rows])
        values[:, batch.rows] = pooled
        norms += norm_sums
        lengths[batch.rows] = batch.ends - batch.starts
        done += len(batch.rows)
        if progress:
            progress(done, len(texts))
    n_tokens = sum(int(batch.ends.sum()) for batch in batches)
    return _Pooled(values, norms / lengths.sum(), tuple(lengths.tolist()), n_tokens / (time.perf_counter() - started))


@torch.inference_mode()
def forward(
    loaded: LoadedModel, batch: Batch
) -> tuple[Float[np.ndarray, "point text pool dim"], Float[np.ndarray, " point"]]:
    """One batch through the blocks: pooled activations, and the sum of residual norms over response tokens."""
    weights = torch.from_numpy(pool_weights(batch.starts, batch.ends, batch.ids.shape[1])).to(loaded.device)
    response = torch.from_numpy(batch.response_mask).to(loaded.device)
    with read_residual(loaded.blocks, partial(_reduce, weights, response)) as points:
        # The base model is the stack without the language-model head, whose logits nobody reads here.
        loaded.model.base_model(
            input_ids=torch.from_numpy(batch.ids).to(loaded.device),
            attention_mask=torch.from_numpy(batch.mask).to(loaded.device, torch.long),
            use_cache=False,
        )
    pooled = torch.stack([points[point][0] for point in sorted(points)])
    norm_sums = torch.stack([points[point][1] for point in sorted(points)])
    return pooled.cpu().numpy(), norm_sums.double().cpu().numpy()


def _reduce(weights: Tensor, response: Tensor, residual: Tensor) -> tuple[Tensor, Tensor]:
    residual = residual.float()
    return weights @ residual, residual.norm(dim=-1)[response].sum()


def _check_finite(
    pooled: Float[np.ndarray, "point text pool dim"], largest: float, spec: ModelSpec, text_ids: Sequence[str]
) -> None:
    # Written so that NaN fails as well: it is not within any bound.
    broken = np.argwhere(~(np.abs(pooled) <= largest).all(axis=(2, 3)))
    if len(broken):
        point, row = broken[0]
        raise BadInput(
            f"Activations must be finite and at most {largest:.4g} in size.",
            got=f"{np.abs(pooled[point, row]).max()} at residual point {point}, text {text_ids[row]!r}, {spec.name}",
            cause="overflow in half precision, or broken weights",
            fix="load the model in float32 or bfloat16, and store float32",
        )
