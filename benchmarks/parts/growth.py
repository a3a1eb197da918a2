"""What extraction costs as layers, texts and tokens grow, beside the loop that takes one pass for every layer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from benchmarks.parts.clock import cpu_seconds
from benchmarks.parts.llama import VOCABULARY, llama_config, random_llama
from benchmarks.parts.loops import a_pass_a_layer, hooked_transformer, response_means
from benchmarks.parts.passes import batches, hooked_pass
from benchmarks.parts.varied import Row, Varied
from empathy_core.activations.encoding import EncodedText
from empathy_core.activations.settings import ExtractionSettings
from empathy_core.models.load import LoadedModel

WIDTH = 256
LONGEST_LOOP = 1024
"""Tokens over all texts; the loop is not given more, because it is slow."""


@dataclass(frozen=True)
class Size:
    """What is varied, one at a time."""

    layers: int = 12
    texts: int = 4
    tokens: int = 64
    """Of each text; the first half is its prompt."""


VARIED = Varied(
    Size(),
    {"layers": (3, 6, 12, 24), "texts": (1, 4, 16, 64), "tokens": (16, 64, 256, 1024)},
    variants=("extraction", "loop"),
)


def growth(rounds: int) -> list[Row]:
    """Median CPU seconds at every size, over interleaved rounds."""
    runs = {size: _runs(size) for size in VARIED.sizes()}
    for run in runs[VARIED.base].values():  # warms up
        run()
    return VARIED.medians(
        [
            {size: {name: cpu_seconds(run) for name, run in named.items()} for size, named in runs.items()}
            for _ in range(rounds)
        ]
    )


def _runs(size: Size) -> dict[str, Callable[[], object]]:
    loaded, texts = _llama(size.layers), _texts(size)
    runs = {"extraction": partial(_extract, loaded, texts)}
    if size.texts * size.tokens <= LONGEST_LOOP:
        runs["loop"] = partial(_loop, loaded, texts)
    return runs


@cache
def _llama(layers: int) -> LoadedModel:
    return random_llama(llama_config(layers, WIDTH))


def _texts(size: Size) -> list[EncodedText]:
    halves = np.random.default_rng(0).integers(2, VOCABULARY, (size.texts, 2, size.tokens // 2))
    return [EncodedText(str(number), str(number), *parts) for number, parts in enumerate(halves)]


def _extract(loaded: LoadedModel, texts: Sequence[EncodedText]) -> None:
    for batch in batches(loaded, texts, ExtractionSettings().token_budget, share_prompts=False):
        hooked_pass(loaded, batch)


def _loop(loaded: LoadedModel, texts: Sequence[EncodedText]) -> None:
    for text in texts:
        response_means(_hooked(len(loaded.blocks)), text, a_pass_a_layer(len(loaded.blocks)))


@cache
def _hooked(layers: int):
    return hooked_transformer(_llama(layers))
