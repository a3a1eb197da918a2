"""Extraction speed on a random Llama of 42M parameters and the bundled replies, in CPU seconds of one thread.

- `vs_seed_loop`: extraction's passes (all points, all pools, shared prompts) against one text and one layer a pass,
  by `run_with_cache` of a HookedTransformer with the same weights; `vs_bridge_loop`: the same through a
  TransformerBridge; `vs_all_layers_loop`: the HookedTransformer with all layers in one pass. The loops are slow, so
  they read a few texts, spread over the lengths, and are scaled by tokens.
- `of_bare_forward`: speed of the hooked pass relative to the model without hooks, each batch in turn, without shared
  prompts: the median over batches and rounds.
- `shared_prefix_gain`: speed with a prompt computed once for its replies, relative to once for each.
  `shared_prefix_ideal` is what the smaller number of tokens alone would give; fuller batches can add to it.
- `extract_of_passes`: speed of `extract`, once, from texts to a finished store, relative to the passes alone.
- `peak_memory_ratio_8x`: peak memory at eight times the texts.
- `max_abs_diff`: between stored means and what the loops read, over layers; `mean_abs_value` is the size of the latter.

Every batch and every looped text is timed in each of three interleaved rounds, and its median counts; `ranges` has the
ratios of the lowest and the highest round. The allocator keeps freed memory, so that page faults fall on no side.
Without `--quick` also `growth`, seconds against layers, texts, tokens, drawn into docs/figures/extraction-growth.svg.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch
from jaxtyping import Float

from benchmarks.parts.clock import Work, keep_freed_memory, speeds, timed
from benchmarks.parts.growth import VARIED, growth
from benchmarks.parts.growth_picture import picture
from benchmarks.parts.llama import llama_config, random_llama, scenarios
from benchmarks.parts.loops import a_pass_a_layer, bridge, hooked_transformer, one_pass, response_means
from benchmarks.parts.memory import peak_megabytes
from benchmarks.parts.passes import bare_pass, batches, hooked_pass, tokens, unique_tokens
from empathy_core.activations import store
from empathy_core.activations.encoding import EncodedText, encode
from empathy_core.activations.extract import extract
from empathy_core.activations.packing import Batch
from empathy_core.activations.settings import DEFAULTS
from empathy_core.contracts import POOLS
from empathy_core.models.load import LoadedModel

PICTURE = Path(__file__).resolve().parent.parent / "docs/figures/extraction-growth.svg"
LAYERS, WIDTH, ROUNDS = 12, 512, 3
SLOWER = {
    "vs_seed_loop": "seed_loop",
    "vs_bridge_loop": "bridge_loop",
    "vs_all_layers_loop": "all_layers_loop",
    "shared_prefix_gain": "hooked",
}
"""What extraction's passes with shared prompts are compared with."""


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    scenarios: int
    """Of three replies each."""
    looped_texts: int
    memory_texts: int
    """At once; and eight times as many."""
    shard_texts: int
    """Few, so that the smaller extraction has several shards: over the first ones the allocator settles."""


FULL = Size(scenarios=90, looped_texts=3, memory_texts=270, shard_texts=64)
QUICK = Size(scenarios=3, looped_texts=1, memory_texts=24, shard_texts=6)


class Bench:
    """The model in its three forms, and the texts they read."""

    def __init__(self, size: Size):
        self.loaded = random_llama(llama_config(LAYERS, WIDTH))
        self.hooked, self.bridge = hooked_transformer(self.loaded), bridge(self.loaded)
        self.texts = scenarios(size.scenarios)
        self.encoded = encode(self.loaded, self.texts)
        self.looped = spread_by_length(self.encoded, size.looped_texts)

    def passes(self) -> list[Work]:
        """Every batch bare and hooked, which of them first in turn; then the batches that share prompts."""
        alone, shared = (batches(self.loaded, self.encoded, DEFAULTS.token_budget, share) for share in (False, True))
        work = []
        for number, batch in enumerate(alone):
            pair = [self.a_pass("bare", bare_pass, batch), self.a_pass("hooked", hooked_pass, batch)]
            work.extend(pair[:: -1 if number % 2 else 1])
        return [*work, *(self.a_pass("shared", hooked_pass, batch) for batch in shared)]

    def a_pass(self, variant: str, run: Callable[[LoadedModel, Batch], None], batch: Batch) -> Work:
        return Work(variant, tokens(self.encoded, batch), partial(run, self.loaded, batch))

    def loops(self) -> list[Work]:
        """A few texts through the loops, in turn."""
        loops = {
            "seed_loop": (self.hooked, a_pass_a_layer(LAYERS)),
            "bridge_loop": (self.bridge, a_pass_a_layer(LAYERS)),
            "all_layers_loop": (self.hooked, one_pass(LAYERS)),
        }
        return [
            Work(variant, text.length, partial(response_means, model, text, passes))
            for text in self.looped
            for variant, (model, passes) in loops.items()
        ]

    def whole(self) -> tuple[float, Float[np.ndarray, "layer text dim"]]:
        """Tokens a second of one extraction, from texts to a finished store, and the stored mean pools."""
        with tempfile.TemporaryDirectory() as folder:
            started = time.process_time()
            found = extract(self.loaded, self.texts, folder)
            speed = length(self.encoded) / (time.process_time() - started)
            mean = POOLS.index("mean")
            return speed, np.stack([store.read_point(found, layer)[:, mean] for layer in range(1, LAYERS + 1)])

    def differences(self, stored: Float[np.ndarray, "layer text dim"]) -> dict[str, float]:
        """How far the stored means are from what both TransformerLens models read."""
        places = {text.id: place for place, text in enumerate(self.encoded)}
        read = [
            (response_means(model, text, one_pass(LAYERS)), stored[:, places[text.id]])
            for text in self.looped
            for model in (self.hooked, self.bridge)
        ]
        return {
            "max_abs_diff": max(float(np.abs(theirs - ours).max()) for theirs, ours in read),
            "mean_abs_value": float(np.mean([np.abs(theirs) for theirs, _ in read])),
        }


def length(texts: Sequence[EncodedText]) -> int:
    return sum(text.length for text in texts)


def spread_by_length(texts: Sequence[EncodedText], count: int) -> list[EncodedText]:
    """The middle texts of `count` equal groups, from the shortest to the longest."""
    ordered = sorted(texts, key=lambda text: text.length)
    return [ordered[(2 * group + 1) * len(ordered) // (2 * count)] for group in range(count)]


def ratios(work: Sequence[Work], seconds: Float[np.ndarray, "round piece"]) -> dict[str, float]:
    """Of speeds over all pieces, each with its median time; bare over hooked by batch, since they differ so little."""
    speed = speeds(work, np.median(seconds, axis=0))
    found = {name: speed["shared"] / speed[theirs] for name, theirs in SLOWER.items()}
    bare, hooked = (seconds[:, [piece.variant == variant for piece in work]] for variant in ("bare", "hooked"))
    return {**found, "of_bare_forward": float(np.median(bare / hooked))}


def speed_figures(size: Size) -> dict[str, Any]:
    bench = Bench(size)
    bench.passes()[0].run()  # warms up
    work = [*bench.passes(), *bench.loops()]
    seconds = timed(work, ROUNDS)
    speed, found = speeds(work, np.median(seconds, axis=0)), ratios(work, seconds)
    by_round = [ratios(work, one[None]) for one in seconds]
    whole, stored = bench.whole()
    return {
        **found,
        "ranges": {name: [extreme(one[name] for one in by_round) for extreme in (min, max)] for name in found},
        "shared_prefix_ideal": length(bench.encoded) / unique_tokens(bench.encoded),
        "extract_of_passes": whole / speed["shared"],
        **bench.differences(stored),
        "tokens_per_cpu_second": {**speed, "extract": whole},
        "parameters": bench.loaded.model.num_parameters(),
        "texts": len(bench.encoded),
        "tokens": length(bench.encoded),
        "loops_scaled_from": {"texts": len(bench.looped), "tokens": length(bench.looped)},
    }


def memory_figures(size: Size) -> dict[str, Any]:
    counts = [size.memory_texts, 8 * size.memory_texts]
    peaks = peak_megabytes(counts, size.shard_texts)
    return {"peak_memory_ratio_8x": peaks[1] / peaks[0], "peak_memory_megabytes": peaks, "peak_memory_texts": counts}


def growth_figures() -> dict[str, Any]:
    rows = growth(ROUNDS)
    PICTURE.write_bytes(picture(rows))
    return {"growth": rows, "growth_exponents": VARIED.exponents(rows)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer texts, no growth; at most 50 s")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    keep_freed_memory()
    load_before, size = os.getloadavg()[0], QUICK if quick else FULL
    figures = speed_figures(size) | memory_figures(size) | ({} if quick else growth_figures())
    figures["load_average"] = [load_before, os.getloadavg()[0]]
    figures["versions"] = {name: version(name) for name in ("torch", "transformers", "transformer_lens")}
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
