"""Extraction on a GPU: speed and model-FLOPs utilisation of a random model of Llama-3.1-8B's shape in bfloat16.

Reads the 270 bundled replies at several token budgets: `bare` (the model alone), `hooked` (all points and pools) and
`shared` (the same, a prompt computed once for its replies). `tokens_per_second` and `utilisation` are those of `hooked`
at the default budget. Utilisation counts the operations the texts need, padding left out, against the fastest matrix
product of the same run: `gemm_flops_per_second`, over a square and the shapes of the model's own MLP. Wall clock,
interleaved, medians.

Needs torch, transformers and this library: `python benchmarks/extraction_gpu.py > result.json`. With `--tiny` the same
code runs a small float32 model on the CPU, one thread, to show that it works; its speed says nothing about a GPU.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import json
import sys
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
from transformers import LlamaConfig

from benchmarks.parts.llama import llama_config, random_llama, scenarios
from benchmarks.parts.passes import bare_pass, batches, hooked_pass
from empathy_core.activations.encoding import EncodedText, encode
from empathy_core.activations.packing import Batch
from empathy_core.activations.settings import DEFAULTS
from empathy_core.models.load import LoadedModel

ROUNDS, PRODUCTS = 5, 8
"""Matrix products timed together, so that starting one does not count."""
LLAMA_8B = LlamaConfig(
    vocab_size=128256,
    hidden_size=4096,
    intermediate_size=14336,
    num_hidden_layers=32,
    num_attention_heads=32,
    num_key_value_heads=8,
    max_position_embeddings=8192,
)


@dataclass(frozen=True)
class Setup:
    """What runs where."""

    config: LlamaConfig
    device: str
    dtype: torch.dtype
    scenarios: int
    budgets: tuple[int, ...]
    """Tokens a batch; the first is the default of extraction."""
    square: int
    """Side of the square matrix product."""


GPU = Setup(LLAMA_8B, "cuda", torch.bfloat16, scenarios=90, budgets=(DEFAULTS.token_budget, 8192, 32768), square=8192)
TINY = Setup(
    llama_config(layers=2, width=64),
    "cpu",
    torch.float32,
    scenarios=2,
    budgets=(DEFAULTS.token_budget, 256),
    square=256,
)


def seconds(setup: Setup, run: Callable[[], object]) -> float:
    """Wall-clock time of one call, until the device has done all of it."""
    started = time.perf_counter()
    run()
    if setup.device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


@torch.inference_mode()
def gemm_flops_per_second(setup: Setup) -> float:
    """Operations a second of the fastest matrix product."""
    width, inner, rows = setup.config.hidden_size, setup.config.intermediate_size, setup.budgets[0]
    found = []
    for m, k, n in ((setup.square,) * 3, (rows, width, inner), (rows, inner, width)):
        left = torch.randn(m, k, device=setup.device, dtype=setup.dtype)
        right = torch.randn(k, n, device=setup.device, dtype=setup.dtype)
        products = partial(multiply, left, right)
        seconds(setup, products)  # warms up
        taken = np.median([seconds(setup, products) for _ in range(ROUNDS)])
        found.append(2 * m * k * n * PRODUCTS / float(taken))
    return max(found)


def multiply(left: torch.Tensor, right: torch.Tensor) -> None:
    for _ in range(PRODUCTS):
        left @ right


def needed_flops(loaded: LoadedModel, texts: Sequence[EncodedText]) -> int:
    """Operations of the blocks on every text alone: two for each weight and token, and causal attention's scores."""
    config, lengths = loaded.model.config, [text.length for text in texts]
    weights = sum(value.numel() for block in loaded.blocks for value in block.parameters() if value.ndim == 2)
    pairs = sum(length * (length + 1) // 2 for length in lengths)
    # Query times key, and score times value: two operations for each of the width, twice.
    return 2 * weights * sum(lengths) + 4 * pairs * config.hidden_size * config.num_hidden_layers


def median_seconds(setup: Setup, loaded: LoadedModel, texts: Sequence[EncodedText], budget: int) -> dict[str, float]:
    """Of every variant over all texts, in interleaved rounds."""
    alone, shared = (batches(loaded, texts, budget, share_prompts=share) for share in (False, True))
    runs = {
        "bare": partial(over, alone, partial(bare_pass, loaded)),
        "hooked": partial(over, alone, partial(hooked_pass, loaded)),
        "shared": partial(over, shared, partial(hooked_pass, loaded)),
    }
    for run in runs.values():  # warms up
        run()
    rounds = [{name: seconds(setup, run) for name, run in runs.items()} for _ in range(ROUNDS)]
    return {name: float(np.median([times[name] for times in rounds])) for name in runs}


def over(all_batches: Sequence[Batch], run: Callable[[Batch], None]) -> None:
    for batch in all_batches:
        run(batch)


def figures(setup: Setup) -> dict[str, Any]:
    loaded = random_llama(setup.config, setup.device, setup.dtype)
    texts, ceiling = encode(loaded, scenarios(setup.scenarios)), gemm_flops_per_second(setup)
    n_tokens, needed = sum(text.length for text in texts), needed_flops(loaded, texts)
    times = {budget: median_seconds(setup, loaded, texts, budget) for budget in setup.budgets}
    default = times[setup.budgets[0]]
    return {
        "tokens_per_second": n_tokens / default["hooked"],
        "utilisation": needed / default["hooked"] / ceiling,
        "of_bare_forward": default["bare"] / default["hooked"],
        "shared_prefix_gain": default["hooked"] / default["shared"],
        "gemm_flops_per_second": ceiling,
        "tokens_per_second_by_budget": {
            budget: {name: n_tokens / taken for name, taken in found.items()} for budget, found in times.items()
        },
        "device": torch.cuda.get_device_name() if setup.device == "cuda" else "cpu, one thread",
        "dtype": str(setup.dtype).removeprefix("torch."),
        "parameters": loaded.model.num_parameters(),
        "texts": len(texts),
        "tokens": n_tokens,
        "versions": {name: version(name) for name in ("torch", "transformers")},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", "--quick", action="store_true", help="a small model on the CPU")
    tiny = parser.parse_args().tiny
    if not (tiny or torch.cuda.is_available()):
        parser.error("no CUDA device here; --tiny runs the same code on the CPU")
    sys.stdout.write(json.dumps(figures(TINY if tiny else GPU)) + "\n")


if __name__ == "__main__":
    main()
