"""Attention where a row holds one prompt and several replies: each sees the prompt and itself, at its own positions.

The idea of a mask over a tree of continuations is that of SpecInfer (Miao et al. 2024), there for decoding.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from transformers import PreTrainedConfig

from empathy_core.activations.packing import Batch

DECODERS = frozenset("gemma gemma2 gemma3_text gpt2 gpt_neox llama mistral phi phi3 qwen2 qwen3".split())
"""Model types whose attention is reproduced here; others get a row for each text."""


def can_share_prompts(config: PreTrainedConfig) -> bool:
    """Whether this model's attention is causal, full or in a sliding window, and takes a mask made here."""
    return config.model_type in DECODERS and not getattr(config, "use_bidirectional_attention", False)


def tree_masks(
    config: PreTrainedConfig, batch: Batch, dtype: torch.dtype, device: str
) -> Float[Tensor, "row 1 token token"] | dict[str, Float[Tensor, "row 1 token token"]]:
    """What is added to the attention scores `[row, head, query, key]`: one mask, or one for each type of layer."""
    segments = torch.from_numpy(batch.segments).to(device)
    positions = torch.from_numpy(batch.positions).to(device)
    same_reply = segments[:, :, None] == segments[:, None, :]
    in_prompt = (segments == 0)[:, None, :]
    visible = (same_reply | in_prompt).tril()
    # Counted in positions: in the row, a reply may stand far from the prompt that it continues.
    distance = positions[:, :, None] - positions[:, None, :]
    window = getattr(config, "sliding_window", None)
    nearby = visible if window is None else visible & (distance < window)
    if layer_types := getattr(config, "layer_types", None):
        by_type = {"full_attention": visible, "sliding_attention": nearby}
        return {kind: _additive(by_type[kind], dtype) for kind in set(layer_types)}
    return _additive(nearby, dtype)


def _additive(visible: Bool[Tensor, "row token token"], dtype: torch.dtype) -> Float[Tensor, "row 1 token token"]:
    # Not a boolean mask: eager attention, which soft-capped scores need, adds what it is given.
    mask = torch.zeros(visible.shape, dtype=dtype, device=visible.device)
    return mask.masked_fill(~visible, torch.finfo(dtype).min)[:, None]
