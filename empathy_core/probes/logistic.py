"""Exact L2-regularised logistic regression, binary and multinomial, on a fold's kernel.

Minimises C · Σ log-loss + ½ |w|² over weights and a free intercept (scikit-learn's objective) by Newton's method in the
eigenbasis of the train Gram, where the penalty and the mean curvature are diagonal. Multinomial is the symmetric form,
one weight vector a class. Two classes are its special case with C / 2: their weights are equal and opposite, so that
|w₁|² + |w₂|² is half of |w₁ - w₂|².
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float, Int

from empathy_core.contracts import BadInput
from empathy_core.probes.kernel import FoldKernel, scaling

MAX_NEWTON_STEPS = 100
STEP_TOLERANCE = 1e-8
"""Converged when a full Newton step would change no decision value by more than this."""
FORCING = 1e-2
"""Each Newton system is solved to this relative residual; the steps then converge linearly at about this rate."""

Coefficients = Float[np.ndarray, "component class"]


@dataclass(frozen=True)
class LogisticFit:
    """A fitted probe in dual form: decision values are `cross @ dual + intercept`."""

    dual: Float[np.ndarray, "train class"]
    intercept: Float[np.ndarray, " class"]
    curvature: float
    """Mean second derivative of the loss in a decision value, C · mean p (1 - p) for two classes."""


def fit_logistic(kernel: FoldKernel, labels: Int[np.ndarray, " train"], n_classes: int, C: float) -> LogisticFit:
    """Fit class codes 0 … n_classes - 1 on the training texts.

    Raises `BadInput` if a class has no training text, or if Newton's method does not converge (an extreme C).
    """
    if len(np.unique(labels)) < n_classes:
        raise BadInput(
            "A probe is trained on at least one text of every class.",
            f"{len(np.unique(labels))} of {n_classes} classes in {len(labels)} training texts",
            "a class with too few scenarios, or one found in a single lexical family",
        )
    strength = C / 2 if n_classes == 2 else C
    values, vectors = kernel.eigenbasis
    # The intercept is one more column of the design, without penalty.
    design = np.column_stack([vectors * np.sqrt(values), np.ones(len(labels))])
    coefficients, curvature = _newton(design, np.eye(n_classes)[labels], strength)
    return LogisticFit(vectors @ (coefficients[:-1] / np.sqrt(values)[:, None]), coefficients[-1], curvature)


def decision_values(kernel: FoldKernel, fit: LogisticFit) -> Float[np.ndarray, "test column"]:
    """Scores of the test texts as scikit-learn gives them: one log-odds column for two classes, else one a class."""
    values = kernel.cross @ fit.dual + fit.intercept
    return values[:, 1:] - values[:, :1] if values.shape[1] == 2 else values


def weight_vectors(
    features: Float[np.ndarray, "text dim"],
    fitted_on: Int[np.ndarray, " fitted"],
    train: Int[np.ndarray, " train"],
    fit: LogisticFit,
) -> Float[np.ndarray, "dim column"]:
    """The probe's weights in residual coordinates: `features @ weights` is its decision value up to a constant.

    `fitted_on` are the rows that set the standardisation, `train` those that trained the probe.
    """
    mean, scale = scaling(features[fitted_on])
    standardised = (features[train] - mean) / scale
    weights = (standardised - standardised.mean(axis=0)).T @ fit.dual / scale[:, None]
    return weights[:, 1:] - weights[:, :1] if weights.shape[1] == 2 else weights


def _newton(
    design: Float[np.ndarray, "train component"], targets: Float[np.ndarray, "train class"], strength: float
) -> tuple[Coefficients, float]:
    """Coefficients (the intercept last) and the curvature of the loss at the optimum."""
    penalty = np.append(np.ones(design.shape[1] - 1), 0.0)[:, None]
    spread = (design**2).sum(axis=0)[:, None]
    coefficients = np.zeros((design.shape[1], targets.shape[1]))
    loss, probabilities = _loss(design, coefficients, targets, strength, penalty)
    for _ in range(MAX_NEWTON_STEPS):
        gradient = strength * design.T @ (probabilities - targets) + penalty * coefficients
        # A shift common to all classes changes nothing, so rounding must not push the intercept along it.
        gradient -= gradient.mean(axis=1, keepdims=True)
        curvature = strength * (probabilities * (1 - probabilities)).sum() / (targets.size - len(targets))
        hessian = partial(_hessian_product, design, probabilities, strength, penalty)
        step = _conjugate_gradient(hessian, -gradient, curvature * spread + penalty)
        if np.abs(design @ step).max() < STEP_TOLERANCE:
            return coefficients + step, float(curvature)
        slope, size = (gradient * step).sum(), 1.0
        while True:
            trial = coefficients + size * step
            trial_loss, trial_probabilities = _loss(design, trial, targets, strength, penalty)
            # Near the optimum the decrease is smaller than the rounding of the loss itself.
            if trial_loss <= loss + 1e-4 * size * slope + 1e-12 * abs(loss):
                break
            size /= 2
        coefficients, loss, probabilities = trial, trial_loss, trial_probabilities
    raise BadInput(
        "Newton's method for a logistic probe converges.", f"no optimum at C = {strength:g}", "a very large C"
    )


def _loss(
    design: Float[np.ndarray, "train component"],
    coefficients: Coefficients,
    targets: Float[np.ndarray, "train class"],
    strength: float,
    penalty: Float[np.ndarray, "component 1"],
) -> tuple[float, Float[np.ndarray, "train class"]]:
    """Objective and class probabilities."""
    values = design @ coefficients
    values -= values.max(axis=1, keepdims=True)
    exponentials = np.exp(values)
    total = exponentials.sum(axis=1, keepdims=True)
    log_loss = np.log(total).sum() - (values * targets).sum()
    return float(strength * log_loss + 0.5 * (penalty * coefficients**2).sum()), exponentials / total


def _hessian_product(
    design: Float[np.ndarray, "train component"],
    probabilities: Float[np.ndarray, "train class"],
    strength: float,
    penalty: Float[np.ndarray, "component 1"],
    direction: Coefficients,
) -> Coefficients:
    """The second derivative of the objective times a direction."""
    values = design @ direction
    centred = values - (probabilities * values).sum(axis=1, keepdims=True)
    return strength * design.T @ (probabilities * centred) + penalty * direction


def _conjugate_gradient(
    product: Callable[[Coefficients], Coefficients],
    target: Coefficients,
    preconditioner: Float[np.ndarray, "component 1"],
) -> Coefficients:
    """Solve `product(x) = target` to `FORCING`, preconditioned by a diagonal (Nocedal & Wright 2006, algorithm 5.3)."""
    solution, residual = np.zeros_like(target), target
    scaled = residual / preconditioner
    direction, size = scaled, (residual * scaled).sum()
    goal = FORCING**2 * size
    for _ in range(10 * len(target)):
        if size <= goal:
            break
        image = product(direction)
        length = size / (direction * image).sum()
        solution, residual = solution + length * direction, residual - length * image
        scaled = residual / preconditioner
        size, previous = (residual * scaled).sum(), size
        direction = scaled + size / previous * direction
    return solution
