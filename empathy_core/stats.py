"""Statistics of scores, labels and clusters: pure functions of arrays, with the random generator as an argument."""

import numpy as np
from jaxtyping import Bool, Float, Int, Num, Shaped
from scipy.stats import binomtest, rankdata

from empathy_core.contracts import BadInput


def auroc(scores: Num[np.ndarray, " text"], labels: Bool[np.ndarray, " text"]) -> float:
    """Probability that a positive scores above a negative, a tie counting one half (Mann–Whitney U over pairs).

    Raises `BadInput` for a missing score or a single class.
    """
    if labels.all() or not labels.any():
        raise BadInput(
            "An AUROC compares two classes.",
            f"{labels.sum()} positives among {len(labels)}",
            "a filter that kept one class",
        )
    return float(auroc_columns(scores[:, None], labels[:, None])[0])


def auroc_columns(
    scores: Num[np.ndarray, "text column"], labels: Bool[np.ndarray, "text column"]
) -> Float[np.ndarray, " column"]:
    """AUROC of every column against its own labels; NaN where a column's labels hold one class.

    From the sum of the positives' ranks, with one sort for all columns. Raises `BadInput` for a missing score.
    """
    by_column = np.ascontiguousarray(scores.T)
    order = by_column.argsort(axis=1)
    ascending = np.take_along_axis(by_column, order, axis=1)
    _check_no_missing(ascending)
    rank_sums = np.take_along_axis(np.ascontiguousarray(labels.T), order, axis=1) @ np.arange(1.0, len(scores) + 1)
    # Equal scores share their mean rank; few columns have any, and finding them is cheaper than ranking all.
    tied = (ascending[:, 1:] == ascending[:, :-1]).any(axis=1)
    if tied.any():
        rank_sums[tied] = (rankdata(by_column[tied], axis=1) * labels.T[tied]).sum(axis=1)
    positives = labels.sum(axis=0)
    pairs = positives * (len(labels) - positives)
    wins = rank_sums - positives * (positives + 1) / 2
    return np.divide(wins, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)


def grouped_auroc(
    scores: Num[np.ndarray, " text"], labels: Bool[np.ndarray, " text"], groups: Shaped[np.ndarray, " text"]
) -> float:
    """Mean over groups of the AUROC inside each; groups that hold one class have no pair and take no part.

    With folds as groups this is the cross-validated AUROC (scores of different fits are never compared); with
    scenarios as groups it is two-alternative forced choice within a scenario. Raises `BadInput` if no group holds both.
    """
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    values = [auroc(scores[rows], labels[rows]) for rows in members if 0 < labels[rows].sum() < len(rows)]
    if not values:
        raise BadInput(
            "A grouped AUROC needs a group that holds both classes.",
            f"{len(members)} groups of one class each",
            "very few scenarios per fold, or labels that never vary inside a group",
            "use fewer folds or more scenarios",
        )
    return float(np.mean(values))


def d_prime(scores: Float[np.ndarray, " text"], labels: Bool[np.ndarray, " text"]) -> float:
    """Difference of the class means over the root mean of the class variances (n - 1), in standard deviations.

    Meant for held-out scores: on training scores it is large for random labels. Raises `BadInput` unless each class has
    two texts and the scores vary.
    """
    counts = np.array([(~labels).sum(), labels.sum()])
    if counts.min() < 2 or np.ptp(scores) == 0:
        raise BadInput(
            "d' needs two texts in each class and scores that vary.",
            f"{counts[0]} and {counts[1]} texts, range {np.ptp(scores):g}",
            "a very small held-out set, or features that are constant",
        )
    return float(_weighted_d_prime(scores, labels, np.ones((1, len(scores))))[0])


def cluster_bootstrap_d_prime(
    scores: Float[np.ndarray, " text"],
    labels: Bool[np.ndarray, " text"],
    clusters: Shaped[np.ndarray, " text"],
    draws: int,
    rng: np.random.Generator,
) -> Float[np.ndarray, " draw"]:
    """d' of `draws` resamplings of whole clusters."""
    code, counts = _resampled_clusters(clusters, draws, rng)
    return _weighted_d_prime(scores, labels, counts[:, code])


def cluster_bootstrap_auroc(
    scores: Num[np.ndarray, " text"],
    labels: Bool[np.ndarray, " text"],
    clusters: Shaped[np.ndarray, " text"],
    folds: Shaped[np.ndarray, " text"],
    draws: int,
    rng: np.random.Generator,
) -> Float[np.ndarray, " draw"]:
    """Fold-averaged AUROC of `draws` resamplings of whole clusters (scenarios), as products with one pair matrix.

    Only pairs of one fold are compared, and each fold counts the same in the sample itself; in a draw it counts by the
    scenarios drawn, which widens the interval of an excess by about a tenth (its 95 % covers 97 %). Pairs between two
    copies of one cluster are left out: a bootstrap that kept them would count within-scenario pairs too often. Equal
    clusters and equal generators give equal resamplings, so the draws of two score sets may be subtracted pairwise. The
    scores are taken as given: variation from training is not in the interval. Raises `BadInput` if a draw holds no
    pair.
    """
    code, counts = _resampled_clusters(clusters, draws, rng)
    wins, pairs = _pair_matrices(scores, labels, code, folds)
    compared = _pairs_in(pairs, counts)
    if not compared.all():
        raise BadInput(
            "Every bootstrap draw needs pairs to compare.",
            f"{(compared == 0).sum()} of {draws} draws without, from {counts.shape[1]} scenarios",
            "very few scenarios",
            "add scenarios",
        )
    return _pairs_in(wins, counts) / compared


def clustered_delong_variance(
    scores: Num[np.ndarray, " text"], labels: Bool[np.ndarray, " text"], clusters: Shaped[np.ndarray, " text"]
) -> float:
    """Variance of an AUROC whose texts come in clusters, without resampling (Obuchowski 1997, Biometrics 53).

    Each text's placement is the share of the other class that it beats; clusters add up the placements of their texts,
    so that what their positives and negatives share enters as a covariance. With clusters of one text it is the
    variance of DeLong et al. 1988. Raises `BadInput` for a missing score, or fewer than two clusters with either class.
    """
    _check_no_missing(scores)
    _, code = np.unique(clusters, return_inverse=True)
    classes = (labels, ~labels)
    held = [len(np.unique(code[own])) for own in classes]
    if min(held) < 2:
        raise BadInput(
            "The variance of an AUROC needs two clusters with positives, and two with negatives.",
            f"{held[0]} with positives, {held[1]} with negatives",
            "a filter that kept one class, or very few scenarios",
        )
    ranks, sums, variance = rankdata(scores), [], 0.0
    for own, n_clusters in zip(classes, held, strict=True):
        placements = (ranks[own] - rankdata(scores[own])) / (~own).sum()
        deviations = (placements - placements.mean()) / own.sum()
        sums.append(np.bincount(code[own], deviations, minlength=code.max() + 1))
        variance += n_clusters / (n_clusters - 1) * (sums[-1] ** 2).sum()
    clusters_in_all = len(sums[0])
    # A positive gains where a negative loses, so the covariance of the two classes' placements counts negatively.
    return float(variance - 2 * clusters_in_all / (clusters_in_all - 1) * (sums[0] * sums[1]).sum())


def bootstrap_mean(
    values: Num[np.ndarray, " text"], clusters: Shaped[np.ndarray, " text"], draws: int, rng: np.random.Generator
) -> Float[np.ndarray, " draw"]:
    """Mean of `values` (a rate, or paired differences) in `draws` resamplings of whole clusters."""
    code, counts = _resampled_clusters(clusters, draws, rng)
    return (counts @ np.bincount(code, values)) / (counts @ np.bincount(code))


def percentile_interval(draws: Float[np.ndarray, " draw"], level: float = 0.95) -> tuple[float, float]:
    """The central `level` of the draws."""
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def permute_within(
    labels: Shaped[np.ndarray, " text"], groups: Shaped[np.ndarray, " text"], n: int, rng: np.random.Generator
) -> Shaped[np.ndarray, "text draw"]:
    """`n` permutations of the labels inside each group, one a column."""
    _, code = np.unique(groups, return_inverse=True)
    shuffled = np.lexsort((rng.random((n, len(labels))), np.broadcast_to(code, (n, len(labels)))))
    permuted = np.empty((n, len(labels)), dtype=labels.dtype)
    permuted[:, np.argsort(code, kind="stable")] = labels[shuffled]
    return permuted.T


def permute_clusters(
    labels: Shaped[np.ndarray, " text"],
    clusters: Shaped[np.ndarray, " text"],
    n: int,
    rng: np.random.Generator,
    groups: Shaped[np.ndarray, " text"] | None = None,
) -> Shaped[np.ndarray, "text draw"]:
    """`n` permutations of a label that is constant in each cluster, over whole clusters (of one group), one a column.

    Raises `BadInput` if the label varies inside a cluster.
    """
    _, first, code = np.unique(clusters, return_index=True, return_inverse=True)
    if (labels != labels[first][code]).any():
        raise BadInput("Only a label that is constant inside a scenario is permuted over whole scenarios.")
    grouped = np.zeros(len(first)) if groups is None else groups[first]
    return permute_within(labels[first], grouped, n, rng)[code]


def varies_within(labels: Shaped[np.ndarray, " text"], groups: Shaped[np.ndarray, " text"]) -> bool:
    """Whether some group holds two labels."""
    return len(set(zip(groups, labels, strict=True))) > len(set(groups))


def permute_labels(
    labels: Shaped[np.ndarray, " text"], scenarios: Shaped[np.ndarray, " text"], n: int, rng: np.random.Generator
) -> Shaped[np.ndarray, "text draw"]:
    """`n` permutations as the design exchanges labels: within scenarios where they vary there, else over whole ones."""
    return (permute_within if varies_within(labels, scenarios) else permute_clusters)(labels, scenarios, n, rng)


def max_statistic_p(observed: Float[np.ndarray, " point"], null: Float[np.ndarray, "draw point"]) -> float:
    """Family-wise p of the largest observed value against the largest value of every permutation.

    (1 + number of permutations at least as large) / (1 + permutations), after Westfall & Young 1993 and Phipson & Smyth
    2010: never 0. Every row of `null` must come from one permutation used at all points.
    """
    return float((1 + (null.max(axis=1) >= observed.max()).sum()) / (1 + len(null)))


def holm(p_values: Float[np.ndarray, " test"]) -> Float[np.ndarray, " test"]:
    """p values adjusted for the number of tests, so that a bound on them bounds the chance of any error (Holm 1979).

    In ascending order each is multiplied by the number of tests not yet passed, and is never below the one before it;
    at most 1. Raises `BadInput` for a value that is no probability.
    """
    if not ((p_values >= 0) & (p_values <= 1)).all():
        raise BadInput("A p value lies between 0 and 1.", f"{p_values}", "a test that could not be computed")
    order = p_values.argsort()
    stepped = p_values[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1)
    return adjusted


def binomial_interval(successes: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of a proportion (Clopper & Pearson 1934); here for the Monte-Carlo error of a permutation p."""
    interval = binomtest(successes, trials).proportion_ci(level, method="exact")
    return float(interval.low), float(interval.high)


def _check_no_missing(scores: Num[np.ndarray, "..."]) -> None:
    missing = np.isnan(scores).sum()
    if missing:
        raise BadInput(
            "An AUROC needs a score for every text.",
            f"{missing} of {scores.size} are NaN",
            "rows that no fold tests",
            "drop those rows first",
        )


def _resampled_clusters(
    clusters: Shaped[np.ndarray, " text"], draws: int, rng: np.random.Generator
) -> tuple[Int[np.ndarray, " text"], Float[np.ndarray, "draw cluster"]]:
    """Cluster number of every text, and how often each cluster is drawn."""
    _, code = np.unique(clusters, return_inverse=True)
    n = code.max() + 1
    return code, rng.multinomial(n, np.full(n, 1 / n), size=draws).astype(float)


def _pair_matrices(
    scores: Num[np.ndarray, " text"],
    labels: Bool[np.ndarray, " text"],
    code: Int[np.ndarray, " text"],
    folds: Shaped[np.ndarray, " text"],
) -> tuple[Float[np.ndarray, "cluster cluster"], Float[np.ndarray, "cluster cluster"]]:
    """Same-fold pairs won and compared, cluster of the positive × cluster of the negative; a fold weighs one in all."""
    _, fold = np.unique(folds, return_inverse=True)
    positive, negative = np.flatnonzero(labels), np.flatnonzero(~labels)
    first, second = np.nonzero(fold[positive][:, None] == fold[negative])
    positive, negative = positive[first], negative[second]
    won = (scores[positive] > scores[negative]) + 0.5 * (scores[positive] == scores[negative])
    weight = 1 / np.bincount(fold[positive])[fold[positive]]
    size = code.max() + 1
    cell = code[positive] * size + code[negative]
    wins, pairs = np.bincount(cell, weight * won, size**2), np.bincount(cell, weight, size**2)
    return wins.reshape(size, size), pairs.reshape(size, size)


def _pairs_in(
    matrix: Float[np.ndarray, "cluster cluster"], counts: Float[np.ndarray, "draw cluster"]
) -> Float[np.ndarray, " draw"]:
    copies = counts * (counts - 1)
    return ((counts @ matrix) * counts).sum(axis=1) - copies @ np.diag(matrix)


def _weighted_d_prime(
    scores: Float[np.ndarray, " text"], labels: Bool[np.ndarray, " text"], weights: Float[np.ndarray, "draw text"]
) -> Float[np.ndarray, " draw"]:
    means, variances = [], []
    for positive in (True, False):
        weight, value = weights[:, labels == positive], scores[labels == positive]
        count = weight.sum(axis=1)
        mean = weight @ value / count
        means.append(mean)
        variances.append((weight * (value - mean[:, None]) ** 2).sum(axis=1) / (count - 1))
    difference = means[0] - means[1]
    # A resampling may hold equal scores alone, as from folds whose features were constant: they differ by nothing.
    return np.divide(
        difference, np.sqrt(np.mean(variances, axis=0)), out=np.zeros_like(difference), where=difference != 0
    )
