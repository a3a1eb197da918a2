"""Do a dictionary's codes fall into clusters by themselves, and are these the styles or the topics?

Design-aware unsupervised: no label is used, but each scenario's own mean is taken off, for uncentred codes cluster by
scenario whatever style does. Codes are not z-scored, which would make every rare latent count as much as a common one.
"""

import numpy as np
from jaxtyping import Float, Int, Shaped
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

STARTS = 4
"""Starts of k-means, of which the tightest is kept."""


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


def separation(codes: Float[np.ndarray, "text latent"], found: Int[np.ndarray, " text"]) -> float:
    """Mean silhouette (Rousseeuw 1987); 0 where all texts fell into one cluster, or each into its own."""
    return float(silhouette_score(codes, found)) if 1 < len(np.unique(found)) < len(found) else 0.0


def adjusted_rand(
    found: Int[np.ndarray, " text"], columns: Shaped[np.ndarray, "text column"]
) -> Float[np.ndarray, " column"]:
    """Adjusted Rand index of the clusters with every label column (Hubert & Arabie 1985).

    0 by chance, 1 for the same partition. All columns at once, which a null of hundreds of them needs.
    """
    tables = _tables(found, columns)
    together, clusters, classes = (_pairs(t).sum(axis=1) for t in (tables.reshape(len(tables), -1), *_margins(tables)))
    expected = clusters * classes / _pairs(len(found))
    most = (clusters + classes) / 2
    # Where nothing can differ from chance, both partitions are one class, or all singles: the same.
    return np.divide(together - expected, most - expected, out=np.ones(len(tables)), where=most != expected)


def normalised_information(
    found: Int[np.ndarray, " text"], columns: Shaped[np.ndarray, "text column"]
) -> Float[np.ndarray, " column"]:
    """Mutual information with every label column over the mean of both entropies; above 0 by chance."""
    tables = _tables(found, columns) / len(found)
    joint, clusters, classes = (_entropy(t) for t in (tables.reshape(len(tables), -1), *_margins(tables)))
    both = clusters + classes
    return np.divide(2 * (both - joint), both, out=np.ones(len(tables)), where=both > 0)


INDICES = {"ari": adjusted_rand, "nmi": normalised_information}
"""How partitions are compared."""


def shuffled(
    codes: Float[np.ndarray, "text latent"], scenarios: Shaped[np.ndarray, " text"], rng: np.random.Generator
) -> Float[np.ndarray, "text latent"]:
    """Every latent's codes permuted within scenarios by themselves: what several latents tell together is gone."""
    _, code = np.unique(scenarios, return_inverse=True)
    order = np.lexsort((rng.random(codes.T.shape), np.broadcast_to(code, codes.T.shape)))
    result = np.empty_like(codes)
    result[np.argsort(code, kind="stable")] = np.take_along_axis(codes, order.T, axis=0)
    return result


def _tables(
    found: Int[np.ndarray, " text"], columns: Shaped[np.ndarray, "text column"]
) -> Float[np.ndarray, "column cluster class"]:
    """Numbers of texts by cluster and class, for every label column."""
    clusters = (found[:, None] == np.unique(found)).astype(float)
    classes = (columns.T[:, :, None] == np.unique(columns)).astype(float)
    return clusters.T @ classes


def _margins(
    tables: Float[np.ndarray, "column cluster class"],
) -> tuple[Float[np.ndarray, "column cluster"], Float[np.ndarray, "column class"]]:
    return tables.sum(axis=2), tables.sum(axis=1)


def _pairs(counts):
    return counts * (counts - 1) / 2


def _entropy(shares: Float[np.ndarray, "column cell"]) -> Float[np.ndarray, " column"]:
    return -(shares * np.log(shares, out=np.zeros_like(shares), where=shares > 0)).sum(axis=1)
