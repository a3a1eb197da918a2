"""Time exact logistic probes and the ridge null against scikit-learn, in one run on one thread.

`python benchmarks/probes.py [--quick]`: the last line is one JSON object. Times are CPU seconds, ratios medians over
interleaved rounds, with preprocessing on both sides; the size is that of `n_texts` and `dim`.

- `exact_vs_sklearn`: scikit-learn's default solver over ours, per fit, where ours fits a column of true labels and 999
  permutations at once. scikit-learn is given double precision, as we work in it; `..._float32` is against its fits of
  the float32 activations themselves, which are faster, and less exact.
- `ridge_null_vs_sklearn`: as many scikit-learn fits over the AUROCs of 1,000 permutations by the matched ridge probe.
- `full_null_cpu_s`, `full_null_peak_mb`: that null for a whole model, in a process of its own: 32 residual points, six
  tasks and five folds, without the time it takes to make the activations.
- `max_abs_diff`: the largest difference in decision values from scikit-learn at tolerance 1e-10.

Without `--quick`, also growth with texts, features, points and permutations, drawn into docs/figures/probes-growth.svg.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from benchmarks.parts.clock import cpu_seconds
from benchmarks.parts.probe_growth import VARIED, growth
from benchmarks.parts.probe_growth_picture import picture
from benchmarks.parts.probe_null import (
    DIM,
    PERMUTATIONS,
    TEXTS,
    C,
    activations,
    make_tasks,
    ridge,
    scikit_learn,
)
from empathy_core.probes.kernel import fold_kernel, standardised_gram
from empathy_core.probes.logistic import decision_values, fit_logistic
from empathy_core.stats import auroc_columns

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "figures" / "probes-growth.svg"
FITS = 5
"""Fits of scikit-learn in a round, each of another permutation."""
CHECKED = 3
"""Columns whose decision values are compared."""


def ratios(rounds: int) -> dict[str, Any]:
    """Speeds and accuracy on the first of five folds."""
    features, (task,) = activations(TEXTS, DIM, seed=0), make_tasks(TEXTS, 1, PERMUTATIONS - 1)
    double = features.astype(float)
    train, test = task.fold(0)

    def exact() -> np.ndarray:
        kernel = fold_kernel(standardised_gram(features, train), train, test)
        return decision_values(kernel, fit_logistic(kernel, task.columns[train], 2, C))[:, :, 0]

    def ridge_null() -> None:
        kernel = fold_kernel(standardised_gram(features, train), train, test)
        score = ridge(kernel, task.columns[train])
        auroc_columns(score(kernel, task.columns[train]), task.columns[test] == 1)

    def fits(given: np.ndarray) -> None:
        for column in task.columns[:, 1 : 1 + FITS].T:
            scikit_learn(given, column, train, test)

    per_fit = np.array(
        [
            (
                cpu_seconds(exact) / PERMUTATIONS,
                cpu_seconds(ridge_null) / PERMUTATIONS,
                cpu_seconds(lambda: fits(double)) / FITS,
                cpu_seconds(lambda: fits(features)) / FITS,
            )
            for _ in range(rounds)
        ]
    )
    ours, by_ridge, theirs, in_single = per_fit.T
    tight = np.column_stack([scikit_learn(double, task.columns[:, k], train, test, 1e-10) for k in range(CHECKED)])
    return {
        "exact_vs_sklearn": float(np.median(theirs / ours)),
        "exact_vs_sklearn_range": [float((theirs / ours).min()), float((theirs / ours).max())],
        "exact_vs_sklearn_float32": float(np.median(in_single / ours)),
        "ridge_null_vs_sklearn": float(np.median(theirs / by_ridge)),
        "ridge_null_vs_sklearn_range": [float((theirs / by_ridge).min()), float((theirs / by_ridge).max())],
        "exact_ms_per_fit": 1e3 * float(np.median(ours)),
        "sklearn_ms_per_fit": 1e3 * float(np.median(theirs)),
        "max_abs_diff": float(np.abs(exact()[:, :CHECKED] - tight).max()),
        "n_texts": TEXTS,
        "dim": DIM,
    }


def full_null() -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.parts.probe_null"]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)


def growth_figures() -> dict[str, Any]:
    rows = growth(rounds=3)
    PICTURE.write_bytes(picture(rows))
    return {"growth": rows, "growth_exponents": VARIED.exponents(rows)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, no growth; at most 50 s")
    quick = parser.parse_args().quick
    load_before = os.getloadavg()[0]
    figures = ratios(rounds=3 if quick else 9) | full_null() | ({} if quick else growth_figures())
    figures["load_average"] = [load_before, os.getloadavg()[0]]
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
