"""What a steering sweep costs as strengths, prompts and layers grow, beside the same sweep row by row."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

from benchmarks.parts.clock import cpu_seconds
from benchmarks.parts.llama import llama_config, random_llama
from benchmarks.parts.loops import hooked_transformer
from benchmarks.parts.steering_loops import bundled_scenarios, in_batches, sweep_rows, with_cache, without_cache
from benchmarks.parts.varied import Row, Varied
from empathy_core.models.load import LoadedModel
from empathy_core.steering.sampling import SamplingSettings

WIDTH = 256
SETTINGS = SamplingSettings(temperature=0.0, max_new_tokens=24)


@dataclass(frozen=True)
class Size:
    """What is varied, one at a time."""

    strengths: int = 5
    prompts: int = 4
    layers: int = 6


VARIED = Varied(
    Size(),
    {"strengths": (2, 5, 10, 20), "prompts": (1, 4, 16, 64), "layers": (3, 6, 12, 24)},
    variants=("batched", "with_cache", "without_cache"),
)


def growth(rounds: int) -> list[Row]:
    """Median CPU seconds at every size, over interleaved rounds; what goes row by row is scaled from one row."""
    runs = {size: _runs(size) for size in VARIED.sizes()}
    for run, _ in runs[VARIED.base].values():  # warms up
        run()
    return VARIED.medians(
        [
            {
                size: {name: cpu_seconds(run) * scale for name, (run, scale) in named.items()}
                for size, named in runs.items()
            }
            for _ in range(rounds)
        ]
    )


def _runs(size: Size) -> dict[str, tuple[Callable[[], object], int]]:
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
