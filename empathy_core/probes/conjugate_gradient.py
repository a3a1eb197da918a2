"""The regularised log-loss of many label columns at once, minimised by preconditioned conjugate gradients.

In the eigenbasis of the train Gram the penalty is diagonal, and so is the curvature of the loss as far as it is the
same for all texts. That diagonal, with the mean curvature of each column, is the preconditioner: no label column needs
a factorisation of its own, and a step is two products of the shared basis with all columns. Directions are those of
Polak and Ribière (Nocedal & Wright 2006, section 5.2), and Newton's method in one dimension gives the length of a step.

There is no line search. Where a step moves no text's log-odds between two classes by more than M, the curvature changes
by a factor below exp(M) (Bach 2010, self-concordance), so that the objective certainly falls if M is below 1.79.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

MAX_STEPS = 1000
LONGEST_MOVE = 1.5
"""The most that one step may change a text's log-odds."""
ACCURACY = 1e-6
"""A column is done when its `error` is below this, or below this share of C, with which values shrink."""
BLOCK = 2**16
"""About this many values are worked on at once, so that they stay in the processor's cache."""

Design = Float[np.ndarray, "train component"]
PerColumn = Float[np.ndarray, " column"]
PerText = Float[np.ndarray, "column class train"]
PerComponent = Float[np.ndarray, "column class component"]


@dataclass(frozen=True)
class Optimum:
    """Where the descent of every column ended."""

    coefficients: PerComponent
    """In the eigenbasis, the intercept last."""
    curvature: PerColumn
    """Mean second derivative of the loss in a decision value."""
    error: PerColumn
    """What a decision value may be off at most, for texts as near the training mean as those of training."""


class _Columns(NamedTuple):
    """What the columns that are not done carry from step to step."""

    number: Int[np.ndarray, " column"]
    targets: PerText
    coefficients: PerComponent
    values: PerText
    direction: PerComponent
    """Of the last step."""
    gradient: PerComponent
    """Before the last step."""
    size: PerColumn
    """Squared length of that gradient in the preconditioned norm."""


def minimise(eigenbasis: Design, targets: PerText, C: float) -> Optimum:
    """Minimise C · Σ log-loss + ½ |w|² over weights w and an intercept, column by column.

    Rows of `eigenbasis` are the training texts about their mean, its columns orthogonal. `targets` are 1 for a text's
    class and 0 for the others; a single class on that axis is the second of two, and its values are the log-odds.
    """
    # The intercept is one more component, without penalty.
    design = np.column_stack([eigenbasis, np.ones(len(eigenbasis))])
    width = max(1, BLOCK // targets[0].size)
    blocks = [_minimise_block(design, targets[start : start + width], C) for start in range(0, len(targets), width)]
    fields = ("coefficients", "curvature", "error")
    return Optimum(**{field: np.concatenate([getattr(block, field) for block in blocks]) for field in fields})


def _minimise_block(design: Design, targets: PerText, C: float) -> Optimum:
    spread = (design**2).sum(axis=0)
    penalty = np.append(np.ones(len(spread) - 1), 0.0)
    radius = np.sqrt((design**2 @ penalty).max())
    columns = _start(design, targets)
    found = Optimum(np.empty_like(columns.coefficients), *np.empty((2, len(targets))))
    for step in range(MAX_STEPS + 1):
        probabilities = _probabilities(columns.values)
        curvature = _mean_curvature(probabilities, C)
        gradient = C * _times(probabilities - columns.targets, design) + penalty * columns.coefficients
        error = _error(gradient, curvature * len(design), radius)
        done = (error <= ACCURACY * min(1, C)) | (step == MAX_STEPS)
        rows = columns.number[done]
        found.coefficients[rows], found.curvature[rows] = columns.coefficients[done], curvature[done]
        found.error[rows] = error[done]
        if done.all():
            return found
        if done.any():
            columns = _Columns(*(kept[~done] for kept in columns))
            probabilities, gradient, curvature = probabilities[~done], gradient[~done], curvature[~done]
        scale = curvature[:, None, None] * spread + penalty
        columns, fall = _turn(columns, gradient, gradient / scale)
        change = _times(columns.direction, design.T)
        bend = _bend(probabilities, change, C) + (penalty * columns.direction**2).sum(axis=(1, 2))
        columns = _advance(columns, change, fall / bend)
    return found


def _start(design: Design, targets: PerText) -> _Columns:
    """No weights, and intercepts at the frequencies of the classes."""
    share = targets.mean(axis=2, keepdims=True)
    rest = np.log(1 - share) if targets.shape[1] == 1 else np.log(share).mean(axis=1, keepdims=True)
    none = np.zeros((*targets.shape[:2], design.shape[1]))
    coefficients = none.copy()
    coefficients[:, :, -1:] = np.log(share) - rest
    values = np.broadcast_to(coefficients[:, :, -1:], targets.shape)
    return _Columns(np.arange(len(targets)), targets, coefficients, values, none, none, np.full(len(targets), np.inf))


def _probabilities(values: PerText) -> PerText:
    if values.shape[1] == 1:
        return 1 / (1 + np.exp(-values))
    exponentials = np.exp(values - values.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def _mean_curvature(probabilities: PerText, C: float) -> PerColumn:
    """C · mean p (1 − p); of several classes, the mean over the directions that leave the sum of values as it is."""
    total = probabilities.sum(axis=(1, 2)) - _inner(probabilities, probabilities)
    return C * total / (probabilities.shape[2] * max(1, probabilities.shape[1] - 1))


def _error(gradient: PerComponent, curvature: PerColumn, radius: float) -> PerColumn:
    """How far decision values are from the optimum at most, for texts within `radius` of the training mean.

    The penalty alone makes the objective strongly convex in the weights, so that they are no further from the optimum
    than the gradient is long. The intercept is off by its own gradient over its curvature (summed over texts), and it
    follows the weights by no more than `radius`.
    """
    slope = np.abs(gradient[:, :, -1]).max(axis=1)
    length = np.sqrt(_inner(gradient[:, :, :-1], gradient[:, :, :-1]))
    return 2 * radius * (length + radius * slope) + slope / curvature


def _turn(columns: _Columns, gradient: PerComponent, scaled: PerComponent) -> tuple[_Columns, PerColumn]:
    """New directions, and how fast the objective falls along them."""
    size = _inner(gradient, scaled)
    along = _inner(gradient, columns.direction)
    beta = (size - _inner(columns.gradient, scaled)) / columns.size
    beta[(beta < 0) | (beta * along >= size)] = 0
    direction = beta[:, None, None] * columns.direction - scaled
    return columns._replace(direction=direction, gradient=gradient, size=size), size - beta * along


def _bend(probabilities: PerText, change: PerText, C: float) -> PerColumn:
    """Second derivative of the loss along a change of the values."""
    weighted = probabilities * change
    weighted *= change - weighted.sum(axis=1, keepdims=True)
    return C * weighted.sum(axis=(1, 2))


def _advance(columns: _Columns, change: PerText, step: PerColumn) -> _Columns:
    """Newton's step, or the longest move."""
    # The first of two classes is not on the axis: its value is 0, and does not change.
    move = (change.max(axis=1, initial=0) - change.min(axis=1, initial=0)).max(axis=1)
    step = np.minimum(step, LONGEST_MOVE / move)[:, None, None]
    return columns._replace(
        coefficients=columns.coefficients + step * columns.direction, values=columns.values + step * change
    )


def _inner(first: Float[np.ndarray, "column class _"], second: Float[np.ndarray, "column class _"]) -> PerColumn:
    return np.vecdot(first, second).sum(axis=1)


def _times(
    arrays: Float[np.ndarray, "column class a"], matrix: Float[np.ndarray, "a b"]
) -> Float[np.ndarray, "column class b"]:
    # As one product: numpy would otherwise take one for each column.
    return (arrays.reshape(-1, len(matrix)) @ matrix).reshape(*arrays.shape[:2], -1)
