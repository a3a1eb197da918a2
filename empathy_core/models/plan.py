"""What a run will take, before anything is launched: no weight is read or downloaded."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from transformers import PreTrainedConfig

from empathy_core.contracts import POOLS, ModelSpec, Plan, TextSet
from empathy_core.models.blocks import find_blocks
from empathy_core.models.fetch import fetch_description
from empathy_core.models.prompt import prompt_ids, response_ids
from empathy_core.models.tokenizer import read_tokenizer, with_template
from empathy_core.models.weights import check_dtype, model_class, read_config

BITS = {"float32": 32, "bfloat16": 16, "float16": 16, "8bit": 8, "4bit": 4}
"""Size of a weight inside the blocks; outside them a quantised model keeps 16 bits."""
OVERHEAD = 1.2
"""Memory in use over that of the weights (EleutherAI, Transformer Math 101: inference takes about a fifth more)."""
PEAK_FLOPS = 312e12
"""Dense half-precision operations a second of one NVIDIA A100, from its data sheet."""
UTILISATION = 0.5
"""Share of the peak that extraction is taken to reach."""


@dataclass(frozen=True)
class _Size:
    n_layers: int
    in_blocks: int
    outside: int


def plan(
    spec: ModelSpec,
    texts: TextSet,
    dtype: str = "float32",
    n_points: int | None = None,
    n_pools: int = len(POOLS),
    stored: str = "float32",
) -> Plan:
    """Sizes and times for one model, from its configuration and tokenizer alone; `n_points` None means all.

    Raises:
        BadInput: if the model does not exist, its licence is not accepted, or its architecture cannot be read.
    """
    check_dtype(dtype)
    folder, revision = fetch_description(spec)
    config, tokenizer = read_config(folder), read_tokenizer(folder)
    size = _size(config)
    spec = replace(
        with_template(spec, tokenizer), revision=revision, n_layers=size.n_layers, d_model=config.hidden_size
    )
    lengths = [
        len(prompt_ids(spec, tokenizer, text.scenario)) + len(response_ids(spec, tokenizer, text.response))
        for text in texts.texts
    ]
    weight_bytes = (size.in_blocks * BITS[dtype] + size.outside * max(BITS[dtype], 16)) // 8
    points = size.n_layers + 1 if n_points is None else n_points
    return Plan(
        model=spec,
        parameters=size.in_blocks + size.outside,
        weight_bytes=weight_bytes,
        memory_bytes=int(OVERHEAD * weight_bytes),
        tokens=sum(lengths),
        longest=max(lengths, default=0),
        context=config.max_position_embeddings,
        store_bytes=points * n_pools * len(texts) * config.hidden_size * np.dtype(stored).itemsize,
        gpu_seconds=2 * size.in_blocks * sum(lengths) / (PEAK_FLOPS * UTILISATION),
    )


def _size(config: PreTrainedConfig) -> _Size:
    # Tensors on the meta device have shapes and no memory.
    with torch.device("meta"):
        model = model_class(config).from_config(config)
    blocks = find_blocks(model)
    in_blocks = sum(parameter.numel() for block in blocks for parameter in block.parameters())
    return _Size(len(blocks), in_blocks, model.num_parameters() - in_blocks)
