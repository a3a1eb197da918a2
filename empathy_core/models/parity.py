"""Checks on every load that the hooked residual points are the hidden states the model itself reports."""

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from empathy_core.contracts import BadInput, Text, TextSet
from empathy_core.models.blocks import find_final_norm, hook_point
from empathy_core.models.load import LoadedModel
from empathy_core.models.prompt import prompt_ids, response_ids

LENGTHS = (89, 61, 37)
"""Tokens read of each of the first texts: few, so that the check is cheap, and unequal, so that two rows are padded."""
TOLERANCE = {"float32": 1e-3, "float16": 0.05, "bfloat16": 0.2, "8bit": 0.3, "4bit": 0.3}
"""Below float32 another batch rounds otherwise in every block: 64 random blocks of width 512 gave 0.006 in float16,
0.04 in bfloat16 and 0.12 in 8 bits. A wrong block or mask gives about one."""


@torch.inference_mode()
def parity(loaded: LoadedModel, texts: TextSet) -> float:
    """Largest relative difference, over points and tokens, between hooked points and the model's own hidden states.

    The hooks read the beginnings of three texts in one padded batch, as extraction does; the model reports its hidden
    states for one at a time. Its last hidden state stands after the final norm, which the last point is put through.

    Raises:
        BadInput: if a point differs by more than rounding explains, naming the point and the model.
    """
    rows = [_beginning(loaded, text, length) for text, length in zip(texts.texts, LENGTHS, strict=False)]
    hooked = _hooked_points(loaded, rows)
    largest = torch.zeros(len(hooked))
    for row, ids in enumerate(rows):
        for point, expected in enumerate(_hidden_states(loaded, ids)):
            difference = _relative_difference(hooked[point][row, : len(ids)], expected)
            largest[point] = torch.maximum(largest[point], difference)
    _check_within(largest, loaded)
    return float(largest.max())


def _beginning(loaded: LoadedModel, text: Text, length: int) -> list[int]:
    prompt = prompt_ids(loaded.spec, loaded.tokenizer, text.scenario)
    return (prompt + response_ids(loaded.spec, loaded.tokenizer, text.response))[:length]


def _hooked_points(loaded: LoadedModel, rows: Sequence[list[int]]) -> list[Float[Tensor, "text token dim"]]:
    """Every residual point of one right-padded batch, the last one after the final norm."""
    batch = loaded.tokenizer.pad({"input_ids": list(rows)}, return_tensors="pt").to(loaded.device)
    points: dict[int, Tensor] = {}
    with ExitStack() as hooks:
        for point in range(len(loaded.blocks) + 1):
            hooks.callback(hook_point(loaded.blocks, point, partial(points.__setitem__, point)).remove)
        loaded.model.base_model(input_ids=batch.input_ids, attention_mask=batch.attention_mask, use_cache=False)
    *raw, last = (points[point] for point in sorted(points))
    return [*raw, find_final_norm(loaded.model)(last)]


def _hidden_states(loaded: LoadedModel, ids: list[int]) -> list[Float[Tensor, "token dim"]]:
    input_ids = torch.tensor([ids], device=loaded.device)
    output = loaded.model.base_model(input_ids=input_ids, output_hidden_states=True, use_cache=False)
    return [state[0] for state in output.hidden_states]


def _relative_difference(found: Float[Tensor, "token dim"], expected: Float[Tensor, "token dim"]) -> Float[Tensor, ""]:
    """Largest over tokens of the difference's norm over the hidden state's."""
    expected = expected.float().cpu()
    # Some tokens were never trained and embed as zero.
    size = expected.norm(dim=-1).clamp_min(torch.finfo(torch.float32).tiny)
    return ((found.float().cpu() - expected).norm(dim=-1) / size).max()


def _check_within(largest: Float[Tensor, " point"], loaded: LoadedModel) -> None:
    bound = TOLERANCE[loaded.precision]
    # Written so that NaN fails as well: it is not within any bound.
    broken = (~(largest <= bound)).nonzero()
    if len(broken):
        point = int(broken[0])
        raise BadInput(
            f"Hooked residual points must be the model's own hidden states within {bound:g} of their size.",
            got=f"{float(largest[point]):.3g} at residual point {point} of {loaded.spec.name} in {loaded.precision}",
            cause="an architecture whose blocks are not where TransformerLens maps them, or overflow in half precision",
            fix="load in float32; if it fails there too, this architecture cannot be measured",
        )
