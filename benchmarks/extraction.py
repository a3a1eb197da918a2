"""Extraction speed on a random 40M-parameter Llama, as ratios to three baselines timed in the same rounds.

- `vs_seed_loop`: one text and one residual point per forward pass, with the language-model head, as a per-layer
  `run_with_cache` loop does. Timed on every eighth text, because it is slow.
- `vs_all_layers_loop`: one text per forward pass, all points at once.
- `of_bare_forward`: our share of the speed of the same batches through the model without hooks.

Times are CPU seconds of one thread: other load on the machine cancels. Run with `--quick` for a minute at most.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch
from tokenizers import Tokenizer
from tokenizers.models import BPE
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from empathy_core.activations.extract import ExtractionSettings, forward
from empathy_core.activations.hooks import read_residual
from empathy_core.activations.packing import Batch, group_by_length
from empathy_core.contracts import ModelSpec
from empathy_core.models.blocks import find_blocks
from empathy_core.models.load import LoadedModel

VOCABULARY, SEED_LOOP_STEP = 8192, 8
CONFIG = LlamaConfig(
    vocab_size=VOCABULARY, hidden_size=512, num_hidden_layers=12, num_attention_heads=8, intermediate_size=1376
)


def random_model() -> LoadedModel:
    torch.manual_seed(0)
    model = LlamaForCausalLM(CONFIG).eval()
    spec = ModelSpec("random-llama", "nowhere", n_layers=12, d_model=512)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(BPE()))  # unused: the token ids are random
    return LoadedModel(spec, model, tokenizer, find_blocks(model), "cpu")


def random_batches(n_texts: int, rng: np.random.Generator) -> list[Batch]:
    """Texts of 60 to 150 tokens, in the batches that extraction would make of them."""
    starts = rng.integers(20, 80, n_texts)
    ends = starts + rng.integers(40, 70, n_texts)
    groups = map(np.array, group_by_length(ends.tolist(), ExtractionSettings().token_budget))
    return [
        Batch(rows, rng.integers(0, VOCABULARY, (len(rows), ends[rows].max())), starts[rows], ends[rows])
        for rows in groups
    ]


def bare_forward(loaded: LoadedModel, batch: Batch) -> None:
    ids, mask = torch.from_numpy(batch.ids), torch.from_numpy(batch.mask).long()
    loaded.model.base_model(input_ids=ids, attention_mask=mask, use_cache=False)


def over_batches(run: Callable[[Batch], object], batches: list[Batch]) -> int:
    for batch in batches:
        run(batch)
    return sum(int(batch.ends.sum()) for batch in batches)


def loop(loaded: LoadedModel, texts: list[tuple[np.ndarray, int]], one_point_a_pass: bool) -> int:
    """One text a pass; the hooks read the mean over the response."""
    passes = [[point] for point in range(13)] if one_point_a_pass else [range(13)]
    for ids, start in texts:
        for wanted in passes:
            with read_residual(loaded.blocks, lambda residual, start=start: residual[0, start:].mean(0)) as points:
                loaded.model(input_ids=torch.from_numpy(ids)[None], use_cache=False)
            np.stack([points[point].numpy() for point in wanted])
    return sum(len(ids) for ids, _ in texts)


def tokens_per_second(run: Callable[[], int]) -> float:
    started = time.process_time()
    n_tokens = run()
    return n_tokens / (time.process_time() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="8 texts and 3 rounds instead of 270 and 5")
    n_texts, n_rounds = (8, 3) if parser.parse_args().quick else (270, 5)
    torch.set_num_threads(1)
    loaded, batches = random_model(), random_batches(n_texts, np.random.default_rng(0))
    texts = [
        (ids[:end], int(start))
        for batch in batches
        for ids, start, end in zip(batch.ids, batch.starts, batch.ends, strict=True)
    ]
    runs = {
        "ours": partial(over_batches, partial(forward, loaded), batches),
        "bare_forward": partial(over_batches, partial(bare_forward, loaded), batches),
        "all_layers_loop": partial(loop, loaded, texts, one_point_a_pass=False),
        "seed_loop": partial(loop, loaded, texts[SEED_LOOP_STEP // 2 :: SEED_LOOP_STEP], one_point_a_pass=True),
    }
    with torch.inference_mode():
        bare_forward(loaded, batches[0])  # warms up
        rounds = [{name: tokens_per_second(run) for name, run in runs.items()} for _ in range(n_rounds)]
    speed = {name: float(np.median([timed[name] for timed in rounds])) for name in runs}
    figures = {
        "vs_seed_loop": speed["ours"] / speed["seed_loop"],
        "vs_all_layers_loop": speed["ours"] / speed["all_layers_loop"],
        "of_bare_forward": speed["ours"] / speed["bare_forward"],
        "tokens_per_cpu_second": speed,
        "texts": n_texts,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
