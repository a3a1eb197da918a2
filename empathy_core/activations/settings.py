"""What is extracted and how, and the address that follows from it. Needs no torch."""

import hashlib
import json
from dataclasses import dataclass

from empathy_core.contracts import POOLS, BadInput, ModelSpec, TextSet

FORMAT = 2
"""Goes up when the same inputs would give other numbers or other objects, so that old results are not reused."""
DTYPES = ("float32", "float16")
ALL, MIDDLE = "all", "middle"


@dataclass(frozen=True)
class ExtractionSettings:
    """How activations are computed and kept."""

    points: str = ALL
    """Residual points: `all`, `middle` (where directions are made by default), or a comma-separated list."""
    pools: str = ALL
    """`all`, or a comma-separated list of `contracts.POOLS`."""
    dtype: str = "float32"
    """What is stored: `float32`, or `float16` for half the size."""
    drop_too_long: bool = False
    """Leaves out the texts that do not fit the model's context and lists them; otherwise they are refused."""
    shard_texts: int = 256
    """Texts whose activations are held in memory at a time, and lost if the run is killed."""
    token_budget: int = 2048
    """Tokens a batch, padding included; it is halved when memory runs out."""
    share_prefix: bool = True
    """Compute a prompt once for all its replies, where that saves work and the model's attention is known."""

    def __post_init__(self):
        if self.dtype not in DTYPES:
            raise BadInput("Activations are stored as float32 or float16.", got=self.dtype, fix="choose one of the two")
        if min(self.shard_texts, self.token_budget) < 1:
            raise BadInput(
                "A shard holds at least one text, and a batch at least one token.",
                got=f"shard_texts {self.shard_texts}, token_budget {self.token_budget}",
                fix="give positive numbers",
            )


DEFAULTS = ExtractionSettings()


def chosen_points(points: str, n_layers: int) -> tuple[int, ...]:
    """The residual points that `all`, `middle` or a comma-separated list means for a model, in ascending order.

    `middle` is the point two thirds of the way up.

    Raises:
        BadInput: if an entry is not one of the model's points 0 to `n_layers`.
    """
    if points == ALL:
        return tuple(range(n_layers + 1))
    if points == MIDDLE:
        return (round(2 * n_layers / 3),)
    entries = [entry.strip() for entry in points.split(",")]
    unknown = [entry for entry in entries if not entry.isdecimal() or int(entry) > n_layers]
    if unknown:
        raise BadInput(
            f"Residual points are `all`, `middle`, or numbers from 0 to {n_layers} with commas between them.",
            got=f"{', '.join(map(repr, unknown))} in {points!r}",
            cause="a model with fewer layers",
            fix="point 0 is the input of the first block, point l the output of block l",
        )
    return tuple(sorted({int(entry) for entry in entries}))


def chosen_pools(pools: str) -> tuple[str, ...]:
    """The pools that `all` or a comma-separated list means, in the order of `contracts.POOLS`.

    Raises:
        BadInput: if an entry is not a pool.
    """
    entries = [entry.strip() for entry in pools.split(",")] if pools != ALL else POOLS
    unknown = sorted(set(entries) - set(POOLS))
    if unknown:
        raise BadInput(
            "Pools are `all`, or names of pools with commas between them.",
            got=f"{', '.join(map(repr, unknown))} in {pools!r}",
            fix=f"choose of {', '.join(POOLS)}",
        )
    return tuple(pool for pool in POOLS if pool in entries)


def activation_key(spec: ModelSpec, texts: TextSet, settings: ExtractionSettings, precision: str) -> str:
    """Content address of the activations: everything that decides their values, and nothing about this machine.

    `spec` is that of the loaded model, which states its layers; `precision` is that of its weights.
    """
    facts = {
        "format": FORMAT,
        "model": [spec.name, spec.revision],
        "template": [spec.chat_template, spec.prompt_template, spec.response_prefix],
        "texts": texts.content_hash,
        "drop_too_long": settings.drop_too_long,
        "points": chosen_points(settings.points, spec.n_layers or 0),
        "pools": chosen_pools(settings.pools),
        "dtype": [settings.dtype, precision],
        # Decides no value, but which texts stand together in one stored object.
        "shard_texts": settings.shard_texts,
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:24]
