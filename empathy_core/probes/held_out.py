"""AUROC of scores that probes gave to texts they never saw, resampled by scenario."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from empathy_core.contracts import TextSet
from empathy_core.datasets.splits import Fold, fold_numbers
from empathy_core.probes.kernel import fold_kernel
from empathy_core.probes.logistic import decision_values, fit_logistic
from empathy_core.stats import bootstrap_mean, cluster_bootstrap_auroc, grouped_auroc, percentile_interval


@dataclass(frozen=True)
class HeldOutTexts:
    """The texts that folds test, and how their scores are resampled."""

    rows: Int[np.ndarray, " text"]
    """Row numbers in the data set, ascending."""
    labels: Int[np.ndarray, " text"]
    """Class codes."""
    n_classes: int
    scenarios: Shaped[np.ndarray, " text"]
    folds: Int[np.ndarray, " text"]
    """Number of the fold that tests each text."""
    draws: int
    """Bootstrap resamplings of scenarios."""
    seed: int
    """Of the resamplings: the same scenarios for every set of scores, so that draws may be subtracted."""

    @property
    def n(self) -> int:
        """Number of scenarios."""
        return len(np.unique(self.scenarios))

    @property
    def binary_labels(self) -> Bool[np.ndarray, "text class"]:
        """The label columns that scores are compared with."""
        return one_versus_rest(self.labels, self.n_classes)


def held_out_texts(
    folds: Sequence[Fold], labels: Int[np.ndarray, " row"], n_classes: int, texts: TextSet, draws: int, seed: int
) -> HeldOutTexts:
    """The rows of a data set that some fold tests; `labels` has a code for every row of it."""
    number = fold_numbers(folds, len(texts))
    rows = np.flatnonzero(number >= 0)
    return HeldOutTexts(rows, labels[rows], n_classes, texts.column("scenario_id")[rows], number[rows], draws, seed)


def one_versus_rest(labels: Int[np.ndarray, "*shape"], n_classes: int) -> Bool[np.ndarray, "*shape class"]:
    """The binary label columns whose AUROCs are averaged: class 1 of two, or every class against the others."""
    return labels[..., None] == np.arange(1 if n_classes == 2 else 0, n_classes)


def held_out_scores(
    grams: Sequence[Float[np.ndarray, "row row"]],
    folds: Sequence[Fold],
    labels: Int[np.ndarray, " row"],
    n_classes: int,
    C: float,
) -> Float[np.ndarray, "row class"]:
    """Exact logistic decision values of every row by the fold that tests it; NaN for rows that none does.

    `grams` holds one standardised Gram matrix a fold. Raises `BadInput` if a fold's training rows lack a class.
    """
    scores = np.full((len(labels), 1 if n_classes == 2 else n_classes), np.nan)
    for gram, fold in zip(grams, folds, strict=True):
        kernel = fold_kernel(gram, fold.train, fold.test)
        scores[fold.test] = decision_values(kernel, fit_logistic(kernel, labels[fold.train, None], n_classes, C))[:, 0]
    return scores


def mean_auroc(tested: HeldOutTexts, scores: Float[np.ndarray, "text class"]) -> float:
    """Fold-averaged AUROC, and for more than two classes the mean of one-versus-rest."""
    columns = zip(scores.T, tested.binary_labels.T, strict=True)
    return float(np.mean([grouped_auroc(values, labels, tested.folds) for values, labels in columns]))


def auroc_draws(tested: HeldOutTexts, scores: Float[np.ndarray, "text class"]) -> Float[np.ndarray, " draw"]:
    """`mean_auroc` in resamplings of whole scenarios; every call resamples the same ones."""
    columns = zip(scores.T, tested.binary_labels.T, strict=True)
    resampled = [
        cluster_bootstrap_auroc(
            values, labels, tested.scenarios, tested.folds, tested.draws, np.random.default_rng(tested.seed)
        )
        for values, labels in columns
    ]
    return np.mean(resampled, axis=0)


def auroc_with_interval(tested: HeldOutTexts, scores: Float[np.ndarray, "text class"]) -> tuple[float, float, float]:
    """`mean_auroc` and its 95 % interval over scenarios."""
    return mean_auroc(tested, scores), *percentile_interval(auroc_draws(tested, scores))


def difference_with_interval(
    tested: HeldOutTexts, scores: Float[np.ndarray, "text class"], others: Sequence[Float[np.ndarray, "text class"]]
) -> tuple[float, float, float]:
    """`mean_auroc` minus the highest among `others`, with all of them resampled on the same scenarios.

    The highest is taken anew in every draw. Its expectation exceeds the highest expectation, so the interval errs
    against the difference.
    """
    highest = max(mean_auroc(tested, other) for other in others)
    drawn = np.max([auroc_draws(tested, other) for other in others], axis=0)
    return mean_auroc(tested, scores) - highest, *percentile_interval(auroc_draws(tested, scores) - drawn)


def forced_choice_with_interval(
    tested: HeldOutTexts, scores: Float[np.ndarray, "text class"]
) -> tuple[float, float, float]:
    """Two-alternative forced choice: share of pairs of one scenario that are ranked right, by scenario.

    What scenarios share cancels, which it does not in an AUROC over scenarios. Raises `BadInput` if no scenario holds
    two classes.
    """
    names = np.unique(tested.scenarios)
    of_scenario = np.full((len(names), scores.shape[1]), np.nan)
    for number, name in enumerate(names):
        inside = tested.scenarios == name
        for column, labels in enumerate(tested.binary_labels[inside].T):
            if 0 < labels.sum() < len(labels):
                of_scenario[number, column] = grouped_auroc(scores[inside, column], labels, tested.scenarios[inside])
    whole = ~np.isnan(of_scenario).any(axis=1)
    value = of_scenario[whole].mean(axis=1)
    draws = bootstrap_mean(value, names[whole], tested.draws, np.random.default_rng(tested.seed))
    return float(value.mean()), *percentile_interval(draws)
