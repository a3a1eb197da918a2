"""One task at one residual point: exact scores of held-out texts, ridge under permuted labels, and the inner folds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from empathy_core.contracts import BadInput, TextSet
from empathy_core.datasets.splits import Fold, grouped_folds
from empathy_core.probes.kernel import FoldKernel, fold_kernel
from empathy_core.probes.logistic import decision_values, fit_logistic
from empathy_core.probes.ridge import matched_penalty, ridge_values
from empathy_core.probes.tasks import Task
from empathy_core.stats import auroc_columns, permute_labels

MATCHING_COLUMNS = 4
"""Permuted label columns that match the ridge penalty to the logistic loss."""


@dataclass(frozen=True)
class ProbeSettings:
    """How probes are fitted and their uncertainty drawn; fixed before any result is seen."""

    C: float = 100.0
    """Weight of the loss against the penalty: scikit-learn's C times the number of features."""
    permutations: int = 1000
    draws: int = 2000
    """Bootstrap resamplings of scenarios."""
    inner_folds: int = 3
    """Folds of the training rows that choose the point."""
    seed: int = 0


@dataclass(frozen=True)
class Plan:
    """One task's folds and label columns, the same at every point. Rows are those of the data set."""

    task: Task
    folds: tuple[Fold, ...]
    inner: tuple[tuple[Fold, ...], ...]
    """Per fold, folds of its training rows."""
    columns: Int[np.ndarray, "text column"]
    """True labels, then one permutation a column; -1 for texts outside the task."""


@dataclass(frozen=True)
class PointReading:
    """What one task reads at one point."""

    scores: Float[np.ndarray, "text class"]
    """Exact logistic decision values of every text by the fold that tests it; NaN for the others."""
    ridge: Float[np.ndarray, " column"]
    """Fold-averaged ridge AUROC of the true labels, then of every permutation."""
    inner: Float[np.ndarray, " fold"]
    """Ridge AUROC on the inner folds of each fold's training rows."""


def make_plan(task: Task, texts: TextSet, folds: Sequence[Fold], settings: ProbeSettings) -> Plan:
    """Restrict folds to the task's rows, divide their training rows again, and permute the labels.

    Raises `BadInput` if the rows of a fold lack a class, or a fold's training rows are too few for inner folds.
    """
    own = tuple(Fold(np.intersect1d(f.train, task.rows), np.intersect1d(f.test, task.rows)) for f in folds)
    scenarios = texts.column("scenario_id")[task.rows]
    permuted = permute_labels(task.labels, scenarios, settings.permutations, np.random.default_rng(settings.seed))
    columns = np.full((len(texts), 1 + settings.permutations), -1)
    columns[task.rows] = np.column_stack([task.labels, permuted])
    for number, fold in enumerate(own):
        _check_classes(task, columns[fold.train, 0], f"the training rows of fold {number}")
        # A label that is constant in a scenario may be missing from a fold of few scenarios, which then has no pair.
        if task.varies_within_scenarios:
            _check_classes(task, columns[fold.test, 0], f"the test rows of fold {number}")
    return Plan(task, own, tuple(_inner_folds(texts, fold.train, settings) for fold in own), columns)


def read_task(grams: Sequence[Float[np.ndarray, "text text"]], plan: Plan, C: float) -> PointReading:
    """Fit and score one task on every fold; `grams` holds one standardised Gram matrix a fold."""
    n_classes, columns = len(plan.task.classes), plan.columns
    kernels = [fold_kernel(gram, fold.train, fold.test) for gram, fold in zip(grams, plan.folds, strict=True)]
    penalty = matched_penalty(kernels[0], columns[plan.folds[0].train, 1 : 1 + MATCHING_COLUMNS], n_classes, C)
    scores = np.full((len(columns), 1 if n_classes == 2 else n_classes), np.nan)
    for fold, kernel in zip(plan.folds, kernels, strict=True):
        fit = fit_logistic(kernel, columns[fold.train, 0], n_classes, C)
        scores[fold.test] = decision_values(kernel, fit)
    ridge = _ridge_auroc(kernels, plan.folds, columns, n_classes, penalty)
    inner = [
        _ridge_auroc([fold_kernel(gram, f.train, f.test) for f in folds], folds, columns[:, :1], n_classes, penalty)
        for gram, folds in zip(grams, plan.inner, strict=True)
    ]
    return PointReading(scores, ridge, np.concatenate(inner))


def check_finite(features: Float[np.ndarray, "text dim"], point: int, texts: TextSet) -> None:
    """Raise `BadInput` naming the first text with a NaN or infinite feature."""
    broken = np.flatnonzero(~np.isfinite(features).all(axis=1))
    if len(broken):
        first = f"first row {broken[0]} ({texts.texts[broken[0]].id!r})"
        raise BadInput(
            "Every activation is a finite number.",
            f"{len(broken)} rows with NaN or infinity at point {point}, {first}",
            "overflow in half precision, or a damaged store",
            "extract again in float32",
        )


def one_versus_rest(labels: Int[np.ndarray, " text"], n_classes: int) -> Bool[np.ndarray, "text class"]:
    """The binary label columns whose AUROCs are averaged: class 1 of two, or every class against the others."""
    return labels[:, None] == np.arange(1 if n_classes == 2 else 0, n_classes)


def _ridge_auroc(
    kernels: Sequence[FoldKernel],
    folds: Sequence[Fold],
    columns: Int[np.ndarray, "text column"],
    n_classes: int,
    penalty: float,
) -> Float[np.ndarray, " column"]:
    """AUROC of every label column, averaged over classes and over the folds that hold a pair to compare."""
    values = np.empty((len(folds), columns.shape[1]))
    for number, (kernel, fold) in enumerate(zip(kernels, folds, strict=True)):
        train, test = columns[fold.train], columns[fold.test]
        of_class = [
            auroc_columns(ridge_values(kernel, (train == k).astype(float), penalty), test == k)
            for k in range(1 if n_classes == 2 else 0, n_classes)
        ]
        values[number] = np.mean(of_class, axis=0)
    if np.isnan(values).all(axis=0).any():
        raise BadInput(
            "Some fold's test rows must hold two classes, under every permutation of the labels.",
            f"{len(folds)} folds with one class each",
            "very few scenarios in a fold, or a register that hardly varies",
            "add scenarios, use fewer folds, or leave the register column empty",
        )
    return np.nanmean(values, axis=0)


def _inner_folds(texts: TextSet, train: Int[np.ndarray, " train"], settings: ProbeSettings) -> tuple[Fold, ...]:
    divisions = grouped_folds(texts.rows(train), settings.inner_folds, settings.seed)
    return tuple(Fold(train[division.train], train[division.test]) for division in divisions)


def _check_classes(task: Task, labels: Int[np.ndarray, " text"], where: str) -> None:
    missing = [name for code, name in enumerate(task.classes) if code not in labels]
    if missing:
        raise BadInput(
            "Every fold trains and tests on texts of every class.",
            f"no {' or '.join(missing)} for task {task.name} in {where}",
            "a class with few scenarios, or one that a single lexical family holds",
            "add scenarios, use fewer folds, or leave the family column empty",
        )
