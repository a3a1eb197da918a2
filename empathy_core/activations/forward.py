"""One batch through the blocks of a model, reduced at every residual point while the pass runs."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from empathy_core.activations.hooks import read_residual
from empathy_core.activations.packing import Batch
from empathy_core.activations.tree import tree_masks
from empathy_core.models.load import LoadedModel


@torch.inference_mode()
def forward(
    loaded: LoadedModel, batch: Batch, points: Sequence[int], keep: Callable[[Tensor], Tensor]
) -> tuple[dict[int, Float[np.ndarray, "entry *shape dim"]], Float[np.ndarray, " point"]]:
    """What `keep` leaves of the residual stream `[row, token, dim]` (float32) at each point, and the sum of its norms.

    The norms are those of response tokens.
    """
    response = torch.from_numpy(batch.response_mask).to(loaded.device)
    with read_residual(loaded.blocks, points, partial(_reduce, keep, response)) as found:
        # The base model is the stack without the language-model head, whose logits nobody reads here.
        loaded.model.base_model(**_inputs(loaded, batch), use_cache=False)
    kept = {point: found[point][0].cpu().numpy() for point in points}
    return kept, np.array([found[point][1].item() for point in points])


def _inputs(loaded: LoadedModel, batch: Batch) -> dict[str, Any]:
    ids = torch.from_numpy(batch.ids).to(loaded.device)
    if not batch.shares_prompts:
        return {"input_ids": ids, "attention_mask": torch.from_numpy(batch.mask).to(loaded.device, torch.long)}
    return {
        "input_ids": ids,
        "position_ids": torch.from_numpy(batch.positions).to(loaded.device),
        "attention_mask": tree_masks(loaded.model.config, batch, loaded.model.dtype, loaded.device),
    }


def _reduce(keep: Callable[[Tensor], Tensor], response: Tensor, residual: Tensor) -> tuple[Tensor, Tensor]:
    residual = residual.float()
    norms = residual.norm(dim=-1).where(response.to(residual.device), 0)
    return keep(residual), norms.sum()
