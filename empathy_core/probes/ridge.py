"""Ridge regression matched to the logistic probe: one linear map scores every permutation of the labels at once."""

import numpy as np
from jaxtyping import Float, Int

from empathy_core.probes.kernel import FoldKernel
from empathy_core.probes.logistic import fit_logistic


def ridge_values(
    kernel: FoldKernel, labels: Float[np.ndarray, "train column"], penalty: float
) -> Float[np.ndarray, "test column"]:
    """Decision values of the test texts for every label column: mean + cross (gram + penalty · I)⁻¹ labels.

    The direction is that of shrinkage linear discriminant analysis with the same penalty (`discriminant_values`).
    """
    hat = np.linalg.solve(kernel.gram + penalty * np.eye(len(kernel.gram)), kernel.cross.T).T
    # The rows of `cross` sum to zero over training texts, so the labels need no centring.
    return hat @ labels + labels.mean(axis=0)


def matched_penalty(kernel: FoldKernel, permuted: Int[np.ndarray, "train column"], n_classes: int, C: float) -> float:
    """The ridge penalty that curves like the logistic loss: 1 / (C · mean p (1 - p)).

    p are the logistic probabilities at the optimum of a few columns of permuted labels, so the penalty knows nothing of
    the true ones and one null serves both.
    """
    return float(1 / fit_logistic(kernel, permuted, n_classes, C).curvature.mean())
