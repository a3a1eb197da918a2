"""How much faster a steering sweep is when all strengths and prompts share batches: `python benchmarks/steering.py`.

Baseline, in the same run: the same prompts and strengths, one row at a time, through the same model with KV cache.
Prints one JSON object as its last line; `vs_hf_sequential` is baseline time over ours.
"""

import argparse
import json
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch

from empathy_core.datasets.sources import read_source
from empathy_core.models.load import load_model
from empathy_core.models.specs import resolve
from empathy_core.steering.generate import generate
from empathy_core.steering.sampling import Row, SamplingSettings

STRENGTHS = np.linspace(0.0, 0.5, 8)


def cpu_seconds(function) -> float:
    """Process CPU time of one call: the machine's other work does not count."""
    start = time.process_time()
    function()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer prompts and repeats")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    loaded = load_model(resolve("persistent"))
    scenarios = sorted({text.scenario for text in read_source("organism").texts})[: 4 if quick else 16]
    rows = [Row(scenario, seed) for seed, scenario in enumerate(scenarios) for _ in STRENGTHS]
    direction = np.random.default_rng(0).standard_normal(loaded.model.config.hidden_size)
    additions = np.tile(STRENGTHS, len(scenarios))[:, None] * direction
    settings = SamplingSettings()

    def ours():
        return generate(loaded, rows, settings, point=3, additions=additions)

    def sequential():
        return [
            generate(loaded, [row], settings, point=3, additions=vector[None])[0]
            for row, vector in zip(rows, additions, strict=True)
        ]

    same = ours() == sequential()
    times = [(cpu_seconds(ours), cpu_seconds(sequential)) for _ in range(3)]
    ratios = [baseline / batched for batched, baseline in times]
    figures = {
        "vs_hf_sequential": round(float(np.median(ratios)), 2),
        "vs_hf_sequential_range": [round(min(ratios), 2), round(max(ratios), 2)],
        "rows": len(rows),
        "same_replies": same,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
