"""The activation store at the size of a large study, with a fake extraction in place of models.

First growth: 8 keys are written, read and found again at once, with up to 4,096 shards in all (1,024 with `--quick`).
`growth` holds the slopes of CPU seconds against shards on logarithmic axes: 1 is proportional. `vs_listing_a_shard` is
the CPU time of writing when the key is listed before every shard, as an earlier store did, over that of writing now, at
1,024 shards. `write_vs_synced_saves` is the CPU time of as many plain `np.save`, each waiting for the disk, over that
of writing. Then the study of docs/cloud.md: 10 models × 81 residual points × 20 shards, arrays of its number and not of
its size.
Run: `python benchmarks/scale.py --quick`. Without `--quick` the figure is drawn anew.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from benchmarks.parts.fake_extraction import Load, find, listed, read, save_files, write
from benchmarks.parts.store_picture import picture
from empathy_core.activations.objects import at

ROOT = Path(__file__).resolve().parent.parent
POINTS, MODELS = 2, 8
MOST_LISTED = 1024
"""Shards; the earlier way is not given more, because its time grows with their square."""
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
            "save": lambda: save_files(root, load),
        }
        if load.models * load.shards <= MOST_LISTED:
            work["listing_a_shard"] = lambda: write(f"{root}/old", load, lambda key: at(f"{root}/old/{key}").entries())
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


def slope(shards: Sequence[int], seconds: Sequence[float]) -> float:
    return float(np.polyfit(np.log(shards), np.log(seconds), 1)[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="up to 1,024 shards, no figure")
    quick = parser.parse_args().quick
    shards = (64, 256, 1024) if quick else (64, 256, 1024, 4096)
    found = [costs(Load(MODELS, POINTS, count // MODELS)) for count in shards]
    seconds = {name: [times[name] for times in found if name in times] for name in found[0]}
    listed_at = shards.index(MOST_LISTED)
    if not quick:
        (ROOT / "docs" / "figures" / "store-growth.svg").write_bytes(picture(shards, seconds))
    figures = {
        "vs_listing_a_shard": seconds["listing_a_shard"][listed_at] / seconds["write"][listed_at],
        "write_vs_synced_saves": seconds["save"][-1] / seconds["write"][-1],
        "shards": shards[-1],
        "cpu_ms_a_shard": 1000 * seconds["write"][-1] / shards[-1],
        "growth": {name: slope(shards[: len(times)], times) for name, times in seconds.items()},
        **large_study(),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
