"""Two closed-form probes of two classes beside the logistic one: difference of means, and linear discriminant analysis.

They are the ends of one family. Ridge regression of the labels has the direction of discriminant analysis whose pooled
scatter is shrunk by the same penalty, and as the penalty grows that direction becomes the difference of the means.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float

from empathy_core.probes.kernel import FoldKernel
from empathy_core.probes.ridge import ridge_values


def mean_difference_values(
    kernel: FoldKernel, labels: Bool[np.ndarray, "train column"]
) -> Float[np.ndarray, "test column"]:
    """Inner product of the test texts with the difference of the class means, for every label column.

    Zero is the score of the training mean. Every column holds both classes.
    """
    return kernel.cross @ _contrast(labels)


def discriminant_values(
    kernel: FoldKernel, labels: Bool[np.ndarray, "train column"], penalty: float
) -> Float[np.ndarray, "test column"]:
    """Log-odds of linear discriminant analysis, with `penalty` added to the scatter within classes.

    scikit-learn's shrinkage s is the penalty n s v / (1 - s), v the mean within-class variance of a feature; its scores
    are these divided by 1 - s. Every column holds both classes.
    """
    ridge = ridge_values(kernel, labels.astype(float), penalty)
    fitted = ridge_values(replace(kernel, cross=kernel.gram), labels.astype(float), penalty)
    share = labels.mean(axis=0)
    separation = (fitted * _contrast(labels)).sum(axis=0)
    # Ridge regresses on the total scatter, which has that between the classes besides; it has rank one, so that
    # leaving it out only rescales the direction (Sherman and Morrison 1950).
    scale = 1 / (share * (1 - share) * (1 - separation))
    middle = (fitted * np.abs(_contrast(labels))).sum(axis=0) / 2
    return (ridge - middle) * scale + np.log(share / (1 - share))


def _contrast(labels: Bool[np.ndarray, "train column"]) -> Float[np.ndarray, "train column"]:
    """Weights that take the mean of the class and subtract that of the others."""
    return np.where(labels, 1 / labels.sum(axis=0), -1 / (~labels).sum(axis=0))
