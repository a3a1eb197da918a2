"""Erasure: what a style probe reads once register, emotion or valence is taken from what it learns on and is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from empathy_core.contracts import Estimate
from empathy_core.probes.controls.concepts import Concept
from empathy_core.probes.controls.correction import corrected_gram, corrected_scores
from empathy_core.probes.controls.question import CHANCE, Question, auroc_curve
from empathy_core.probes.held_out import auroc_draws, mean_auroc
from empathy_core.probes.kernel import FoldKernel, fold_kernel
from empathy_core.probes.leace import concept_columns, leace
from empathy_core.stats import percentile_interval

RANDOM_DRAWS = 5
"""Random subspaces that an erasure is compared with."""


@dataclass(frozen=True)
class Erased:
    """Style scores of the tested texts after one concept was erased."""

    scores: Float[np.ndarray, "point tested class"]
    random: Float[np.ndarray, "draw tested class"]
    """The same after random subspaces were, each fold at the point that it has chosen."""


@dataclass(frozen=True)
class Resampled:
    """An AUROC, and its values in resamplings of scenarios."""

    value: float
    draws: Float[np.ndarray, " draw"]


def erase_style(
    grams: Sequence[Float[np.ndarray, "text text"]], concept: Concept, question: Question
) -> Float[np.ndarray, "tested class"]:
    """Held-out style scores at one point after the concept is erased, as each fold's training texts show it.

    The erasure is fitted on the texts of the concept that the fold trains on, and applied to all others.
    """
    erased = []
    for gram, fold in zip(grams, question.with_all_roles, strict=True):
        known = np.isin(concept.rows, fold.train)
        erased.append(erased_gram(gram, concept.rows[known], concept_columns(concept.labels[known])))
    return corrected_scores(erased, question.folds, question)[question.tested.rows]


def erase_random(
    gram: Float[np.ndarray, "text text"], concept: Concept, question: Question, number: int
) -> Float[np.ndarray, "draw asked class"]:
    """Style scores of one fold's test texts after random subspaces of the concept's rank were projected out.

    Drawn as often as `RANDOM_DRAWS` says, from the texts that the erasure was fitted on.
    """
    fold, fitted = question.folds[number], np.intersect1d(concept.rows, question.with_all_roles[number].train)
    rng = np.random.default_rng((question.settings.seed, number))
    kernel = fold_kernel(gram, fitted, np.arange(len(gram)))
    erased = [corrected_gram(gram, fitted, random_projection(kernel, concept.rank, rng)) for _ in range(RANDOM_DRAWS)]
    return np.array([corrected_scores([each], [fold], question)[fold.test] for each in erased])


def random_projection(kernel: FoldKernel, rank: int, rng: np.random.Generator) -> Float[np.ndarray, "test train"]:
    """Weights of the training texts in what an orthogonal projection off random combinations of them takes from a text.

    A combination of texts holds as much of every direction as the texts do. A direction that is random among all
    features would hardly touch them, and LEACE of random numbers, where texts are about as many as features, takes
    mostly what the sample happens not to hold, and spoils new texts: neither is a comparison.
    """
    mixed = rng.standard_normal((len(kernel.gram), rank))
    mixed -= mixed.mean(axis=0)
    # Constant features hold nothing to project off: the pseudoinverse of zero is zero.
    return kernel.cross @ mixed @ np.linalg.pinv(mixed.T @ kernel.gram @ mixed, hermitian=True) @ mixed.T


def joined_draws(
    by_fold: Mapping[int, Float[np.ndarray, "draw asked class"]], question: Question
) -> Float[np.ndarray, "draw tested class"]:
    """The random draws of all folds as scores of the tested texts; `by_fold` holds each fold's by its number."""
    joined = np.full((RANDOM_DRAWS, len(question.texts), next(iter(by_fold.values())).shape[2]), np.nan)
    for number, scores in by_fold.items():
        joined[:, question.folds[number].test] = scores
    return joined[:, question.tested.rows]


def erased_gram(
    gram: Float[np.ndarray, "text text"],
    fitted: Int[np.ndarray, " fitted"],
    columns: Float[np.ndarray, "fitted column"],
) -> Float[np.ndarray, "text text"]:
    """Inner products of all texts once LEACE, fitted on some of them, has erased what `columns` say of these."""
    return corrected_gram(gram, fitted, leace(fold_kernel(gram, fitted, np.arange(len(gram))), columns))


def erasure_aurocs(stem: str, question: Question, erased: Erased) -> tuple[Estimate, ...]:
    """Style AUROC after the erasure, after that of random subspaces of equal rank, and the change between the two."""
    tested = question.tested
    values = [mean_auroc(tested, scores) for scores in erased.random]
    draws = np.mean([auroc_draws(tested, scores) for scores in erased.random], axis=0)
    subspaces = Resampled(float(np.mean(values)), draws)
    nested = question.at(question.chosen, erased.scores)
    after = Resampled(mean_auroc(tested, nested), auroc_draws(tested, nested))
    return (
        *auroc_curve(stem, question, erased.scores, question.chosen),
        random_subspaces(stem, subspaces, tested.n),
        change(stem, after, subspaces, tested.n),
    )


def random_subspaces(stem: str, subspaces: Resampled, n: int) -> Estimate:
    """Nested style AUROC after a random subspace was erased, the mean of several; the null is chance."""
    return Estimate(
        f"{stem}/random/nested/auroc",
        subspaces.value,
        *percentile_interval(subspaces.draws),
        n,
        CHANCE,
        method="probes.controls.erasure.random_subspaces",
    )


def change(stem: str, after: Resampled, subspaces: Resampled, n: int) -> Estimate:
    """Nested style AUROC after the erasure minus that after random ones, resampled on the same scenarios."""
    return Estimate(
        f"{stem}/change",
        after.value - subspaces.value,
        *percentile_interval(after.draws - subspaces.draws),
        n,
        0.0,
        method="probes.controls.erasure.change",
    )
