"""One task at one residual point: exact scores of held-out texts, ridge under permuted labels, and the inner folds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Shaped

from empathy_core.contracts import BadInput, TextSet
from empathy_core.datasets.splits import Fold, grouped_folds
from empathy_core.probes.held_out import one_versus_rest
from empathy_core.probes.kernel import FoldKernel, fold_kernel
from empathy_core.probes.logistic import decision_values, fit_logistic
from empathy_core.probes.ridge import matched_penalty, ridge_values
from empathy_core.probes.tasks import Task
from empathy_core.stats import auroc_columns, permute_labels

MATCHING_COLUMNS = 8
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
    foil_folds: tuple[Fold, ...]
    """The same training rows, tested on the foils of the scenarios held out; no row is tested where there are none."""
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
    foil_ridge: Float[np.ndarray, " column"] | None
    """The same on the foils; None where there are none."""
    inner: Float[np.ndarray, " fold"]
    """Ridge AUROC on the inner folds of each fold's training rows."""
    exact: bool
    """Whether every logistic fit reached its optimum to the accuracy promised."""


def make_plan(task: Task, texts: TextSet, folds: Sequence[Fold], settings: ProbeSettings) -> Plan:
    """Restrict folds to the task's rows, divide their training rows again, and permute the labels.

    Raises `BadInput` if the rows of a fold lack a class, a fold's training rows are too few for inner folds, or a foil
    answers a scenario that its fold is trained on.
    """
    scenarios, rng = texts.column("scenario_id"), np.random.default_rng(settings.seed)
    columns = np.full((len(texts), 1 + settings.permutations), -1)
    for rows, labels in ((task.rows, task.labels), (task.foil_rows, task.foil_labels)):
        if len(rows):
            permuted = permute_labels(labels, scenarios[rows], settings.permutations, rng)
            columns[rows] = np.column_stack([labels, permuted])
    own = tuple(Fold(np.intersect1d(f.train, task.rows), np.intersect1d(f.test, task.rows)) for f in folds)
    foils = tuple(Fold(f.train, np.intersect1d(g.test, task.foil_rows)) for f, g in zip(own, folds, strict=True))
    for number, (fold, foil_fold) in enumerate(zip(own, foils, strict=True)):
        _check_classes(task, columns[fold.train, 0], f"the training rows of fold {number}")
        # A label that is constant in a scenario may be missing from a fold of few scenarios, which then has no pair.
        if task.varies_within_scenarios:
            _check_classes(task, columns[fold.test, 0], f"the test rows of fold {number}")
        _check_unseen(scenarios[foil_fold.train], scenarios[foil_fold.test], task, number)
    return Plan(task, own, foils, tuple(_inner_folds(texts, fold.train, settings) for fold in own), columns)


def read_task(grams: Sequence[Float[np.ndarray, "text text"]], plan: Plan, C: float) -> PointReading:
    """Fit and score one task on every fold; `grams` holds one standardised Gram matrix a fold."""
    n_classes, columns, true = len(plan.task.classes), plan.columns, plan.columns[:, :1]
    kernels = _kernels(grams, plan.folds)
    penalty = matched_penalty(kernels[0], columns[plan.folds[0].train, 1 : 1 + MATCHING_COLUMNS], n_classes, C)
    fits = [fit_logistic(kernel, true[f.train], n_classes, C) for kernel, f in zip(kernels, plan.folds, strict=True)]
    scores = np.full((len(columns), 1 if n_classes == 2 else n_classes), np.nan)
    foil_kernels = _kernels(grams, plan.foil_folds)
    for folds, tested in ((plan.folds, kernels), (plan.foil_folds, foil_kernels)):
        for fold, kernel, fit in zip(folds, tested, fits, strict=True):
            scores[fold.test] = decision_values(kernel, fit)[:, 0]
    inner = [
        ridge_auroc(_kernels([gram] * len(folds), folds), folds, true, n_classes, penalty)
        for gram, folds in zip(grams, plan.inner, strict=True)
    ]
    return PointReading(
        scores,
        ridge_auroc(kernels, plan.folds, columns, n_classes, penalty),
        ridge_auroc(foil_kernels, plan.foil_folds, columns, n_classes, penalty) if len(plan.task.foil_rows) else None,
        np.concatenate(inner),
        all(bool(fit.exact.all()) for fit in fits),
    )


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


def ridge_auroc(
    kernels: Sequence[FoldKernel],
    folds: Sequence[Fold],
    columns: Int[np.ndarray, "text column"],
    n_classes: int,
    penalty: float,
) -> Float[np.ndarray, " column"]:
    """AUROC of every label column, averaged over classes and over the folds that hold a pair to compare."""
    values = np.full((len(folds), columns.shape[1]), np.nan)
    for number, (kernel, fold) in enumerate(zip(kernels, folds, strict=True)):
        if not len(fold.test):
            continue
        train, test = (np.moveaxis(one_versus_rest(columns[rows], n_classes), 2, 0) for rows in (fold.train, fold.test))
        of_class = [
            auroc_columns(ridge_values(kernel, taught.astype(float), penalty), asked)
            for taught, asked in zip(train, test, strict=True)
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


def _kernels(grams: Sequence[Float[np.ndarray, "text text"]], folds: Sequence[Fold]) -> list[FoldKernel]:
    return [fold_kernel(gram, fold.train, fold.test) for gram, fold in zip(grams, folds, strict=True)]


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


def _check_unseen(
    taught: Shaped[np.ndarray, " train"], asked: Shaped[np.ndarray, " test"], task: Task, number: int
) -> None:
    shared = np.intersect1d(taught, asked)
    if len(shared):
        raise BadInput(
            "A foil answers a scenario that its fold was not trained on.",
            f"{len(shared)} scenarios on both sides of fold {number} of task {task.name}, the first {shared[0]!r}",
            "a foil whose lexical family is not that of its scenario's other replies",
            "give the foil the family of its scenario, or a scenario of its own",
        )
