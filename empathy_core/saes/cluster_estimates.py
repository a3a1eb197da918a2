"""Clusters of codes as estimates: found on training scenarios, compared with style and with topic on held-out ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Shaped
from sklearn.metrics import adjusted_rand_score

from empathy_core.contracts import Estimate
from empathy_core.saes.clusters import INDICES, Agreement, agreement, cluster, scenario_centred, shuffled
from empathy_core.saes.codes import DictionaryCodes
from empathy_core.saes.plan import TEST, TRAIN, Question
from empathy_core.stats import percentile_interval, permute_labels

NUMBERS = (2, 3, 4, 5, 6)
"""Of clusters."""
LABELS = ("style", "context")
"""What clusters are compared with."""


@dataclass(frozen=True)
class Clustering:
    """One dictionary's clusters of the held-out texts, again from resampled scenarios, and where there is no structure."""

    found: Int[np.ndarray, " text"]
    whole: Agreement
    resampled: tuple[Agreement, ...]
    """Found on resampled training scenarios, and compared on resampled held-out ones."""
    stability: tuple[float, ...]
    """ARI of those clusters with the ones found on all training scenarios, over all held-out texts."""
    structureless: tuple[float, ...]
    """Silhouettes where every latent was shuffled by itself."""


def cluster_estimates(stem: str, dictionaries: Sequence[DictionaryCodes], question: Question) -> tuple[Estimate, ...]:
    """For every number of clusters: silhouette, ARI and NMI with style and with context, and stability."""
    sides = [_sides(one, question) for one in dictionaries]
    permuted = _permuted(question)
    estimates = []
    for k in NUMBERS:
        found, at = [clustered(*side, k, question) for side in sides], f"{stem}/clusters={k}"
        estimates += [silhouette(f"{at}/silhouette", found, question), stability(f"{at}/stability", found, question)]
        estimates += [
            label_agreement(f"{at}/{index}-{label}", found, index, label, permuted[label], question)
            for index in INDICES
            for label in LABELS
        ]
    return tuple(estimates)


def clustered(
    train: Float[np.ndarray, "train latent"], test: Float[np.ndarray, "test latent"], k: int, question: Question
) -> Clustering:
    """Clusters of the held-out main texts, from scenario-centred codes of both splits."""
    settings, labels = question.settings, held_out_labels(question)
    rng = np.random.default_rng(settings.seed)
    scenarios = {split: question.scenarios(question.rows(split)) for split in (TRAIN, TEST)}
    found = cluster(train, test, k, settings.seed)
    resampled, stable, structureless = [], [], []
    for _ in range(settings.refits):
        taught, asked = (_resampled(scenarios[split], rng) for split in (TRAIN, TEST))
        again = cluster(train[taught], test, k, settings.seed)
        stable.append(float(adjusted_rand_score(found, again)))
        resampled.append(agreement(test[asked], again[asked], {name: of[asked] for name, of in labels.items()}))
        nothing = [shuffled(codes, scenarios[split], rng) for codes, split in ((train, TRAIN), (test, TEST))]
        structureless.append(agreement(nothing[1], cluster(*nothing, k, settings.seed), {}).silhouette)
    whole = agreement(test, found, labels)
    return Clustering(found, whole, tuple(resampled), tuple(stable), tuple(structureless))


def silhouette(name: str, found: Sequence[Clustering], question: Question) -> Estimate:
    """Mean silhouette of the held-out texts (Rousseeuw 1987); null: 95 % bound with every latent shuffled by itself."""
    return Estimate(
        name,
        float(np.mean([one.whole.silhouette for one in found])),
        *percentile_interval(np.array([again.silhouette for one in found for again in one.resampled])),
        question.tested.n,
        float(np.quantile([value for one in found for value in one.structureless], 0.95)),
        method="saes.cluster_estimates.silhouette",
    )


def stability(name: str, found: Sequence[Clustering], question: Question) -> Estimate:
    """ARI between clusters found on all training scenarios and on resampled ones; stable clusters need not be styles."""
    values = np.array([value for one in found for value in one.stability])
    return Estimate(
        name,
        float(values.mean()),
        *percentile_interval(values),
        question.tested.n,
        0.0,
        method="saes.cluster_estimates.stability",
    )


def label_agreement(
    name: str,
    found: Sequence[Clustering],
    index: str,
    label: str,
    permuted: Shaped[np.ndarray, "text draw"],
    question: Question,
) -> Estimate:
    """ARI or NMI of the clusters with one label; null: 95 % bound of the mean over dictionaries for permuted labels."""
    null = [np.mean([INDICES[index](labels, one.found) for one in found]) for labels in permuted.T]
    return Estimate(
        name,
        float(np.mean([getattr(one.whole, index)[label] for one in found])),
        *percentile_interval(np.array([getattr(again, index)[label] for one in found for again in one.resampled])),
        question.tested.n,
        float(np.quantile(null, 0.95)),
        method="saes.cluster_estimates.label_agreement",
    )


def held_out_labels(question: Question) -> dict[str, Shaped[np.ndarray, " text"]]:
    """What is known of the held-out main texts."""
    return {label: question.texts.column(label)[question.rows(TEST)] for label in LABELS}


def _permuted(question: Question) -> dict[str, Shaped[np.ndarray, "text draw"]]:
    rng, scenarios = np.random.default_rng(question.settings.seed), question.scenarios(question.rows(TEST))
    return {
        name: permute_labels(values, scenarios, question.settings.permutations, rng)
        for name, values in held_out_labels(question).items()
    }


def _sides(
    codes: DictionaryCodes, question: Question
) -> tuple[Float[np.ndarray, "train latent"], Float[np.ndarray, "test latent"]]:
    """Scenario-centred codes of both splits' main texts."""
    dense = codes.dense.astype(np.float64)
    train, test = (question.rows(split) for split in (TRAIN, TEST))
    return scenario_centred(dense[train], question.scenarios(train)), scenario_centred(
        dense[test], question.scenarios(test)
    )


def _resampled(scenarios: Shaped[np.ndarray, " text"], rng: np.random.Generator) -> Int[np.ndarray, " drawn"]:
    """Rows of scenarios drawn with replacement."""
    _, code = np.unique(scenarios, return_inverse=True)
    drawn = rng.integers(code.max() + 1, size=code.max() + 1)
    return np.concatenate([np.flatnonzero(code == number) for number in drawn])
