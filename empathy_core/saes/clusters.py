"""Do a dictionary's codes fall into clusters by themselves, and are these the styles or the topics?

Design-aware unsupervised: no label is used, but each scenario's own mean is taken off, for uncentred codes cluster by
scenario whatever style does. Codes are not z-scored, which would make every rare latent count as much as a common one.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Shaped
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, silhouette_score

INDICES = {"ari": adjusted_rand_score, "nmi": normalized_mutual_info_score}
"""How partitions are compared (scikit-learn's)."""
STARTS = 4
"""Starts of k-means, of which the tightest is kept."""


@dataclass(frozen=True)
class Agreement:
    """One clustering of held-out texts, compared with what is known of them."""

    silhouette: float
    ari: dict[str, float]
    """Adjusted Rand index with each label (Hubert & Arabie 1985): 0 by chance, 1 for the same partition."""
    nmi: dict[str, float]
    """Normalised mutual information, arithmetic mean; above 0 by chance."""


def scenario_centred(
    codes: Float[np.ndarray, "text latent"], scenarios: Shaped[np.ndarray, " text"]
) -> Float[np.ndarray, "text latent"]:
    """Codes about the mean of their scenario."""
    _, code = np.unique(scenarios, return_inverse=True)
    sums = np.zeros((code.max() + 1, codes.shape[1]))
    np.add.at(sums, code, codes)
    return codes - (sums / np.bincount(code)[:, None])[code]


def cluster(
    train: Float[np.ndarray, "train latent"], test: Float[np.ndarray, "test latent"], k: int, seed: int
) -> Int[np.ndarray, " test"]:
    """The nearest of k centres, found on the training texts, for every test text."""
    return KMeans(k, n_init=STARTS, random_state=seed).fit(train).predict(test)


def agreement(
    codes: Float[np.ndarray, "text latent"],
    found: Int[np.ndarray, " text"],
    labels: dict[str, Shaped[np.ndarray, " text"]],
) -> Agreement:
    """How well separated the clusters are, and how much they have in common with each label.

    The silhouette is 0 where all texts fell into one cluster.
    """
    separated = 1 < len(np.unique(found)) < len(found)
    return Agreement(
        float(silhouette_score(codes, found)) if separated else 0.0,
        *({name: float(index(values, found)) for name, values in labels.items()} for index in INDICES.values()),
    )


def shuffled(
    codes: Float[np.ndarray, "text latent"], scenarios: Shaped[np.ndarray, " text"], rng: np.random.Generator
) -> Float[np.ndarray, "text latent"]:
    """Every latent's codes permuted within scenarios by themselves: what several latents tell together is gone."""
    _, code = np.unique(scenarios, return_inverse=True)
    order = np.lexsort((rng.random(codes.T.shape), np.broadcast_to(code, codes.T.shape)))
    result = np.empty_like(codes)
    result[np.argsort(code, kind="stable")] = np.take_along_axis(codes, order.T, axis=0)
    return result
