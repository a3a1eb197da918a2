"""Least-squares concept erasure: what has to be taken from texts so that no linear classifier reads a concept in them.

Belrose et al. 2023, "LEACE: Perfect linear concept erasure in closed form". With Σ the covariance of the fitting texts'
features and Γ their cross-covariance with the concept, the erased text is x - Γ (Γ' Σ⁺ Γ)⁺ Γ' Σ⁺ (x - mean): of all
affine maps that leave no covariance with the concept, the one that moves the texts least. Γ is a combination of the
fitting texts, so the whole map is one: everything is computed from inner products, whatever the number of features.
"""

import numpy as np
from jaxtyping import Float, Int

from empathy_core.contracts import BadInput
from empathy_core.probes.kernel import FoldKernel

SINGULAR = 1e-10
"""Directions of the concept with less than this share of its variance in the features are rounding, as one of C
indicator columns always is."""


def concept_columns(labels: Int[np.ndarray, " text"]) -> Float[np.ndarray, "text class"]:
    """One indicator column a class; raises `BadInput` if there is a single class."""
    classes = np.unique(labels)
    if len(classes) < 2:
        raise BadInput(
            "A concept that is to be erased has at least two classes.",
            f"{len(classes)} in {len(labels)} texts",
            "a fold that trains on one class",
        )
    return (labels[:, None] == classes).astype(float)


def leace(kernel: FoldKernel, concept: Float[np.ndarray, "train column"]) -> Float[np.ndarray, "test train"]:
    """Weights of the training texts in what is taken from each test text: `erased = x - weights @ training texts`.

    Fitted on the training texts of `kernel`. The erased dimensions are as many as `concept` has independent columns.
    With fewer training texts than features nothing is left in the training texts, but something in new ones.
    """
    values, vectors = kernel.eigenbasis
    centred = concept - concept.mean(axis=0)
    # Least-squares predictions of the concept, of training and of test texts, before they are scaled to erase it.
    within = vectors.T @ centred
    predicted = kernel.cross @ (vectors @ (within / values[:, None]))
    explained, directions = np.linalg.eigh(within.T @ within)
    kept = explained > SINGULAR * (centred**2).sum()
    return predicted @ (directions[:, kept] / explained[kept]) @ directions[:, kept].T @ centred.T
