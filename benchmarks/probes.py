"""Time exact logistic probes and the ridge null against scikit-learn, in one run on one thread.

`python benchmarks/probes.py [--quick]`: the last line is one JSON object. `exact_vs_sklearn` is CPU time of
scikit-learn's default solver over ours, per fit, preprocessing included on both sides (our factorisation serves 1,000
label columns and is spread over them). `ridge_null_vs_sklearn` compares scoring 1,000 permutations with the matched
ridge probe, everything included, to as many scikit-learn fits. `max_abs_diff` is the largest difference in decision
values from scikit-learn at tolerance 1e-10.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from empathy_core.probes.kernel import FoldKernel, fold_kernel, standardised_gram
from empathy_core.probes.logistic import decision_values, fit_logistic
from empathy_core.probes.ridge import matched_penalty, ridge_values
from empathy_core.stats import auroc_columns, permute_within

C = 100.0
PERMUTATIONS = 1000
COLUMNS = 40
"""Label columns that share one factorisation; fits beyond them cost the same."""


def triplets(n_scenarios: int, dim: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features with a power-law spectrum, scenario effects and four massive dimensions; binary labels; scenarios."""
    rng = np.random.default_rng(seed)
    scenarios, labels = np.repeat(np.arange(n_scenarios), 3), np.tile([0, 0, 1], n_scenarios)
    spectrum = np.arange(1, dim + 1) ** -0.35
    features = (rng.standard_normal((len(labels), dim)) + rng.standard_normal((n_scenarios, dim))[scenarios]) * spectrum
    features += 0.1 * labels[:, None] * rng.standard_normal(dim)
    features[:, :4] = features[:, :4] * 30 + 300
    return features.astype(np.float32), labels, scenarios


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU time of one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def measure(n_scenarios: int, dim: int, repeats: int) -> dict[str, float]:
    """Medians over interleaved repeats, on the first of five folds."""
    features, labels, scenarios = triplets(n_scenarios, dim, seed=0)
    train, test = np.flatnonzero(scenarios % 5 != 0), np.flatnonzero(scenarios % 5 == 0)
    columns = permute_within(labels, scenarios, PERMUTATIONS, np.random.default_rng(1))
    columns[:, 0] = labels

    def prepare() -> FoldKernel:
        kernel = fold_kernel(standardised_gram(features, train), train, test)
        assert len(kernel.eigenbasis[0])
        return kernel

    def ridge_null() -> None:
        kernel = fold_kernel(standardised_gram(features, train), train, test)
        penalty = matched_penalty(kernel, columns[train, 1:5], 2, C)
        auroc_columns(ridge_values(kernel, columns[train].astype(float), penalty), columns[test] == 1)

    def exact(kernel: FoldKernel) -> list[np.ndarray]:
        return [decision_values(kernel, fit_logistic(kernel, columns[train, k], 2, C)) for k in range(COLUMNS)]

    def scikit_learn(tolerance: float) -> np.ndarray:
        model = make_pipeline(StandardScaler(), LogisticRegression(C=C / dim, tol=tolerance, max_iter=100_000))
        return model.fit(features[train].astype(float), labels[train]).decision_function(features[test].astype(float))

    kernel = prepare()
    times: dict[str, list[float]] = {"prepare": [], "exact": [], "ridge_null": [], "sklearn": []}
    for _ in range(repeats):
        times["prepare"].append(cpu_seconds(prepare))
        times["exact"].append(cpu_seconds(lambda: exact(kernel)) / COLUMNS)
        times["ridge_null"].append(cpu_seconds(ridge_null))
        times["sklearn"].append(cpu_seconds(lambda: scikit_learn(1e-4)))
    median = {name: float(np.median(values)) for name, values in times.items()}
    difference = np.abs(exact(kernel)[0][:, 0] - scikit_learn(1e-10)).max()
    return {
        "n_texts": len(labels),
        "dim": dim,
        "exact_ms_per_fit": 1e3 * median["exact"],
        "sklearn_ms_per_fit": 1e3 * median["sklearn"],
        "exact_vs_sklearn": median["sklearn"] / (median["exact"] + median["prepare"] / PERMUTATIONS),
        "ridge_null_vs_sklearn": PERMUTATIONS * median["sklearn"] / median["ridge_null"],
        "max_abs_diff": float(difference),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one size and few repeats, at most 50 s")
    quick = parser.parse_args().quick
    if not quick:
        for size in ((90, 768), (90, 8192), (300, 4096)):
            sys.stdout.write(json.dumps(measure(*size, repeats=5)) + "\n")
    sys.stdout.write(json.dumps(measure(90, 4096, repeats=3 if quick else 9)) + "\n")
