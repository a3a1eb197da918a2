"""Clusters of codes as estimates: found on training scenarios, compared with style and with topic on held-out ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Shaped

from empathy_core.contracts import Estimate
from empathy_core.saes.clusters import INDICES, adjusted_rand, cluster, scenario_centred, separation, shuffled
from empathy_core.saes.codes import DictionaryCodes
from empathy_core.saes.plan import TEST, TRAIN, Question
from empathy_core.stats import percentile_interval, permute_labels

NUMBERS = (2, 3, 4, 5, 6)
"""Of clusters."""
LABELS = ("style", "context")
"""What clusters are compared with."""


@dataclass(frozen=True)
class Codes:
    """Scenario-centred codes of the main texts under one dictionary, one side of the split each."""

    train: Float[np.ndarray, "train latent"]
    test: Float[np.ndarray, "test latent"]


@dataclass(frozen=True)
class Clustering:
    """Clusters that one dictionary gives the held-out texts, and what they become without their structure."""

    codes: Float[np.ndarray, "test latent"]
    found: Int[np.ndarray, " test"]
    again: Int[np.ndarray, "refit test"]
    """From centres found on resampled training scenarios."""
    drawn: tuple[Int[np.ndarray, " _"], ...]
    """Held-out rows of resampled scenarios, as often."""
    structureless: Float[np.ndarray, " refit"]
    """Silhouettes where every latent was shuffled by itself."""


def cluster_estimates(stem: str, dictionaries: Sequence[DictionaryCodes], question: Question) -> tuple[Estimate, ...]:
    """For every number of clusters: silhouette, ARI and NMI with style and with context, and stability."""
    sides = [_sides(one, question) for one in dictionaries]
    labels = {label: label_columns(question, label) for label in LABELS}
    estimates = []
    for k in NUMBERS:
        found, at = [clustered(side, k, question) for side in sides], f"{stem}/clusters={k}"
        estimates += [silhouette(f"{at}/silhouette", found, question), stability(f"{at}/stability", found, question)]
        estimates += [
            label_agreement(f"{at}/{index}-{label}", found, index, labels[label], question)
            for index in INDICES
            for label in LABELS
        ]
    return tuple(estimates)


def clustered(codes: Codes, k: int, question: Question) -> Clustering:
    """k clusters of the held-out texts, once from all training scenarios and again from resampled ones."""
    settings, rng = question.settings, np.random.default_rng(question.settings.seed)
    taught, asked = (question.scenarios(question.rows(split)) for split in (TRAIN, TEST))
    again, drawn, structureless = [], [], []
    for _ in range(settings.refits):
        again.append(cluster(codes.train[_resampled(taught, rng)], codes.test, k, settings.seed))
        drawn.append(_resampled(asked, rng))
        train, test = shuffled(codes.train, taught, rng), shuffled(codes.test, asked, rng)
        structureless.append(separation(test, cluster(train, test, k, settings.seed)))
    found = cluster(codes.train, codes.test, k, settings.seed)
    return Clustering(codes.test, found, np.array(again), tuple(drawn), np.array(structureless))


def silhouette(name: str, found: Sequence[Clustering], question: Question) -> Estimate:
    """Silhouette of the held-out texts; null: 95 % bound where every latent was shuffled by itself."""
    draws = [
        separation(one.codes[rows], again[rows])
        for one in found
        for again, rows in zip(one.again, one.drawn, strict=True)
    ]
    return Estimate(
        name,
        float(np.mean([separation(one.codes, one.found) for one in found])),
        *percentile_interval(np.array(draws)),
        question.tested.n,
        float(np.quantile([one.structureless for one in found], 0.95)),
        method="saes.cluster_estimates.silhouette",
    )


def stability(name: str, found: Sequence[Clustering], question: Question) -> Estimate:
    """ARI of clusters from all training scenarios with those from resampled ones; what is stable need not be style."""
    values = np.concatenate([adjusted_rand(one.found, one.again.T) for one in found])
    return Estimate(
        name,
        float(values.mean()),
        *percentile_interval(values),
        question.tested.n,
        0.0,
        method="saes.cluster_estimates.stability",
    )


def label_agreement(
    name: str, found: Sequence[Clustering], index: str, columns: Shaped[np.ndarray, "text column"], question: Question
) -> Estimate:
    """ARI or NMI of the clusters with one label; null: 95 % bound of the mean over dictionaries for permuted labels."""
    of_columns = np.mean([INDICES[index](one.found, columns) for one in found], axis=0)
    draws = [
        INDICES[index](again[rows], columns[rows, :1])[0]
        for one in found
        for again, rows in zip(one.again, one.drawn, strict=True)
    ]
    return Estimate(
        name,
        float(of_columns[0]),
        *percentile_interval(np.array(draws)),
        question.tested.n,
        float(np.quantile(of_columns[1:], 0.95)),
        method="saes.cluster_estimates.label_agreement",
    )


def label_columns(question: Question, label: str) -> Shaped[np.ndarray, "text column"]:
    """A label of the held-out main texts, and then permuted as the design exchanges it."""
    rows, settings = question.rows(TEST), question.settings
    values, rng = question.texts.column(label)[rows], np.random.default_rng(settings.seed)
    permuted = permute_labels(values, question.scenarios(rows), settings.permutations, rng)
    return np.column_stack([values, permuted])


def _sides(codes: DictionaryCodes, question: Question) -> Codes:
    dense = codes.dense.astype(np.float64)
    both = (question.rows(split) for split in (TRAIN, TEST))
    return Codes(*(scenario_centred(dense[rows], question.scenarios(rows)) for rows in both))


def _resampled(scenarios: Shaped[np.ndarray, " text"], rng: np.random.Generator) -> Int[np.ndarray, " drawn"]:
    """Rows of scenarios drawn with replacement."""
    _, code = np.unique(scenarios, return_inverse=True)
    drawn = rng.integers(code.max() + 1, size=code.max() + 1)
    return np.concatenate([np.flatnonzero(code == number) for number in drawn])
