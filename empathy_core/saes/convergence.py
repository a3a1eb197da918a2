"""Do features found without labels point where the labels do, and are they found again by another dictionary?"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

RECURS = 0.7
"""Cosine of two decoder vectors from which they count as the same feature."""


def mean_directions(
    features: Float[np.ndarray, "text dim"], weights: Float[np.ndarray, "draw class text"]
) -> Float[np.ndarray, "draw class dim"]:
    """Unit difference-of-means direction of every class against the others, for every weighting of the texts.

    `weights` are those of the class's own texts and zero elsewhere: an indicator of true or permuted labels, or how
    often a resampling drew each text. The mean of the other classes' means is taken off, as for steering.
    """
    means = weights @ features / weights.sum(axis=2, keepdims=True)
    # Class mean minus the mean of the others, up to the factor (K - 1) / K that the unit norm takes out.
    differences = means - means.mean(axis=1, keepdims=True)
    return differences / np.linalg.norm(differences, axis=2, keepdims=True)


def class_weights(columns: Int[np.ndarray, "text column"], n_classes: int) -> Float[np.ndarray, "column class text"]:
    """One for the texts of each class, under every label column."""
    return (columns.T[:, None, :] == np.arange(n_classes)[:, None]).astype(float)


def best_cosines(
    directions: Float[np.ndarray, "draw class dim"], decoder: Float[np.ndarray, "latent dim"]
) -> Float[np.ndarray, "draw class"]:
    """Largest absolute cosine of each direction with any decoder vector (unit rows)."""
    return abs(directions @ decoder.T).max(axis=2)


def ceiling(n_classes: int) -> float:
    """Cosine of a perfect feature of one class with its difference of means, where K classes have orthogonal features.

    The difference of means also points away from the others: sqrt((K - 1) / K), which is 1/sqrt(1.5) for three.
    """
    return float(np.sqrt((n_classes - 1) / n_classes))


def recurring(decoders: Sequence[Float[np.ndarray, "_ dim"]]) -> list[Bool[np.ndarray, " latent"]]:
    """Of each dictionary's latents, whether every other dictionary holds one of the same direction."""
    return [
        np.all([(own @ other.T).max(axis=1) > RECURS for j, other in enumerate(decoders) if j != i], axis=0)
        for i, own in enumerate(decoders)
    ]
