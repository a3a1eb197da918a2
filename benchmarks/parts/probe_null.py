"""The permutation null of binary probes through the library's functions, and a fit of scikit-learn to put beside it.

`python -m benchmarks.parts.probe_null` is the ridge null of a whole model in a process of its own, for its peak memory.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from empathy_core.probes.kernel import FoldKernel, fold_kernel, standardised_gram
from empathy_core.probes.logistic import decision_values, fit_logistic
from empathy_core.probes.ridge import matched_penalty, ridge_values
from empathy_core.stats import auroc_columns, permute_within

C = 100.0
FOLDS = 5
STYLES = 3
"""Texts of a scenario, one in each style."""
MATCHING_COLUMNS = 8
POINTS, TEXTS, DIM, TASKS, PERMUTATIONS = 32, 270, 4096, 6, 1000
"""A whole model."""

Labels = Int[np.ndarray, "train column"]
Scorer = Callable[[FoldKernel, Labels], Float[np.ndarray, "test column"]]


@dataclass(frozen=True)
class Task:
    """One binary question: its rows, and its label columns of 0 and 1, true ones first."""

    rows: Int[np.ndarray, " text"]
    columns: Int[np.ndarray, "text column"]
    """Over all texts, whether the task has them or not."""

    def fold(self, number: int) -> tuple[Int[np.ndarray, " train"], Int[np.ndarray, " test"]]:
        """Training and test rows; scenarios are dealt to folds in turn."""
        tested = self.rows // STYLES % FOLDS == number
        return self.rows[~tested], self.rows[tested]


def make_tasks(n_texts: int, n_tasks: int, permutations: int) -> list[Task]:
    """Each style against the others, then each pair of styles; labels are permuted within scenarios."""
    rng = np.random.default_rng(1)
    rows = np.arange(n_texts)
    style, scenario = rows % STYLES, rows // STYLES
    members = [rows] * STYLES + [rows[style != other] for other in range(STYLES)]
    tasks = []
    for number, kept in enumerate(members[:n_tasks]):
        labels = (style[kept] == (number if number < STYLES else (number + 1) % STYLES)).astype(int)
        columns = np.zeros((n_texts, 1 + permutations), int)
        columns[kept] = np.column_stack([labels, permute_within(labels, scenario[kept], permutations, rng)])
        tasks.append(Task(kept, columns))
    return tasks


def activations(n_texts: int, dim: int, seed: int) -> Float[np.ndarray, "text dim"]:
    """Float32 features with a power-law spectrum, scenario effects, weak styles and four massive dimensions."""
    rng = np.random.default_rng(seed)
    rows, spectrum = np.arange(n_texts), np.arange(1, dim + 1) ** -0.35
    scenarios = rng.standard_normal((n_texts // STYLES, dim))[rows // STYLES]
    features = (rng.standard_normal((n_texts, dim)) + scenarios) * spectrum
    features += 0.1 * rng.standard_normal((STYLES, dim))[rows % STYLES]
    features[:, :4] = features[:, :4] * 30 + 300
    return features.astype(np.float32)


def ridge(kernel: FoldKernel, labels: Labels) -> Scorer:
    """Ridge, matched to the logistic loss on permuted labels of the first fold, which it is given here."""
    penalty = matched_penalty(kernel, labels[:, 1 : 1 + MATCHING_COLUMNS], 2, C)
    return lambda kernel, labels: ridge_values(kernel, labels.astype(float), penalty)


def exact(kernel: FoldKernel, labels: Labels) -> Scorer:
    """Exact logistic regression, which takes nothing from the first fold."""
    return lambda kernel, labels: decision_values(kernel, fit_logistic(kernel, labels, 2, C))[:, :, 0]


def null(
    features: Float[np.ndarray, "text dim"], tasks: Sequence[Task], probe: Callable[[FoldKernel, Labels], Scorer]
) -> Float[np.ndarray, "task column"]:
    """Fold-averaged AUROC of every label column at one point."""
    fold = np.arange(len(features)) // STYLES % FOLDS
    grams = [standardised_gram(features, np.flatnonzero(fold != number)) for number in range(FOLDS)]
    return np.array([_aurocs(task, grams, probe) for task in tasks])


def _aurocs(
    task: Task, grams: Sequence[Float[np.ndarray, "text text"]], probe: Callable[[FoldKernel, Labels], Scorer]
) -> Float[np.ndarray, " column"]:
    folds = [task.fold(number) for number in range(FOLDS)]
    kernels = [fold_kernel(gram, *fold) for gram, fold in zip(grams, folds, strict=True)]
    score = probe(kernels[0], task.columns[folds[0][0]])
    values = [
        auroc_columns(score(kernel, task.columns[train]), task.columns[test] == 1)
        for kernel, (train, test) in zip(kernels, folds, strict=True)
    ]
    return np.mean(values, axis=0)


def scikit_learn(
    features: Float[np.ndarray, "text dim"],
    labels: Int[np.ndarray, " text"],
    train: Int[np.ndarray, " train"],
    test: Int[np.ndarray, " test"],
    tolerance: float = 1e-4,
) -> np.ndarray:
    """Decision values of one fit by scikit-learn's default solver, in the precision of the features."""
    model = LogisticRegression(C=C / features.shape[1], tol=tolerance, max_iter=100_000)
    pipeline = make_pipeline(StandardScaler(), model).fit(features[train], labels[train])
    return pipeline.decision_function(features[test])


def main() -> None:
    tasks = make_tasks(TEXTS, TASKS, PERMUTATIONS)
    spent = 0.0
    for point in range(POINTS):
        features = activations(TEXTS, DIM, seed=point)
        started = time.process_time()
        null(features, tasks, ridge)
        spent += time.process_time() - started
    # Not `getrusage`: what it calls the peak includes the process that started this one.
    status = Path("/proc/self/status").read_text()
    kibibytes = int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)[1])
    sys.stdout.write(json.dumps({"full_null_cpu_s": spent, "full_null_peak_mb": kibibytes * 1024 / 1e6}) + "\n")


if __name__ == "__main__":
    main()
