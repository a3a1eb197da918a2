"""The activation store at the size of a large study, with a fake extraction in place of models.

First growth: 8 keys are written, read and found again at once, with up to 4,096 shards in all (1,024 with `--quick`).
`growth` holds the slopes of CPU seconds against shards on logarithmic axes: 1 is proportional. `vs_listing_a_shard` is
the CPU time of writing when the key is listed before every shard, as an earlier store did, over that of writing now;
`write_vs_synced_saves` is the CPU time of as many plain `np.save`, each waiting for the disk, over that of writing.
Then the study of docs/cloud.md: 10 models × 81 residual points × 20 shards, arrays of its number and not of its size.
Run: `python benchmarks/scale.py --quick`. Without `--quick` the figure is drawn anew.
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

from benchmarks.parts.fake_extraction import Load, find, listed, read, save_files, write
from benchmarks.parts.store_picture import picture
from empathy_core.activations.objects import at

ROOT = Path(__file__).resolve().parent.parent
POINTS, MODELS = 2, 8
STUDY = Load(models=10, points=81, shards=20)


def costs(load: Load) -> dict[str, float]:
    """CPU seconds of each kind of work on a new store, and of the baselines."""
    with tempfile.TemporaryDirectory() as root:
        sets = []
        work = {
            "write": lambda: sets.extend(write(f"{root}/new", load)),
            "read": lambda: read(sets),
            "find": lambda: find(f"{root}/new", sets),
            "list": lambda: listed(f"{root}/new"),
            "listing_a_shard": lambda: write(f"{root}/old", load, lambda key: at(f"{root}/old/{key}").entries()),
            "save": lambda: save_files(root, load),
        }
        return {name: spent(run, time.process_time) for name, run in work.items()}


def spent(run: Callable[[], object], clock: Callable[[], float]) -> float:
    started = clock()
    run()
    return clock() - started


def large_study() -> dict[str, float]:
    """Wall seconds of the planned study's objects."""
    with tempfile.TemporaryDirectory() as root:
        sets = []
        figures = {
            "study_write_s": spent(lambda: sets.extend(write(root, STUDY)), time.perf_counter),
            "study_read_point_s": spent(lambda: read(sets), time.perf_counter),
            "study_find_s": spent(lambda: find(root, sets), time.perf_counter),
            "study_list_s": spent(lambda: listed(root), time.perf_counter),
        }
        if listed(root) != STUDY.objects or len({one.key for one in sets}) != STUDY.models:
            raise RuntimeError(f"{listed(root)} objects of {STUDY.objects}")
    return {"study_objects": STUDY.objects, **figures}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="up to 1,024 shards, one round, no figure")
    quick = parser.parse_args().quick
    shards = (64, 256, 1024) if quick else (64, 256, 1024, 4096)
    rounds = [[costs(Load(MODELS, POINTS, count // MODELS)) for count in shards] for _ in range(1 if quick else 3)]
    names = rounds[0][0].keys()
    seconds = {name: [float(np.median([one[i][name] for one in rounds])) for i in range(len(shards))] for name in names}
    if not quick:
        (ROOT / "docs" / "figures" / "store-growth.svg").write_bytes(picture(shards, seconds))
    figures = {
        "vs_listing_a_shard": seconds["listing_a_shard"][-1] / seconds["write"][-1],
        "write_vs_synced_saves": seconds["save"][-1] / seconds["write"][-1],
        "shards": shards[-1],
        "cpu_ms_a_shard": 1000 * seconds["write"][-1] / shards[-1],
        "growth": {name: float(np.polyfit(np.log(shards), np.log(seconds[name]), 1)[0]) for name in names},
        **large_study(),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
