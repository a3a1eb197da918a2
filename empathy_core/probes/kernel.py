"""Inner products of texts, fold by fold: all that any regularised linear probe needs, computed without labels.

One preprocessing for every probe: each feature standardised on training rows and divided by sqrt(dim), so that a row's
mean squared norm is about 1 and a penalty means the same at every point and in every model. In scikit-learn's terms:
`StandardScaler` and a penalty C / dim.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

RANK_TOLERANCE = 1e-12
"""Eigenvalues below this share of the trace (about the number of texts) are rounding, not features."""


@dataclass(frozen=True)
class FoldKernel:
    """Centred inner products of one fold; every label column, true or permuted, shares them."""

    gram: Float[np.ndarray, "train train"]
    """Training texts with each other, about the training mean."""
    cross: Float[np.ndarray, "test train"]
    """Test texts with training texts, about the training mean."""

    @cached_property
    def eigenbasis(self) -> tuple[Float[np.ndarray, " component"], Float[np.ndarray, "train component"]]:
        """Eigenvalues and eigenvectors of the train Gram, without its null space."""
        values, vectors = np.linalg.eigh(self.gram)
        kept = values > RANK_TOLERANCE * len(values)
        return values[kept], vectors[:, kept]


def scaling(
    features: Float[np.ndarray, "text dim"],
) -> tuple[Float[np.ndarray, " dim"], Float[np.ndarray, " dim"]]:
    """Mean of every feature, and the divisor that standardises it and scales rows to unit mean squared norm."""
    mean = features.mean(axis=0, dtype=np.float64)
    centred = features - mean
    deviation = np.sqrt(np.einsum("ij,ij->j", centred, centred) / len(features))
    # The mean of equal numbers may be off in its last digit: without this, that digit would become a feature.
    constant = deviation <= 10 * np.finfo(np.float64).eps * np.abs(mean)
    return mean, np.where(constant, 1.0, deviation) * np.sqrt(features.shape[1])


def standardised_gram(
    features: Float[np.ndarray, "text dim"], fitted_on: Int[np.ndarray, " train"]
) -> Float[np.ndarray, "text text"]:
    """Inner products of all texts, standardised on the rows `fitted_on`; float64."""
    mean, scale = scaling(features[fitted_on])
    # Means are taken off in double precision before anything is squared: those of massive dimensions are a hundred
    # times their deviation. In place, because at this size clearing a copy's memory costs a third of the product.
    standardised = features - mean
    standardised /= scale
    return standardised @ standardised.T


def fold_kernel(
    gram: Float[np.ndarray, "text text"], train: Int[np.ndarray, " train"], test: Int[np.ndarray, " test"]
) -> FoldKernel:
    """The part of a Gram matrix that a probe of these rows sees, centred on the training mean."""
    within, cross = gram[np.ix_(train, train)], gram[np.ix_(test, train)]
    mean = within.mean(axis=0)
    return FoldKernel(
        within - mean - mean[:, None] + mean.mean(), cross - cross.mean(axis=1, keepdims=True) - mean + mean.mean()
    )
