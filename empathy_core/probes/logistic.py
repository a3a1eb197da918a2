"""Exact L2-regularised logistic regression, binary and multinomial, of many label columns on one fold's kernel.

Minimises C · Σ log-loss + ½ |w|² over weights and a free intercept (scikit-learn's objective). Multinomial is the
symmetric form, one weight vector a class; two classes have one weight vector, that of the log-odds of class 1.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from empathy_core.contracts import BadInput
from empathy_core.probes.conjugate_gradient import minimise
from empathy_core.probes.kernel import FoldKernel, scaling

EXACT = 1e-5
"""A fit is called exact if no decision value can be further from the optimum than this."""


@dataclass(frozen=True)
class LogisticFit:
    """Fitted probes in dual form: the decision values of a column are `cross @ dual.T + intercept`.

    Two classes have one entry on the class axis, the log-odds of class 1.
    """

    dual: Float[np.ndarray, "column class train"]
    intercept: Float[np.ndarray, "column class"]
    curvature: Float[np.ndarray, " column"]
    """Mean second derivative of the loss in a decision value, C · mean p (1 - p) for two classes."""
    exact: Bool[np.ndarray, " column"]
    """Decision values are proved to be within `EXACT` of the optimum, to first order in the intercept, for texts no
    further from the training mean than the furthest training text. False where the steps ran out first, which has taken
    separable classes and a C of 1e9 or more."""


def fit_logistic(kernel: FoldKernel, labels: Int[np.ndarray, "train column"], n_classes: int, C: float) -> LogisticFit:
    """Fit every column of class codes 0 … n_classes - 1 on the training texts.

    Raises `BadInput` if a column lacks a class, or holds a code that is none.
    """
    classes = np.arange(n_classes)
    targets = labels.T[:, None, :] == classes[:, None]
    _check(targets)
    values, vectors = kernel.eigenbasis
    lengths = np.sqrt(values)
    targets = targets[:, 1:] if n_classes == 2 else targets
    optimum = minimise(vectors * lengths, targets.astype(float), C)
    dual = (optimum.coefficients[:, :, :-1] / lengths) @ vectors.T
    return LogisticFit(dual, optimum.coefficients[:, :, -1], optimum.curvature, optimum.error <= EXACT)


def decision_values(kernel: FoldKernel, fit: LogisticFit) -> Float[np.ndarray, "test column class"]:
    """Scores of the test texts as scikit-learn gives them: log-odds for two classes, else one value a class."""
    return _apply(kernel.cross, fit) + fit.intercept


def weight_vectors(
    features: Float[np.ndarray, "text dim"],
    fitted_on: Int[np.ndarray, " fitted"],
    train: Int[np.ndarray, " train"],
    fit: LogisticFit,
) -> Float[np.ndarray, "dim column class"]:
    """The probes' weights in residual coordinates: their products with features are decision values up to a constant.

    `fitted_on` are the rows that set the standardisation, `train` those that trained the probes.
    """
    mean, scale = scaling(features[fitted_on])
    standardised = (features[train] - mean) / scale
    return _apply((standardised - standardised.mean(axis=0)).T / scale[:, None], fit)


def _apply(products: Float[np.ndarray, "row train"], fit: LogisticFit) -> Float[np.ndarray, "row column class"]:
    # As one matrix product: numpy would otherwise take one for each column.
    flat = fit.dual.reshape(-1, products.shape[1])
    return (products @ flat.T).reshape(len(products), *fit.intercept.shape)


def _check(targets: Bool[np.ndarray, "column class train"]) -> None:
    found = targets.any(axis=2).sum(axis=1).min()
    if found < targets.shape[1]:
        raise BadInput(
            "A probe is trained on at least one text of every class.",
            f"{found} of {targets.shape[1]} classes in {targets.shape[2]} training texts",
            "a class with too few scenarios, or one found in a single lexical family",
        )
    if not targets.any(axis=1).all():
        raise BadInput(
            "Every training text has a class.",
            f"a code outside 0 to {targets.shape[1] - 1}",
            "rows outside the task among the training rows",
        )
