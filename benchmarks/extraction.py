"""Extraction speed on a random Llama of 42M parameters and the bundled replies, in CPU seconds of one thread.

- `vs_seed_loop`: `extract`, from texts to a finished store, against one text and one layer a pass (`run_with_cache` of
  a HookedTransformer with the same weights); `vs_bridge_loop`: the same loop through a TransformerBridge;
  `vs_all_layers_loop`: the HookedTransformer with all layers in one pass. The loops read a few texts, spread over the
  lengths, and are scaled by tokens; they neither tokenise nor store.
- `of_bare_forward`: speed of the hooked pass relative to the model without hooks, on the same batches, in turn.
- `shared_prefix_gain`: speed with a prompt computed once for its replies, relative to once for each; at most
  `shared_prefix_ideal`, if only tokens cost.
- `peak_memory_ratio_8x`: peak memory at eight times the texts.
- `max_abs_diff`: between stored means and what the loops read, over layers; `mean_abs_value` is what it compares with.

A ratio is the median over interleaved rounds; `ranges` has the lowest and the highest. Without `--quick` also
`growth` (see benchmarks/parts/growth.py), drawn into docs/figures/extraction-growth.svg.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np
import torch
from jaxtyping import Float

from benchmarks.parts.clock import Work, tokens_per_second
from benchmarks.parts.growth import exponents, growth
from benchmarks.parts.growth_picture import picture
from benchmarks.parts.llama import llama_config, random_llama, scenarios
from benchmarks.parts.loops import a_pass_a_layer, bridge, hooked_transformer, one_pass, response_means
from benchmarks.parts.memory import peak_megabytes
from benchmarks.parts.passes import bare_pass, batches, hooked_pass, tokens
from empathy_core.activations import store
from empathy_core.activations.encoding import EncodedText, encode
from empathy_core.activations.extract import extract
from empathy_core.activations.settings import ExtractionSettings
from empathy_core.contracts import POOLS, TextSet
from empathy_core.models.load import LoadedModel

PICTURE = ROOT / "docs/figures/extraction-growth.svg"
LAYERS, WIDTH, ROUNDS = 12, 512, 3
RATIOS = {
    "vs_seed_loop": ("extract", "seed_loop"),
    "vs_bridge_loop": ("extract", "bridge_loop"),
    "vs_all_layers_loop": ("extract", "all_layers_loop"),
    "of_bare_forward": ("hooked", "bare"),
    "shared_prefix_gain": ("shared", "hooked"),
}


@dataclass(frozen=True)
class Size:
    """How much each variant is given, in scenarios of three replies unless stated."""

    extracted: int
    batched: int
    looped_texts: int
    memory_texts: int
    """At once; and eight times as many."""
    shard_texts: int
    """Fewer than `memory_texts`, so that the smaller extraction already writes a full shard."""


FULL = Size(extracted=90, batched=30, looped_texts=3, memory_texts=270, shard_texts=256)
QUICK = Size(extracted=6, batched=6, looped_texts=1, memory_texts=72, shard_texts=64)


class Bench:
    """The model in its three forms, and the texts that each variant reads."""

    def __init__(self, size: Size):
        self.loaded = random_llama(llama_config(LAYERS, WIDTH))
        self.hooked, self.bridge = hooked_transformer(self.loaded), bridge(self.loaded)
        self.texts = scenarios(size.extracted)
        self.encoded = encode(self.loaded, self.texts)
        self.batched = encode(self.loaded, scenarios(size.batched))
        self.looped = spread_by_length(self.encoded, size.looped_texts)

    def work(self) -> list[Work]:
        """One round of every variant; what is compared most closely is interleaved most finely."""
        return [Work("extract", length(self.encoded), self.stored_means), *self.passes(), *self.loops()]

    def passes(self) -> list[Work]:
        budget = ExtractionSettings().token_budget
        work = []
        for batch in batches(self.loaded, self.batched, budget, share_prompts=False):
            for variant, run in (("bare", bare_pass), ("hooked", hooked_pass)):
                work.append(Work(variant, tokens(self.batched, batch), partial(run, self.loaded, batch)))
        for batch in batches(self.loaded, self.batched, budget, share_prompts=True):
            work.append(Work("shared", tokens(self.batched, batch), partial(hooked_pass, self.loaded, batch)))
        return work

    def loops(self) -> list[Work]:
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

    def stored_means(self) -> Float[np.ndarray, "layer text dim"]:
        """Mean pools of a whole extraction into an empty store, at the output of every block."""
        with tempfile.TemporaryDirectory() as folder:
            found = extract(self.loaded, self.texts, folder)
            mean = POOLS.index("mean")
            return np.stack([store.read_point(found, layer)[:, mean] for layer in range(1, LAYERS + 1)])

    def differences(self) -> dict[str, float]:
        """Largest difference of the stored means from what TransformerLens reads, over both of its models."""
        stored, places = self.stored_means(), {text.id: place for place, text in enumerate(self.encoded)}
        read = [
            (response_means(model, text, one_pass(LAYERS)), stored[:, places[text.id]])
            for text in self.looped
            for model in (self.hooked, self.bridge)
        ]
        return {
            "max_abs_diff": max(float(np.abs(theirs - ours).max()) for theirs, ours in read),
            "mean_abs_value": float(np.mean([np.abs(theirs) for theirs, _ in read])),
        }

    def shared_prefix_ideal(self) -> float:
        """Tokens of all texts over those that differ."""
        prompts = {text.scenario_id: len(text.prompt) for text in self.batched}
        return length(self.batched) / (sum(prompts.values()) + sum(len(text.response) for text in self.batched))


def length(texts: Sequence[EncodedText]) -> int:
    return sum(text.length for text in texts)


def spread_by_length(texts: Sequence[EncodedText], count: int) -> list[EncodedText]:
    """The middle texts of `count` equal groups, from the shortest to the longest."""
    ordered = sorted(texts, key=lambda text: text.length)
    return [ordered[(2 * group + 1) * len(ordered) // (2 * count)] for group in range(count)]


def ratios(rounds: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Median, lowest and highest of every ratio over the rounds."""
    found = {name: [speed[ours] / speed[theirs] for speed in rounds] for name, (ours, theirs) in RATIOS.items()}
    medians = {name: float(np.median(values)) for name, values in found.items()}
    return {**medians, "ranges": {name: [min(values), max(values)] for name, values in found.items()}}


def memory(size: Size) -> dict[str, Any]:
    once, eight_times = (peak_megabytes(times * size.memory_texts, size.shard_texts) for times in (1, 8))
    return {"peak_memory_ratio_8x": eight_times / once, "peak_memory_megabytes": [once, eight_times]}


def measure(size: Size) -> dict[str, Any]:
    bench = Bench(size)
    for piece in (bench.passes()[0], *bench.loops()[-1:]):  # warms up
        piece.run()
    work = bench.work()
    rounds = [tokens_per_second(work) for _ in range(ROUNDS)]
    return {
        **ratios(rounds),
        "shared_prefix_ideal": bench.shared_prefix_ideal(),
        **bench.differences(),
        "tokens_per_cpu_second": {name: float(np.median([speed[name] for speed in rounds])) for name in rounds[0]},
        "parameters": bench.loaded.model.num_parameters(),
        "texts": {"extract": len(bench.encoded), "passes": len(bench.batched), "loops": len(bench.looped)},
        "tokens": {"extract": length(bench.encoded), "passes": length(bench.batched), "loops": length(bench.looped)},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer texts, no growth; at most 50 s")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    load_before, size = os.getloadavg()[0], QUICK if quick else FULL
    figures = {**measure(size), **memory(size), "memory_texts": [size.memory_texts, 8 * size.memory_texts]}
    if not quick:
        rows = growth(ROUNDS)
        figures |= {"growth": rows, "growth_exponents": exponents(rows)}
        PICTURE.write_bytes(picture(rows, exponents(rows)))
    figures |= {
        "load_average": [load_before, os.getloadavg()[0]],
        "versions": {name: version(name) for name in ("torch", "transformers", "transformer_lens")},
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
