"""Reads the residual stream of a running model; the hooks never outlive the `with` block."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from torch import Tensor, nn

from empathy_core.models.blocks import hook_point


@contextmanager
def read_residual(
    blocks: Sequence[nn.Module], points: Sequence[int], read: Callable[[Tensor], Any]
) -> Iterator[dict[int, Any]]:
    """A dictionary that holds, after each forward pass, `read(residual)` for every one of `points`.

    `residual` is `[row, token, dim]`. Reducing inside the hook keeps one point in memory at a time.
    """
    found: dict[int, Any] = {}

    def keep(point: int, residual: Tensor) -> None:
        found[point] = read(residual)

    with ExitStack() as stack:
        for point in points:
            stack.callback(hook_point(blocks, point, partial(keep, point)).remove)
        yield found
