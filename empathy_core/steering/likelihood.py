"""How likely a model finds given text: the fluency gate of coherence."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float

from empathy_core.models.load import LoadedModel, require_causal
from empathy_core.models.prompt import prompt_ids, response_ids


def negative_log_likelihood(
    loaded: LoadedModel, scenarios: Sequence[str], responses: Sequence[str], batch_rows: int = 128
) -> Float[np.ndarray, " text"]:
    """Mean negative log-likelihood per response token (nats), unsteered; infinite for an empty response.

    Raises `BadInput` for an encoder.
    """
    require_causal(loaded)
    pairs = [
        (prompt_ids(loaded.spec, loaded.tokenizer, scenario), response_ids(loaded.spec, loaded.tokenizer, response))
        for scenario, response in zip(scenarios, responses, strict=True)
    ]
    values = np.full(len(pairs), np.inf)
    order = [i for i in sorted(range(len(pairs)), key=lambda i: len(pairs[i][0]) + len(pairs[i][1])) if pairs[i][1]]
    for start in range(0, len(order), batch_rows):
        batch = order[start : start + batch_rows]
        values[batch] = _batch(loaded, [pairs[i] for i in batch])
    return values


@torch.inference_mode()
def _batch(loaded: LoadedModel, pairs: list[tuple[list[int], list[int]]]) -> Float[np.ndarray, " text"]:
    length = max(len(prompt) + len(response) for prompt, response in pairs)
    tokens = torch.full((len(pairs), length), loaded.tokenizer.pad_token_id)
    scored = torch.zeros(len(pairs), length, dtype=torch.bool)
    for row, (prompt, response) in enumerate(pairs):
        tokens[row, : len(prompt) + len(response)] = torch.tensor(prompt + response)
        scored[row, len(prompt) : len(prompt) + len(response)] = True
    tokens, scored = tokens.to(loaded.device), scored.to(loaded.device)
    # Right padding stands after every scored token, so a causal model needs no mask. What only prompts hold is not
    # projected to the vocabulary, which costs more than the rest of the pass.
    kept = length - min(len(prompt) for prompt, _ in pairs) + 1
    logits = loaded.model(input_ids=tokens, use_cache=False, logits_to_keep=kept).logits[:, :-1].float()
    targets, scored = tokens[:, 1 - kept :], scored[:, 1 - kept :]
    surprise = torch.nn.functional.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
    return (surprise.masked_fill(~scored, 0.0).sum(1) / scored.sum(1)).double().cpu().numpy()
