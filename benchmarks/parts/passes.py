"""The same batches through a model with and without hooks."""

from collections.abc import Sequence

import torch

from empathy_core.activations.encoding import EncodedText
from empathy_core.activations.forward import forward
from empathy_core.activations.packing import Batch, pack
from empathy_core.activations.pooling import PooledResponses
from empathy_core.contracts import POOLS
from empathy_core.models.load import LoadedModel


def batches(loaded: LoadedModel, texts: Sequence[EncodedText], token_budget: int, share_prompts: bool) -> list[Batch]:
    """All the texts, packed as extraction packs them."""
    return pack(texts, range(len(texts)), token_budget, loaded.tokenizer.pad_token_id, share_prompts)


def tokens(texts: Sequence[EncodedText], batch: Batch) -> int:
    """Tokens of a batch's texts: a prompt counts once for each of its replies, padding not at all."""
    return sum(texts[number].length for number in batch.texts)


def unique_tokens(texts: Sequence[EncodedText]) -> int:
    """Tokens when every prompt counts once."""
    prompts = {text.scenario_id: len(text.prompt) for text in texts}
    return sum(prompts.values()) + sum(len(text.response) for text in texts)


def hooked_pass(loaded: LoadedModel, batch: Batch) -> None:
    """Every residual point and every pool of a batch."""
    points = range(len(loaded.blocks) + 1)
    forward(loaded, batch, points, PooledResponses(POOLS).reader(batch, loaded.device))


@torch.inference_mode()
def bare_pass(loaded: LoadedModel, batch: Batch) -> None:
    """The model alone, without language-model head; `batch` holds one text a row."""
    ids, mask = (torch.from_numpy(part).to(loaded.device) for part in (batch.ids, batch.mask))
    loaded.model.base_model(input_ids=ids, attention_mask=mask.long(), use_cache=False)
