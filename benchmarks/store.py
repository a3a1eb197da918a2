"""The activation store in a local folder: what writing in shards costs, and what reading one residual point saves.

`point_vs_all` is the time to read every point divided by the time to read one: near the number of points when a
point's cost is its own objects alone. `write_vs_save`, `write_vs_synced_save` and `read_vs_load` are throughputs
relative to one `np.save`, the same waiting until the disk has the bytes (as the store does), and one `np.load` of the
same bytes. The store hashes all it writes and reads.
Run: `python benchmarks/store.py --quick`.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from empathy_core.activations import store
from empathy_core.contracts import POOLS, ActivationSet, ModelSpec

N_POINTS, DIM, N_SHARDS = 29, 1024, 4
REPEATS = 5


def write_shards(root: str, key: str, arrays: np.ndarray) -> ActivationSet:
    """All of `arrays` `[point, text, pool, dim]`, as an extraction writes them."""
    n_texts = arrays.shape[1]
    unfinished = store.begin(root, key)
    for number, texts in enumerate(np.array_split(np.arange(n_texts), N_SHARDS)):
        unfinished.write(number, dict(enumerate(arrays[:, texts[0] : texts[-1] + 1])), {})
    return unfinished.finish(
        ActivationSet(
            model=ModelSpec("random", "nowhere", n_layers=N_POINTS - 1, d_model=DIM),
            key=key,
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
    )


def synced_save(path: str, arrays: np.ndarray) -> None:
    with open(path, "wb") as file:
        np.save(file, arrays)
        file.flush()
        os.fsync(file.fileno())


def seconds(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def measure(root: str, arrays: np.ndarray) -> dict[str, float]:
    """Median seconds of each piece of work, over interleaved repeats."""
    plain = f"{root}/plain.npy"
    activations = write_shards(root, "read", arrays)
    work = {
        "save": lambda: np.save(plain, arrays),
        "synced_save": lambda: synced_save(plain, arrays),
        "write": lambda: write_shards(root, f"write-{time.monotonic_ns()}", arrays),
        "load": lambda: np.load(plain),
        "one": lambda: store.read_point(activations, N_POINTS // 2),
        "every": lambda: [store.read_point(activations, point) for point in activations.points],
    }
    rounds = [{name: seconds(run) for name, run in work.items()} for _ in range(REPEATS)]
    return {name: float(np.median([times[name] for times in rounds])) for name in work}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100 texts (71 MB) instead of 1,000")
    n_texts = 100 if parser.parse_args().quick else 1000
    arrays = np.random.default_rng(0).standard_normal((N_POINTS, n_texts, len(POOLS), DIM), np.float32)
    with tempfile.TemporaryDirectory() as root:
        times = measure(root, arrays)
    megabytes = arrays.nbytes / 1e6
    figures = {
        "point_vs_all": times["every"] / times["one"],
        "points": N_POINTS,
        "milliseconds_one_point": 1000 * times["one"],
        "megabytes_per_second": megabytes / N_POINTS / times["one"],
        "write_megabytes_per_second": megabytes / times["write"],
        "write_vs_save": times["save"] / times["write"],
        "write_vs_synced_save": times["synced_save"] / times["write"],
        "read_vs_load": times["load"] / times["every"],
        "shards": N_SHARDS,
        "texts": n_texts,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
