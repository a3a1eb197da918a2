"""Applies edits to the residual stream of a running model, row by row; hooks never outlive the `with` block."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from empathy_core.contracts import BadInput
from empathy_core.models.blocks import hook_point
from empathy_core.models.load import LoadedModel
from empathy_core.steering.operators import Edit, Edits, edited

Residual = Float[Tensor, "row token dim"]


def check_edits(loaded: LoadedModel, edits: Sequence[Edits]) -> None:
    """Checks that every edit is for a point and a width that this model has.

    Raises:
        BadInput: if one is not.
    """
    width = loaded.model.config.hidden_size
    for point, edit in (item for of_row in edits for item in of_row.items()):
        if not 0 <= point <= len(loaded.blocks):
            raise BadInput(
                f"A steering point lies between 0 and the number of blocks ({len(loaded.blocks)}).",
                got=str(point),
                cause="a direction made on a model with more layers",
                fix="make the direction on this model",
            )
        if edit.width != width:
            raise BadInput(
                f"A direction has the width of the model it steers ({width}).",
                got=f"width {edit.width}",
                cause="a direction made on another model",
                fix="make the direction on this model",
            )


@contextmanager
def steered(loaded: LoadedModel, edits: Sequence[Edits], starts: Sequence[int]) -> Iterator[None]:
    """Runs the model with each row's edits; `starts` are the positions of the rows' last prompt tokens in the batch.

    Positions count padding. A pass with a cache goes on where the cache ends, so prompt and reply may come in pieces.
    Rows without edits, or with edits that change nothing, are left to the bit as they are.

    Raises:
        BadInput: if an edit is for a point or a width that this model has not.
    """
    check_edits(loaded, edits)
    passed = _Passed()
    handles = []
    try:
        for point in sorted({point for of_row in edits for point in of_row}):
            rows = [row for row, of_row in enumerate(edits) if point in of_row and not of_row[point].changes_nothing]
            if rows:
                at_point = _AtPoint(rows, [edits[row][point] for row in rows], [starts[row] for row in rows])
                handles.append(hook_point(loaded.blocks, point, partial(at_point.edit, passed)))
        if handles:
            handles.append(loaded.model.base_model.register_forward_pre_hook(passed.note, with_kwargs=True))
        with torch.inference_mode():
            yield
    finally:
        for handle in handles:
            handle.remove()


class _Passed:
    """How many positions of the rows earlier passes have read: what the cache holds when a pass begins."""

    def __init__(self) -> None:
        self.positions = 0

    def note(self, module: torch.nn.Module, arguments: tuple, keywords: dict) -> None:
        cache = keywords.get("past_key_values")
        self.positions = 0 if cache is None else cache.get_seq_length()


class _AtPoint:
    """The edits of several rows at one point, side by side: bases of lower rank are filled up with zeros."""

    def __init__(self, rows: Sequence[int], edits: Sequence[Edit], starts: Sequence[int]):
        rank = max(len(edit.held) for edit in edits)
        bases = np.stack([np.pad(edit.basis, ((0, 0), (0, rank - len(edit.held)))) for edit in edits])
        held = np.stack([np.pad(edit.held, (0, rank - len(edit.held))) for edit in edits])
        added = np.stack([edit.added for edit in edits])
        self.rows, self.starts = torch.tensor(rows), torch.tensor(starts)[:, None]
        # Projections are formed in float32 whatever the stream's dtype, and rounded to it once.
        self.basis, self.held, self.added = (
            torch.from_numpy(part).float() for part in (bases, held[:, None], added[:, None])
        )

    def edit(self, passed: _Passed, residual: Residual) -> Residual | None:
        self._move(residual.device)
        positions = passed.positions + torch.arange(residual.shape[1], device=residual.device)
        reached = positions >= self.starts
        if not self.basis.shape[-1] and not reached.any():
            return None
        moved = residual.clone()
        added = self.added * reached[..., None]
        moved[self.rows] = edited(residual[self.rows].float(), self.basis, self.held, added).to(residual.dtype)
        return moved

    def _move(self, device: torch.device) -> None:
        """To where this point's stream is: a model may be spread over several devices."""
        for name in ("rows", "starts", "basis", "held", "added"):
            setattr(self, name, getattr(self, name).to(device))
