"""What an intervention does to the residual stream: one formula, x − B Bᵀ x + B c + v, of which every arm is a case."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from jaxtyping import Float

from empathy_core.contracts import BadInput

Array = TypeVar("Array")

TOLERANCE = 1e-3
"""How far a basis may be from orthonormal: float16 arithmetic stays within it, a direction of another length not."""


@dataclass(frozen=True, eq=False)
class Edit:
    """What happens to a row at one point: the part in `basis` is taken out, `held` put in its place, `added` added."""

    basis: Float[np.ndarray, "dim rank"]
    """Orthonormal columns; rank 0 takes nothing out. Applies at every position, those of the prompt included."""
    held: Float[np.ndarray, " rank"]
    """Coordinates put in place of those taken out; zeros for ablation."""
    added: Float[np.ndarray, " dim"]
    """In units of the residual stream. Applies from the last prompt token on, and so at every generated token."""

    def __post_init__(self) -> None:
        worst = np.abs(self.basis.T @ self.basis - np.eye(len(self.held))).max(initial=0)
        # Not `worst > TOLERANCE`, which NaN would pass.
        if not worst <= TOLERANCE:
            raise BadInput(
                "What is taken out of the residual stream must be spanned by orthonormal columns.",
                got=f"products of columns up to {worst:.3g} away from those of an orthonormal basis",
                cause="directions given as they are, of any length and at any angle",
                fix="orthonormalise them with `numpy.linalg.qr`",
            )
        if not np.isfinite(self.held).all() or not np.isfinite(self.added).all():
            raise BadInput(
                "An edit must be finite.", got="NaN or infinity", cause="a direction of length zero, divided"
            )

    @property
    def width(self) -> int:
        """Of the residual stream it edits."""
        return len(self.added)

    @property
    def changes_nothing(self) -> bool:
        """Whether any stream leaves as it came: nothing taken out, and zero added."""
        return not self.held.size and not self.added.any()


Edits = Mapping[int, Edit]
"""What happens to one row, by residual point: one point, a range or all of them; empty leaves the row untouched."""


def add(vector: Float[np.ndarray, " dim"]) -> Edit:
    """Moves the stream by `vector`, in units of the stream."""
    return Edit(np.zeros((len(vector), 0)), np.zeros(0), vector)


def ablate(basis: Float[np.ndarray, "dim rank"]) -> Edit:
    """Projects the stream off an orthonormal basis (directional ablation, Arditi et al. 2024)."""
    return Edit(basis, np.zeros(basis.shape[1]), np.zeros(len(basis)))


def ablate_then_add(basis: Float[np.ndarray, "dim rank"], vector: Float[np.ndarray, " dim"]) -> Edit:
    """Projects the stream off an orthonormal basis, then moves it by `vector`, which may lie in the basis."""
    return Edit(basis, np.zeros(basis.shape[1]), vector)


def clamp(unit: Float[np.ndarray, " dim"], target: float) -> Edit:
    """Sets the coordinate along a unit vector to `target`, such as the mean of a class, in units of the stream."""
    return Edit(unit[:, None], np.array([target]), np.zeros(len(unit)))


def edited(residual: Array, basis: Array, held: Array, added: Array) -> Array:
    """x − (x B − c) Bᵀ + v on streams `[..., token, dim]`, with bases `[..., dim, rank]`, numpy and torch alike.

    `held` `[..., 1, rank]` and `added` `[..., token or 1, dim]` are as in `Edit`.
    """
    return residual - (residual @ basis - held) @ basis.mT + added  # type: ignore[operator,attr-defined]
