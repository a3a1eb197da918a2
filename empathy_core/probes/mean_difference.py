"""Differences of class means: the directions that steering adds, and the subspace that ablation removes."""

import numpy as np
from jaxtyping import Float, Shaped

from empathy_core.contracts import BadInput


def mean_difference(
    features: Float[np.ndarray, "text dim"], labels: Shaped[np.ndarray, " text"], positive: str | bool = True
) -> tuple[Float[np.ndarray, " dim"], float]:
    """Mean of the class `positive` minus the mean of the other classes' means: the unit vector, and its length before.

    Every other class counts the same, however many texts it has (Marks & Tegmark 2023, against several classes). Raises
    `BadInput` if `positive` is not among the labels, is the only one, or its mean is that of the others.
    """
    means = {label: features[labels == label].mean(axis=0, dtype=np.float64) for label in np.unique(labels)}
    if positive not in means or len(means) < 2:
        raise BadInput(
            "A mean difference needs texts of the class and of at least one other.",
            f"{positive!r} against {', '.join(map(repr, map(str, means)))}",
            "a class missing from the training split",
        )
    difference = means.pop(positive) - np.mean(list(means.values()), axis=0)
    norm = float(np.linalg.norm(difference))
    if norm == 0:
        raise BadInput(
            "A direction has a length.",
            f"equal means for {positive!r} and the others",
            "features that are constant, such as the last token at point 0",
            "use another pool or a later point",
        )
    return difference / norm, norm


def style_subspace(
    features: Float[np.ndarray, "text dim"], labels: Shaped[np.ndarray, " text"]
) -> Float[np.ndarray, "dim rank"]:
    """Orthonormal basis of the class means about their own mean; rank is the number of classes minus one, or less."""
    means = np.array([features[labels == label].mean(axis=0, dtype=np.float64) for label in np.unique(labels)])
    _, lengths, directions = np.linalg.svd(means - means.mean(axis=0), full_matrices=False)
    rounding = np.finfo(np.float64).eps * len(features) * np.abs(means).max()
    return directions[lengths > rounding].T
