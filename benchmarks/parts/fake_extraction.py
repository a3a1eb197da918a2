"""Extractions without a model: arrays of random numbers through the store, from several threads at once."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from empathy_core.activations import store
from empathy_core.activations.inventory import stored_keys
from empathy_core.activations.objects import at
from empathy_core.contracts import ActivationSet, ModelSpec

TEXTS, DIM = 4, 16
"""Of a shard: so little that what counts is the number of objects, not their bytes."""
PARALLEL = 8
POOLS = ("mean",)


@dataclass(frozen=True)
class Load:
    """How much is extracted."""

    models: int
    points: int
    shards: int
    """Of each model."""

    @property
    def objects(self) -> int:
        """What ends up in the store: arrays, a record a shard, a manifest a model."""
        return self.models * (self.shards * (self.points + 1) + 1)


def write(root: str, load: Load, before_shard: Callable[[str], object] = lambda key: None) -> list[ActivationSet]:
    """Every model's key, models in parallel; the sets, as an extraction's join collects them."""
    array = np.random.default_rng(0).standard_normal((TEXTS, len(POOLS), DIM), np.float32)

    def extract(model: int) -> ActivationSet:
        key = f"model-{model:02d}"
        unfinished = store.begin(root, key)
        for shard in range(load.shards):
            before_shard(key)
            unfinished.write(shard, dict.fromkeys(range(load.points), array), {})
        return unfinished.finish(_manifest(key, load))

    return in_parallel(extract, range(load.models))


def read(sets: Iterable[ActivationSet]) -> list[Float[np.ndarray, "text pool dim"]]:
    """The middle residual point of every set, in parallel."""
    return in_parallel(lambda one: store.read_point(one, len(one.points) // 2), sets)


def find(root: str, sets: Iterable[ActivationSet]) -> list[ActivationSet | None]:
    """Every key as a second run finds it, all hashes checked, in parallel."""
    return in_parallel(lambda one: store.find(root, one.key), sets)


def listed(root: str) -> int:
    """How many objects a listing of the whole store knows."""
    return sum(len(stored.entries) for stored in stored_keys(at(root)))


def save_files(folder: str, load: Load) -> None:
    """The baseline: as many `np.save` of the same array as the store has arrays, each waiting until the disk has it."""
    array = np.random.default_rng(0).standard_normal((TEXTS, len(POOLS), DIM), np.float32)

    def save(number: int) -> None:
        with open(f"{folder}/{number}.npy", "wb") as file:
            np.save(file, array)
            file.flush()
            os.fsync(file.fileno())

    in_parallel(save, range(load.models * load.points * load.shards))


def in_parallel(work: Callable, items: Iterable) -> list:
    """The results in order, eight at a time."""
    with ThreadPoolExecutor(PARALLEL) as pool:
        return list(pool.map(work, items))


def _manifest(key: str, load: Load) -> ActivationSet:
    return ActivationSet(
        model=ModelSpec(key, "nowhere", n_layers=load.points - 1, d_model=DIM),
        key=key,
        folder="",
        dataset_hash="",
        text_ids=tuple(map(str, range(TEXTS * load.shards))),
        points=tuple(range(load.points)),
        pools=POOLS,
        dim=DIM,
        dtype="float32",
        residual_norms=(1.0,) * load.points,
        response_tokens=(40,) * (TEXTS * load.shards),
        tokens_per_second=0.0,
    )
