"""The reference for extraction: one text at a time through transformers, read without this library's hooks."""

import numpy as np
import torch

from empathy_core.models.prompt import prompt_ids, response_ids


def response_states(loaded, text):
    """Residual stream `[point, token, dim]` over the response: reported hidden states, and the last block's output."""
    prompt = prompt_ids(loaded.spec, loaded.tokenizer, text.scenario)
    response = response_ids(loaded.spec, loaded.tokenizer, text.response)
    last = []
    hook = loaded.blocks[-1].register_forward_hook(lambda *call: last.append(call[-1]))
    with torch.no_grad():
        states = loaded.model.base_model(torch.tensor([prompt + response]), output_hidden_states=True).hidden_states
    hook.remove()
    # What transformers reports last stands after the final norm.
    raw = last[0][0] if isinstance(last[0], tuple) else last[0]
    return torch.stack([*states[:-1], raw])[:, 0, len(prompt) :].float().numpy()


def pooled(tokens):
    """The six pools `[point, pool, dim]` of `[point, token, dim]`, written out with slices."""
    n = tokens.shape[1]
    quarters = [tokens[:, i * n // 4 : (i + 1) * n // 4].mean(1) for i in range(4)]
    return np.stack([tokens[:, -1], tokens.mean(1), *quarters], axis=1)
