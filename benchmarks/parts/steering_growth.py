"""What a steering sweep costs as strengths, prompts and layers grow, beside the same sweep row by row."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, partial

import numpy as np

from benchmarks.parts.clock import cpu_seconds
from benchmarks.parts.llama import llama_config, random_llama
from benchmarks.parts.loops import hooked_transformer
from benchmarks.parts.steering_loops import bundled_scenarios, in_batches, sweep_rows, with_cache, without_cache
from empathy_core.models.load import LoadedModel
from empathy_core.steering.sampling import SamplingSettings

WIDTH = 256
SETTINGS = SamplingSettings(temperature=0.0, max_new_tokens=24)
VARIANTS = ("batched", "with_cache", "without_cache")


@dataclass(frozen=True)
class SweepSize:
    """What is varied, one at a time."""

    strengths: int = 5
    prompts: int = 4
    layers: int = 6


VARIED = {"strengths": (2, 5, 10, 20), "prompts": (1, 4, 16, 64), "layers": (3, 6, 12, 24)}
GrowthRow = dict[str, float]
"""The fields of a size, and CPU seconds of every variant there."""


def growth(rounds: int) -> list[GrowthRow]:
    """Median CPU seconds at every size, over interleaved rounds; what goes row by row is scaled from one row."""
    sizes = dict.fromkeys(replace(SweepSize(), **{field: value}) for field in VARIED for value in VARIED[field])
    runs = {size: _runs(size) for size in sizes}
    for run, _ in runs[SweepSize()].values():  # warms up
        run()
    times = [
        {size: {name: cpu_seconds(run) * scale for name, (run, scale) in runs[size].items()} for size in sizes}
        for _ in range(rounds)
    ]
    return [
        {**asdict(size), **{name: float(np.median([seconds[size][name] for seconds in times])) for name in VARIANTS}}
        for size in sizes
    ]


def curve(rows: Sequence[GrowthRow], field: str, variant: str) -> tuple[list[float], list[float]]:
    """Sizes and seconds where only this field varies."""
    others = asdict(SweepSize())
    del others[field]
    found = [row for row in rows if all(row[name] == value for name, value in others.items())]
    found.sort(key=lambda row: row[field])
    return [row[field] for row in found], [row[variant] for row in found]


def exponents(rows: Sequence[GrowthRow]) -> dict[str, dict[str, float]]:
    """Slopes of seconds against each size on logarithmic axes, by least squares: 1 is proportional."""

    def slope(field: str, variant: str) -> float:
        sizes, seconds = curve(rows, field, variant)
        return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])

    return {field: {variant: slope(field, variant) for variant in VARIANTS} for field in VARIED}


def _runs(size: SweepSize) -> dict[str, tuple[Callable[[], object], int]]:
    """What is run for every variant, and how many times the sweep's cost is that."""
    loaded = _llama(size.layers)
    rows = sweep_rows(loaded, bundled_scenarios(size.prompts), size.strengths, directions=1)
    middle = rows[len(rows) // 2]
    return {
        "batched": (partial(in_batches, loaded, rows, SETTINGS), 1),
        "with_cache": (partial(with_cache, loaded, middle, SETTINGS), len(rows)),
        "without_cache": (partial(without_cache, _hooked(size.layers), loaded, middle, SETTINGS), len(rows)),
    }


@cache
def _llama(layers: int) -> LoadedModel:
    loaded = random_llama(llama_config(layers, WIDTH))
    # No token ends a reply, so that every variant writes as much.
    loaded.model.generation_config.eos_token_id = None
    return loaded


@cache
def _hooked(layers: int):
    return hooked_transformer(_llama(layers))
