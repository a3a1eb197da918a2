"""Apply operators to the residual stream of a running model; hooks never outlive the `with` block."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import Tensor, nn

from empathy_core.models.blocks import hook_point
from empathy_core.steering.operators import ablate, add

Edit = Callable[[Float[Tensor, "row token dim"]], Float[Tensor, "row token dim"]]


def addition(vectors: Float[Tensor, "row dim"]) -> Edit:
    """Add each row's vector at the last position only.

    In the first forward pass of a left-padded batch that is the last prompt token, afterwards every generated token.
    """

    def edit(residual: Float[Tensor, "row token dim"]) -> Float[Tensor, "row token dim"]:
        moved = residual.clone()
        moved[:, -1] = add(moved[:, -1], vectors.to(residual))
        return moved

    return edit


def ablation(basis: Float[Tensor, "dim rank"]) -> Edit:
    """Project every position off `basis`."""
    return lambda residual: ablate(residual, basis.to(residual))


@contextmanager
def edited_residual(blocks: list[nn.Module], edits: Mapping[int, Edit]) -> Iterator[None]:
    """Run the model with `edits` applied at their residual points (the convention of `models.blocks`)."""
    handles = []
    try:
        for point, edit in edits.items():
            handles.append(hook_point(blocks, point, edit))
        with torch.inference_mode():
            yield
    finally:
        for handle in handles:
            handle.remove()
