"""Speed of a steering sweep on a random Llama of 42M parameters, in CPU seconds of one thread.

The sweep: bundled scenarios under every direction at five strengths, greedy, no token ends a reply.

- `vs_hf_sequential`: all rows in batches against one row at a time through transformers' `generate`, with KV cache and
  the same hooks.
- `vs_seed_loop`: against the earlier study's loop: one row at a time through a HookedTransformer with the same
  weights, without cache, a whole pass with a hook for every token.
- `of_unsteered`: speed of the batches relative to the same rows without edits.
- `persistent_vs_hf_sequential`: the first comparison on the bundled organism, whose replies end by themselves.
- `same_replies`: share of looped rows, by loop, whose reply is the batch's to the last character.

The loops are slow, so they write a few rows, spread over the sweep, and are scaled by rows. Everything is timed in
three interleaved rounds, and its median counts; `ranges` has the ratios of the lowest and the highest round. The
allocator keeps freed memory, so that page faults fall on no side. Without `--quick` also `growth`, seconds against
strengths, prompts and layers, drawn into docs/figures/steering-growth.svg.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch
from jaxtyping import Float
from transformer_lens import HookedTransformer

from benchmarks.parts.clock import Work, keep_freed_memory, speeds, timed
from benchmarks.parts.llama import llama_config, random_llama
from benchmarks.parts.loops import hooked_transformer
from benchmarks.parts.steering_growth import VARIED, growth
from benchmarks.parts.steering_loops import bundled_scenarios, in_batches, sweep_rows, with_cache, without_cache
from benchmarks.parts.steering_picture import picture
from empathy_core.datasets.sources import read_source
from empathy_core.models.load import LoadedModel, load_model
from empathy_core.models.specs import resolve
from empathy_core.steering.sampling import Row, SamplingSettings

PICTURE = Path(__file__).resolve().parent.parent / "docs/figures/steering-growth.svg"
LAYERS, WIDTH, STRENGTHS, ROUNDS = 12, 512, 5, 3
COMPARED = {
    "vs_hf_sequential": ("batched", "with_cache"),
    "vs_seed_loop": ("batched", "without_cache"),
    "of_unsteered": ("batched", "unsteered"),
    "persistent_vs_hf_sequential": ("persistent_batched", "persistent_with_cache"),
}
"""Figures, and the variants whose speeds they divide."""


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    prompts: int
    directions: int
    new_tokens: int
    cached_rows: int
    """Written by the loop with cache."""
    uncached_rows: int


FULL = Size(prompts=8, directions=2, new_tokens=72, cached_rows=4, uncached_rows=1)
QUICK = Size(prompts=4, directions=2, new_tokens=16, cached_rows=2, uncached_rows=1)


class Sweep:
    """One model's rows, and the few of them that go through the loops."""

    def __init__(self, loaded: LoadedModel, asked: Sequence[str], size: Size):
        self.loaded, self.settings = loaded, SamplingSettings(temperature=0.0, max_new_tokens=size.new_tokens)
        self.rows = sweep_rows(loaded, asked, STRENGTHS, size.directions)
        self.cached, self.uncached = (spread(len(self.rows), count) for count in (size.cached_rows, size.uncached_rows))

    def batched(self, variant: str, rows: Sequence[Row]) -> Work:
        # What gets done is counted in replies: a loop's few stand for all of them.
        return Work(variant, len(rows), partial(in_batches, self.loaded, rows, self.settings))

    def with_cache(self, variant: str) -> list[Work]:
        return [
            Work(variant, 1, partial(with_cache, self.loaded, self.rows[row], self.settings)) for row in self.cached
        ]

    def without_cache(self, variant: str, hooked: HookedTransformer) -> list[Work]:
        return [
            Work(variant, 1, partial(without_cache, hooked, self.loaded, self.rows[row], self.settings))
            for row in self.uncached
        ]

    def same(self, looped: Sequence[int], work: Sequence[Work]) -> float:
        """Share of these rows whose looped reply is the batch's."""
        ours = in_batches(self.loaded, self.rows, self.settings)
        return float(np.mean([piece.run() == ours[row].text for row, piece in zip(looped, work, strict=True)]))


def spread(count: int, chosen: int) -> list[int]:
    """The middles of `chosen` equal parts."""
    return [(2 * part + 1) * count // (2 * chosen) for part in range(chosen)]


def speed_figures(size: Size) -> dict[str, Any]:
    llama = random_llama(llama_config(LAYERS, WIDTH))
    llama.model.generation_config.eos_token_id = None
    random = Sweep(llama, bundled_scenarios(size.prompts), size)
    asked = sorted({text.scenario for text in read_source("organism").texts})[: size.prompts]
    organism = Sweep(load_model(resolve("persistent")), asked, size)
    cached, uncached = random.with_cache("with_cache"), random.without_cache("without_cache", hooked_transformer(llama))
    organism_cached = organism.with_cache("persistent_with_cache")
    same = {
        "with_cache": random.same(random.cached, cached),
        "without_cache": random.same(random.uncached, uncached),
        "persistent_with_cache": organism.same(organism.cached, organism_cached),
    }
    batches = [
        random.batched("batched", random.rows),
        random.batched("unsteered", [replace(row, edits={}) for row in random.rows]),
        organism.batched("persistent_batched", organism.rows),
    ]
    work = [*batches, *cached, *uncached, *organism_cached]
    seconds = timed(work, ROUNDS)
    found, by_round = ratios(work, np.median(seconds, axis=0)), [ratios(work, one) for one in seconds]
    return {
        **found,
        "ranges": {name: [extreme(one[name] for one in by_round) for extreme in (min, max)] for name in found},
        "same_replies": same,
        "rows_per_cpu_second": speeds(work, np.median(seconds, axis=0)),
        "parameters": llama.model.num_parameters(),
        "rows": len(random.rows),
        "new_tokens": size.new_tokens,
        "loops_scaled_from_rows": {"with_cache": len(cached), "without_cache": len(uncached)},
    }


def ratios(work: Sequence[Work], seconds: Float[np.ndarray, " piece"]) -> dict[str, float]:
    speed = speeds(work, seconds)
    return {name: speed[ours] / speed[theirs] for name, (ours, theirs) in COMPARED.items()}


def growth_figures() -> dict[str, Any]:
    rows = growth(ROUNDS)
    PICTURE.write_bytes(picture(rows))
    return {"growth": rows, "growth_exponents": VARIED.exponents(rows)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rows, shorter replies, no growth; at most 50 s")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    keep_freed_memory()
    load_before = os.getloadavg()[0]
    figures = speed_figures(QUICK if quick else FULL) | ({} if quick else growth_figures())
    figures["load_average"] = [load_before, os.getloadavg()[0]]
    figures["versions"] = {name: version(name) for name in ("torch", "transformers", "transformer_lens")}
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
