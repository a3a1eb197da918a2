"""What an intervention does to the residual stream, as pure functions on arrays (numpy and torch alike)."""

from typing import TypeVar

Array = TypeVar("Array")


def add(residual: Array, vector: Array) -> Array:
    """Move the residual stream `[..., dim]` by `vector` `[..., dim]`, in units of the stream."""
    return residual + vector  # type: ignore[operator]


def ablate(residual: Array, basis: Array) -> Array:
    """Project `[..., dim]` off an orthonormal `basis` `[dim, rank]` (directional ablation, Arditi et al. 2024)."""
    return residual - (residual @ basis) @ basis.T  # type: ignore[operator,attr-defined]
