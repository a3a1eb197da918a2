"""How likely a model finds given replies, untouched or while it is steered: teacher-forced, without generating."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy, kl_div, log_softmax

from empathy_core.activations.backoff import TokenBudget
from empathy_core.activations.encoding import EncodedText, encode
from empathy_core.activations.packing import Batch, pack
from empathy_core.contracts import TextSet
from empathy_core.models.load import LoadedModel, require_causal
from empathy_core.models.prompt import prompt_ids, response_ids
from empathy_core.steering.hooks import steered
from empathy_core.steering.operators import Edits
from empathy_core.steering.pushes import Pushed, PushPlan

TOKEN_BUDGET = 2048
"""Tokens a batch, padding included; halved when memory runs out. Logits take 4 bytes a token and vocabulary entry."""

UNTOUCHED: Edits = {}

Logits = Float[Tensor, "text token vocabulary"]


def negative_log_likelihood(
    loaded: LoadedModel, scenarios: Sequence[str], responses: Sequence[str], edits: Sequence[Edits] | None = None
) -> Float[np.ndarray, " text"]:
    """Mean negative log-likelihood per response token (nats), under each row's edits; infinite for an empty response.

    Raises:
        BadInput: for an encoder, edits of another model, or if memory does not suffice for one text.
    """
    require_causal(loaded)
    encoded = _encode(loaded, scenarios, responses)
    written = [row for row, text in enumerate(encoded) if len(text.response)]
    of_row = [edits[row] for row in written] if edits else [UNTOUCHED] * len(written)
    values = np.full(len(encoded), np.inf)
    if written:
        values[written] = _by_batch(
            loaded,
            [encoded[row] for row in written],
            lambda batch: -_likelihood(batch, _logits(loaded, batch, [of_row[text] for text in batch.texts])),
        )
    return values


def shifts(loaded: LoadedModel, texts: TextSet, conditions: Sequence[Edits]) -> Float[np.ndarray, "condition text"]:
    """Change in mean log-likelihood per response token (nats) of every text under each condition.

    A condition runs on the same batches as the untouched model, so that one which changes nothing gives exactly 0.

    Raises:
        BadInput: for an encoder, a response of fewer than 4 tokens, edits of another model, or if memory does not
            suffice for one text.
    """

    def measure(batch: Batch) -> Float[np.ndarray, "condition text"]:
        all_logits = (_logits(loaded, batch, edits) for edits in (UNTOUCHED, *conditions))
        before, *after = (_likelihood(batch, logits) for logits in all_logits)
        return np.array(after) - before

    require_causal(loaded)
    return _by_batch(loaded, encode(loaded, texts), measure)


def departures(
    loaded: LoadedModel, texts: TextSet, conditions: Sequence[Edits]
) -> Float[np.ndarray, "condition 2 text"]:
    """How far each condition takes the model's predictions from the untouched model's, on every text.

    First the divergence KL(untouched ‖ steered) of the next-token distributions, then the change in log-likelihood of
    the text itself; both are means over response tokens, in nats. Raises `BadInput` as `shifts` does.
    """

    def measure(batch: Batch) -> Float[np.ndarray, "condition 2 text"]:
        # One condition's logits at a time: with a large vocabulary, those of all would not fit in memory.
        all_logits = (_logits(loaded, batch, edits) for edits in (UNTOUCHED, *conditions))
        untouched = next(all_logits)
        before = _likelihood(batch, untouched)
        return np.array(
            [(_divergence(batch, untouched, logits), _likelihood(batch, logits) - before) for logits in all_logits]
        )

    require_causal(loaded)
    return _by_batch(loaded, encode(loaded, texts), measure)


def run_pushes(
    loaded: LoadedModel,
    plan: PushPlan,
    measure: Callable[[LoadedModel, TextSet, Sequence[Edits]], Float[np.ndarray, "condition *quantity text"]],
) -> Pushed:
    """What `measure` (`shifts` or `departures`) finds under every push of a plan, and under its random ones."""
    return Pushed(
        measure(loaded, plan.texts, [push.edits for push in plan.pushes]),
        measure(loaded, plan.random_texts, [push.edits for push in plan.random_pushes]),
    )


def _encode(loaded: LoadedModel, scenarios: Sequence[str], responses: Sequence[str]) -> list[EncodedText]:
    prompt = cache(partial(prompt_ids, loaded.spec, loaded.tokenizer))

    def ids(found: list[int]) -> Int[np.ndarray, " token"]:
        return np.array(found, dtype=int)  # Said, because an empty response is an array of floats by default.

    return [
        EncodedText("", "", ids(prompt(scenario)), ids(response_ids(loaded.spec, loaded.tokenizer, response)))
        for scenario, response in zip(scenarios, responses, strict=True)
    ]


def _by_batch(
    loaded: LoadedModel,
    encoded: Sequence[EncodedText],
    measure: Callable[[Batch], Float[np.ndarray, "*shape batch"]],
) -> Float[np.ndarray, "*shape text"]:
    """What `measure` makes of every batch, put together in the order of the texts."""
    packed = partial(pack, encoded, padding=loaded.tokenizer.pad_token_id, share_prompts=False)
    found, order = [], []
    for batch, values in TokenBudget(TOKEN_BUDGET).run(
        range(len(encoded)), lambda left, tokens: packed(numbers=left, token_budget=tokens), measure
    ):
        found.append(values)
        order.extend(batch.texts.tolist())
    return np.concatenate(found, axis=-1)[..., np.argsort(order)]


def _logits(loaded: LoadedModel, batch: Batch, edits: Edits | Sequence[Edits]) -> Logits:
    """Of the last positions, from the earliest last prompt token on, under edits for all rows or for each."""
    ids = torch.from_numpy(batch.ids).to(loaded.device)
    # Padding stands after every scored token, so a causal model needs no mask. What only prompts hold is not projected
    # to the vocabulary, which costs more than the rest of the pass.
    of_row = [edits] * len(batch.ids) if isinstance(edits, Mapping) else edits
    with steered(loaded, of_row, (batch.starts - 1).tolist()):
        return loaded.model(input_ids=ids, use_cache=False, logits_to_keep=_kept(batch)).logits[:, :-1].float()


def _kept(batch: Batch) -> int:
    return batch.ids.shape[1] - int(batch.starts.min()) + 1


@torch.inference_mode()
def _likelihood(batch: Batch, logits: Logits) -> Float[np.ndarray, " text"]:
    targets = torch.from_numpy(batch.ids[:, 1 - _kept(batch) :]).to(logits.device)
    return -_mean_over_response(batch, cross_entropy(logits.transpose(1, 2), targets, reduction="none"))


@torch.inference_mode()
def _divergence(batch: Batch, untouched: Logits, logits: Logits) -> Float[np.ndarray, " text"]:
    of_tokens = kl_div(log_softmax(logits, -1), log_softmax(untouched, -1), reduction="none", log_target=True)
    return _mean_over_response(batch, of_tokens.sum(-1))


def _mean_over_response(batch: Batch, values: Float[Tensor, "text token"]) -> Float[np.ndarray, " text"]:
    scored = torch.from_numpy(batch.response_mask[:, 1 - _kept(batch) :]).to(values.device)
    return (values.masked_fill(~scored, 0.0).sum(1) / scored.sum(1)).cpu().double().numpy()
