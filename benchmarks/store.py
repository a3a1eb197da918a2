"""Reading one residual point from the layer-major store, against reading every point, hashes checked in both.

`point_vs_all` is the time to read everything divided by the time to read one point: near the number of points when a
point's cost is its own file alone. Run: `python benchmarks/store.py --quick`.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np

from empathy_core.activations import store
from empathy_core.contracts import POOLS, ActivationSet, ModelSpec

N_POINTS, DIM = 29, 1024


def write_random(root: str, n_texts: int) -> ActivationSet:
    rng = np.random.default_rng(0)
    activations = ActivationSet(
        model=ModelSpec("random", "nowhere", n_layers=N_POINTS - 1, d_model=DIM),
        key="benchmark",
        folder="",
        dataset_hash="",
        text_ids=tuple(map(str, range(n_texts))),
        points=tuple(range(N_POINTS)),
        pools=POOLS,
        dim=DIM,
        dtype="float32",
        residual_norms=(1.0,) * N_POINTS,
        response_tokens=(40,) * n_texts,
        tokens_per_second=0.0,
    )
    arrays = (rng.standard_normal((n_texts, len(POOLS), DIM), np.float32) for _ in range(N_POINTS))
    return store.write(root, activations, arrays)


def seconds(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100 texts (71 MB) instead of 1,000")
    n_texts = 100 if parser.parse_args().quick else 1000
    with tempfile.TemporaryDirectory() as root:
        activations = write_random(root, n_texts)
        rounds = [
            (
                seconds(lambda: store.read_point(activations, N_POINTS // 2)),
                seconds(lambda: [store.read_point(activations, point) for point in activations.points]),
            )
            for _ in range(5)
        ]
    one, every = np.median(rounds, axis=0)
    megabytes = n_texts * len(POOLS) * DIM * 4 / 1e6
    figures = {
        "point_vs_all": every / one,
        "points": N_POINTS,
        "milliseconds_one_point": 1000 * one,
        "megabytes_per_second": megabytes / one,
        "texts": n_texts,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
