"""A steering sweep in three ways: in batches, row by row with a cache, and as the earlier study did, without one."""

from collections.abc import Sequence

import numpy as np
import torch
from transformer_lens import HookedTransformer

from benchmarks.parts.llama import scenarios
from empathy_core.models.blocks import hook_point, residual_point_name
from empathy_core.models.load import LoadedModel
from empathy_core.steering.batches import encode_rows
from empathy_core.steering.generate import generate
from empathy_core.steering.hooks import steered
from empathy_core.steering.operators import add
from empathy_core.steering.sampling import Reply, Row, SamplingSettings


def sweep_rows(loaded: LoadedModel, asked: Sequence[str], strengths: int, directions: int) -> list[Row]:
    """Every prompt under every direction at every strength, evenly spaced from 0 to .6 of the residual norm."""
    rng, point = np.random.default_rng(0), len(loaded.blocks) // 2
    scale = residual_norm(loaded, asked[0], point)
    units = [vector / np.linalg.norm(vector) for vector in rng.standard_normal((directions, loaded.spec.d_model))]
    edits = [{point: add(strength * scale * unit)} for unit in units for strength in np.linspace(0, 0.6, strengths)]
    return [Row(scenario, seed, edits=edit) for edit in edits for seed, scenario in enumerate(asked)]


def bundled_scenarios(count: int) -> list[str]:
    """Bundled scenarios, evenly spaced."""
    return list(dict.fromkeys(scenarios(count).column("scenario").tolist()))


@torch.inference_mode()
def residual_norm(loaded: LoadedModel, scenario: str, point: int) -> float:
    """Mean norm of the residual stream at a point, over the tokens of a prompt."""
    norms: list[float] = []
    handle = hook_point(loaded.blocks, point, lambda stream: norms.append(float(stream.norm(dim=-1).mean())))
    loaded.model.base_model(torch.tensor(encode_rows(loaded, [Row(scenario, 0)], 1)), use_cache=False)
    handle.remove()
    return norms[0]


def in_batches(loaded: LoadedModel, rows: Sequence[Row], settings: SamplingSettings) -> list[Reply]:
    """This project's way."""
    return generate(loaded, rows, settings)


@torch.inference_mode()
def with_cache(loaded: LoadedModel, row: Row, settings: SamplingSettings) -> str:
    """Greedy reply to one row by transformers' `generate`, under the same hooks."""
    (ids,) = encode_rows(loaded, [row], settings.max_new_tokens)
    tokens = torch.tensor([ids])
    with steered(loaded, [row.edits], [len(ids) - 1]):
        written = loaded.model.generate(
            tokens,
            attention_mask=torch.ones_like(tokens),
            do_sample=False,
            max_new_tokens=settings.max_new_tokens,
            pad_token_id=loaded.tokenizer.pad_token_id,
        )
    return text(loaded, written[0, len(ids) :])


@torch.inference_mode()
def without_cache(hooked: HookedTransformer, loaded: LoadedModel, row: Row, settings: SamplingSettings) -> str:
    """Greedy reply to one row by a whole pass of a HookedTransformer for every token, with a hook that adds."""
    (ids,) = encode_rows(loaded, [row], settings.max_new_tokens)
    ((point, edit),) = row.edits.items()
    vector, tokens = torch.from_numpy(edit.added).float(), torch.tensor([ids])

    def move(stream, hook):
        stream[:, len(ids) - 1 :] += vector
        return stream

    for _ in range(settings.max_new_tokens):
        logits = hooked.run_with_hooks(tokens, fwd_hooks=[(residual_point_name(point), move)])
        tokens = torch.cat([tokens, logits[:, -1].argmax(-1, keepdim=True)], dim=1)
    return text(loaded, tokens[0, len(ids) :])


def text(loaded: LoadedModel, ids: torch.Tensor) -> str:
    """As replies are decoded."""
    return loaded.tokenizer.decode(ids, skip_special_tokens=True).strip()
