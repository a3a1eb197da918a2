"""Batched generation: every row has its own prompt, its own strength and direction, and its own random numbers."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import LogitsProcessor, LogitsProcessorList

from empathy_core.contracts import BadInput
from empathy_core.models.load import LoadedModel, require_causal
from empathy_core.models.prompt import prompt_ids, response_ids
from empathy_core.steering.hooks import ablation, addition, edited_residual
from empathy_core.steering.sampling import Reply, Row, SamplingSettings


class _SeededSampling(LogitsProcessor):
    """Keep only the token at which the cumulative distribution passes the row's own uniform number."""

    def __init__(self, uniforms: Float[Tensor, "row step"], prompt_length: int, temperature: float):
        self.uniforms, self.prompt_length, self.temperature = uniforms, prompt_length, temperature

    def __call__(
        self, input_ids: Int[Tensor, "row token"], scores: Float[Tensor, "row vocabulary"]
    ) -> Float[Tensor, "row vocabulary"]:
        step = input_ids.shape[1] - self.prompt_length
        cumulative = torch.softmax(scores.double() / self.temperature, -1).cumsum(-1)
        # The last entry falls short of 1 by rounding; scaling by it keeps the drawn index inside the vocabulary.
        drawn = torch.searchsorted(cumulative, self.uniforms[:, step : step + 1] * cumulative[:, -1:])
        return torch.full_like(scores, -torch.inf).scatter(-1, drawn, 0.0)


def generate(
    loaded: LoadedModel,
    rows: Sequence[Row],
    settings: SamplingSettings,
    *,
    point: int | None = None,
    additions: Float[np.ndarray, "row dim"] | None = None,
    ablations: Mapping[int, Float[np.ndarray, "dim rank"]] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Reply]:
    """Continue every row's prompt, optionally steered by `additions` at `point` or with subspaces projected out.

    `additions` are in units of the residual stream, one vector a row (zeros leave a row untouched); `ablations` maps
    residual points to orthonormal bases. Temperature 0 is greedy. Rows are batched by prompt length. Raises `BadInput`
    for an encoder, and for additions without their point or of another number or size.
    """
    require_causal(loaded)
    if additions is not None:
        _check_additions(loaded, point, additions)
    prompts = [_row_ids(loaded, row) for row in rows]
    order = sorted(range(len(rows)), key=lambda index: len(prompts[index]))
    replies: dict[int, Reply] = {}
    edits = {at: ablation(torch.as_tensor(basis, device=loaded.device)) for at, basis in (ablations or {}).items()}
    for start in range(0, len(rows), settings.batch_rows):
        batch = order[start : start + settings.batch_rows]
        if additions is not None:
            edits[point] = addition(torch.as_tensor(additions[batch], device=loaded.device))
        with edited_residual(loaded.blocks, edits):
            texts = _continue(loaded, [prompts[i] for i in batch], [rows[i].seed for i in batch], settings)
        replies.update(zip(batch, texts, strict=True))
        if progress:
            progress(len(replies), len(rows))
    return [replies[index] for index in range(len(rows))]


def _row_ids(loaded: LoadedModel, row: Row) -> list[int]:
    ids = prompt_ids(loaded.spec, loaded.tokenizer, row.scenario)
    return ids + response_ids(loaded.spec, loaded.tokenizer, row.opening) if row.opening else ids


def _continue(
    loaded: LoadedModel, prompts: list[list[int]], seeds: list[int], settings: SamplingSettings
) -> list[Reply]:
    length = max(len(ids) for ids in prompts)
    padding = loaded.tokenizer.pad_token_id
    # Left padding puts every row's last prompt token at position -1, where generation and steering start.
    tokens = torch.tensor([[padding] * (length - len(ids)) + ids for ids in prompts], device=loaded.device)
    mask = torch.tensor([[0] * (length - len(ids)) + [1] * len(ids) for ids in prompts], device=loaded.device)
    uniforms = np.stack([np.random.default_rng(seed).random(settings.max_new_tokens) for seed in seeds])
    sampling = _SeededSampling(torch.as_tensor(uniforms, device=loaded.device), length, settings.temperature)
    output = loaded.model.generate(
        input_ids=tokens,
        attention_mask=mask,
        max_new_tokens=settings.max_new_tokens,
        do_sample=False,
        temperature=None,
        top_p=None,
        top_k=None,
        pad_token_id=padding,
        logits_processor=LogitsProcessorList([sampling] if settings.temperature > 0 else []),
    )
    return [_reply(loaded, row) for row in output[:, length:].tolist()]


def _reply(loaded: LoadedModel, ids: list[int]) -> Reply:
    ends = loaded.model.generation_config.eos_token_id
    ends = set(ends) if isinstance(ends, list) else {ends}
    end = next((position for position, token in enumerate(ids) if token in ends), None)
    return Reply(loaded.tokenizer.decode(ids[:end], skip_special_tokens=True).strip(), end is not None)


def _check_additions(loaded: LoadedModel, point: int | None, additions: Float[np.ndarray, "row dim"]) -> None:
    if point is None or not 0 <= point <= len(loaded.blocks):
        raise BadInput(
            f"A steering point lies between 0 and the number of blocks ({len(loaded.blocks)}).",
            str(point),
            "a direction made on a model with more layers",
            "make the direction on this model",
        )
    width = loaded.model.config.hidden_size
    if additions.shape[1] != width:
        raise BadInput(
            f"A direction has the width of the model it steers ({width}).",
            f"width {additions.shape[1]}",
            "a direction made on another model",
            "make the direction on this model",
        )
