"""Batched generation: every row has its own prompt, edits and random numbers; all strengths and arms share batches."""

import logging
from collections.abc import Callable, Hashable, Sequence
from functools import partial

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import DynamicCache

from empathy_core.activations.backoff import TokenBudget
from empathy_core.activations.packing import Batch
from empathy_core.contracts import BadInput
from empathy_core.models.load import LoadedModel, require_causal
from empathy_core.steering.batches import encode_rows, pack_prompts
from empathy_core.steering.hooks import check_edits, steered
from empathy_core.steering.operators import Edits
from empathy_core.steering.sampling import Reply, Row, SamplingSettings

LOGGER = logging.getLogger(__name__)

LEAST_LEAVING = 0.25
"""Share of a batch's rows that must have ended before they leave it: each time, the cache is copied."""


def generate(
    loaded: LoadedModel,
    rows: Sequence[Row],
    settings: SamplingSettings,
    progress: Callable[[int, int], None] | None = None,
    stream: Callable[[int, Reply], None] | None = None,
) -> list[Reply]:
    """Continues every row's prompt under its edits; the replies stand in the order of the rows.

    Batching changes no reply: each row draws from its own seed. The checkpoint's own sampling settings (repetition
    penalty, top p) are not used; they would hide what steering does. After every batch `progress` gets the numbers of
    rows done and in all, and `stream` each new reply with the number of its row.

    Raises:
        BadInput: before anything is generated if the model is an encoder, an edit is for a point or width that it has
            not, or a prompt leaves no room for its reply; later, if one row exceeds memory or logits are not finite.
    """
    require_causal(loaded)
    check_edits(loaded, [row.edits for row in rows])
    prompts = encode_rows(loaded, rows, settings.max_new_tokens)
    packing = partial(pack_prompts, prompts, room=settings.max_new_tokens, padding=loaded.tokenizer.pad_token_id)
    budget = TokenBudget(settings.token_budget)
    replies: dict[int, Reply] = {}
    for batch, written in budget.run(range(len(rows)), packing, partial(_write, loaded, rows, settings)):
        new = dict(zip(batch.texts.tolist(), written, strict=True))
        replies |= new
        if progress:
            progress(len(replies), len(rows))
        if stream:
            for number, reply in new.items():
                stream(number, reply)
    for note in budget.notes:
        LOGGER.warning("%s: %s", loaded.spec.name, note)
    return [replies[number] for number in range(len(rows))]


@torch.inference_mode()
def _write(loaded: LoadedModel, rows: Sequence[Row], settings: SamplingSettings, batch: Batch) -> list[Reply]:
    """One batch, token by token; a row that has ended writes on unread until enough have ended to leave together."""
    ids, positions, mask = (
        torch.from_numpy(part).to(loaded.device) for part in (batch.ids, batch.positions, batch.mask.astype(int))
    )
    edits = [rows[number].edits for number in batch.texts]
    uniforms = torch.from_numpy(
        np.stack([np.random.default_rng(rows[number].seed).random(settings.max_new_tokens) for number in batch.texts])
    )
    start, stop, ends = int(batch.starts[0]), ids.shape[1], _end_ids(loaded)
    writing, ended = torch.arange(len(ids)), torch.zeros(len(ids), dtype=torch.bool)
    cache = _read_prompts(loaded, edits, ids[:, : start - 1], positions[:, : start - 1], mask[:, : start - 1])
    place = start
    while place < stop and len(writing):
        with steered(loaded, [edits[row] for row in writing.tolist()], [start - 1] * len(writing)):
            while place < stop and ended[writing].float().mean() < LEAST_LEAVING:
                logits = loaded.model(
                    input_ids=ids[writing, place - 1 : place],
                    position_ids=positions[writing, place - 1 : place],
                    attention_mask=mask[writing, :place],
                    past_key_values=cache,
                    use_cache=True,
                ).logits[:, -1]
                drawn = _draw(logits, uniforms[writing, place - start], settings.temperature)
                ids[writing, place] = drawn.to(ids.device)
                ended[writing] |= torch.isin(drawn.cpu(), ends)
                place += 1
        staying = ~ended[writing]
        writing = writing[staying]
        cache.batch_select_indices(staying.nonzero()[:, 0])
    return [_reply(loaded, row, set(ends.tolist())) for row in ids[:, start:].tolist()]


def _read_prompts(
    loaded: LoadedModel,
    edits: Sequence[Edits],
    ids: Int[Tensor, "row token"],
    positions: Int[Tensor, "row token"],
    mask: Int[Tensor, "row token"],
) -> DynamicCache:
    """The cache of every row's prompt but its last token, read once for rows that nothing sets apart until there."""
    cache = DynamicCache(config=loaded.model.config)
    if not ids.shape[1]:
        return cache
    # Lengths count: the token that pads may be one that a prompt begins with.
    keys = list(zip(map(tuple, ids.tolist()), mask.sum(1).tolist(), map(_edits_of_prompt, edits), strict=True))
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    of_row = np.array([numbers[key] for key in keys])
    distinct = np.unique(of_row, return_index=True)[1].tolist()
    with steered(loaded, [edits[row] for row in distinct], [ids.shape[1]] * len(distinct)):
        # The base model is the stack without the language-model head, whose logits nobody reads here.
        loaded.model.base_model(
            input_ids=ids[distinct],
            position_ids=positions[distinct],
            attention_mask=mask[distinct],
            past_key_values=cache,
            use_cache=True,
        )
    # Indices on the CPU select from layers on any device.
    cache.batch_select_indices(torch.from_numpy(of_row))
    return cache


def _edits_of_prompt(edits: Edits) -> Hashable:
    """What tells apart edits that change prompts: those that only add leave them alone until the last token."""
    # Bases are large and shared by the rows of an arm; by identity, an equal copy is merely read again.
    return tuple((point, id(edit.basis), edit.held.tobytes()) for point, edit in edits.items() if edit.held.size)


def _draw(
    logits: Float[Tensor, "row vocabulary"], uniforms: Float[Tensor, " row"], temperature: float
) -> Int[Tensor, " row"]:
    """The likeliest token, or the one at which the cumulative distribution passes the row's own uniform number."""
    if not logits.amax(-1).isfinite().all():
        raise BadInput(
            "Logits must be finite.",
            got="NaN or infinity while generating",
            cause="a residual stream steered beyond what float16 can hold",
            fix="load the model in bfloat16 or float32, or use smaller strengths",
        )
    if temperature == 0:
        return logits.argmax(-1)
    # Sums are kept in float64, which mps does not have.
    logits = logits.cpu() if logits.device.type == "mps" else logits
    cumulative = torch.softmax(logits.float() / temperature, -1).cumsum(-1, dtype=torch.float64)
    # The last entry falls short of 1 by rounding; scaling by it keeps the drawn index inside the vocabulary.
    return torch.searchsorted(cumulative, uniforms.to(logits.device)[:, None] * cumulative[:, -1:])[:, 0]


def _end_ids(loaded: LoadedModel) -> Int[Tensor, " token"]:
    ends = loaded.model.generation_config.eos_token_id
    return torch.tensor(ends if isinstance(ends, list) else [] if ends is None else [ends], dtype=torch.long)


def _reply(loaded: LoadedModel, ids: list[int], ends: set[int]) -> Reply:
    end = next((place for place, token in enumerate(ids) if token in ends), None)
    return Reply(loaded.tokenizer.decode(ids[:end], skip_special_tokens=True).strip(), end is not None)
