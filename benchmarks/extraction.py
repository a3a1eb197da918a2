"""Extraction speed on a random Llama of 42M parameters and the bundled replies, in CPU seconds of one thread.

- `vs_seed_loop`: extraction's passes (all points, all pools, shared prompts) against one text and one layer a pass,
  by `run_with_cache` of a HookedTransformer with the same weights; `vs_bridge_loop`: the same through a
  TransformerBridge; `vs_all_layers_loop`: the HookedTransformer with all layers in one pass. The loops are slow, so
  they read a few texts, spread over the lengths, and are scaled by tokens.
- `of_bare_forward`: speed of the hooked pass relative to the model without hooks, on the same batches, in turn, without
  shared prompts.
- `shared_prefix_gain`: speed with a prompt computed once for its replies, relative to once for each.
  `shared_prefix_ideal` is what the smaller number of tokens alone would give; fuller batches can add to it.
- `extract_of_passes`: speed of `extract`, once, from texts to a finished store, relative to the passes alone.
- `peak_memory_ratio_8x`: peak memory at eight times the texts.
- `max_abs_diff`: between stored means and what the loops read, over layers; `mean_abs_value` is the size of the latter.

Every batch and every looped text is timed in each of three interleaved rounds, and its median counts; `ranges` has the
lowest and the highest ratio of a round. Without `--quick` also `growth`, seconds against layers, texts and tokens,
drawn into docs/figures/extraction-growth.svg.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch
from jaxtyping import Float

from benchmarks.parts.clock import Work, speeds, timed
from benchmarks.parts.growth import exponents, growth
from benchmarks.parts.growth_picture import picture
from benchmarks.parts.llama import llama_config, random_llama, scenarios
from benchmarks.parts.loops import a_pass_a_layer, bridge, hooked_transformer, one_pass, response_means
from benchmarks.parts.memory import peak_megabytes
from benchmarks.parts.passes import bare_pass, batches, hooked_pass, tokens, unique_tokens
from empathy_core.activations import store
from empathy_core.activations.encoding import EncodedText, encode
from empathy_core.activations.extract import extract
from empathy_core.activations.settings import DEFAULTS
from empathy_core.contracts import POOLS

PICTURE = Path(__file__).resolve().parent.parent / "docs/figures/extraction-growth.svg"
LAYERS, WIDTH, ROUNDS = 12, 512, 3
RATIOS = {
    "vs_seed_loop": ("shared", "seed_loop"),
    "vs_bridge_loop": ("shared", "bridge_loop"),
    "vs_all_layers_loop": ("shared", "all_layers_loop"),
    "of_bare_forward": ("hooked", "bare"),
    "shared_prefix_gain": ("shared", "hooked"),
}


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    scenarios: int
    """Of three replies each."""
    looped_texts: int
    memory_texts: int
    """At once; and eight times as many."""
    shard_texts: int
    """At most `memory_texts`, so that the smaller extraction already holds a full shard."""


FULL = Size(scenarios=90, looped_texts=3, memory_texts=270, shard_texts=256)
QUICK = Size(scenarios=4, looped_texts=1, memory_texts=24, shard_texts=12)


class Bench:
    """The model in its three forms, and the texts they read."""

    def __init__(self, size: Size):
        self.loaded = random_llama(llama_config(LAYERS, WIDTH))
        self.hooked, self.bridge = hooked_transformer(self.loaded), bridge(self.loaded)
        self.texts = scenarios(size.scenarios)
        self.encoded = encode(self.loaded, self.texts)
        self.looped = spread_by_length(self.encoded, size.looped_texts)

    def passes(self) -> list[Work]:
        """Every batch bare and hooked in turn, then the batches that share prompts."""
        work = []
        for batch in batches(self.loaded, self.encoded, DEFAULTS.token_budget, share_prompts=False):
            for variant, run in (("bare", bare_pass), ("hooked", hooked_pass)):
                work.append(Work(variant, tokens(self.encoded, batch), partial(run, self.loaded, batch)))
        for batch in batches(self.loaded, self.encoded, DEFAULTS.token_budget, share_prompts=True):
            work.append(Work("shared", tokens(self.encoded, batch), partial(hooked_pass, self.loaded, batch)))
        return work

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


def ratios(speed: dict[str, float]) -> dict[str, float]:
    return {name: speed[ours] / speed[theirs] for name, (ours, theirs) in RATIOS.items()}


def speed_figures(size: Size) -> dict[str, Any]:
    bench = Bench(size)
    bench.passes()[0].run()  # warms up
    work = [*bench.passes(), *bench.loops()]
    seconds = timed(work, ROUNDS)
    speed = speeds(work, np.median(seconds, axis=0))
    by_round = [ratios(speeds(work, one)) for one in seconds]
    whole, stored = bench.whole()
    return {
        **ratios(speed),
        "ranges": {name: [extreme(found[name] for found in by_round) for extreme in (min, max)] for name in RATIOS},
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
    return {"growth": rows, "growth_exponents": exponents(rows)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer texts, no growth; at most 50 s")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    load_before, size = os.getloadavg()[0], QUICK if quick else FULL
    figures = speed_figures(size) | memory_figures(size) | ({} if quick else growth_figures())
    figures["load_average"] = [load_before, os.getloadavg()[0]]
    figures["versions"] = {name: version(name) for name in ("torch", "transformers", "transformer_lens")}
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
