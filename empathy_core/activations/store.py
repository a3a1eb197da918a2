"""Activations under content-addressed keys: written shard by shard, read one residual point at a time.

A key holds `point_012/shard_0003.safetensors` for every point and shard, and for every shard a record
`shard_0003.json`, written after its arrays: a shard without it is not there, so a run that was killed goes on after
its last whole shard. The manifest comes last: a key without it is unfinished.
Needs neither torch nor transformers: analysis runs where no model can.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped
from safetensors.numpy import load, save

from empathy_core.activations.manifest import MANIFEST, Manifest, damaged, point_folder, seal, unseal
from empathy_core.activations.objects import Entry, Objects, at
from empathy_core.contracts import ActivationSet, BadInput

TENSOR = "activations"
RECORD = re.compile(r"shard_(\d{4,})\.json")
PARALLEL = 8
"""Objects under way at once: a disk that syncs and a network that answers leave time for others."""


def find(root: Path | str, key: str, verify: bool = True) -> ActivationSet | None:
    """The finished activations of this key below `root`, or None; with `verify`, the hash of every object is checked.

    Raises:
        BadInput: if the manifest or an object is not what was written, or of another format.
    """
    objects = _key(root, key)
    manifest = _manifest(objects)
    if manifest is None:
        return None
    if verify:
        _check(objects, manifest)
    return manifest.activations


def begin(root: Path | str, key: str) -> "Unfinished":
    """The key below `root` to write to, with the shards that earlier runs left whole."""
    return Unfinished(_key(root, key))


class Unfinished:
    """A key that is being written; processes that write the same content to it at once do each other no harm."""

    def __init__(self, objects: Objects):
        self._objects = objects
        entries = objects.entries()
        numbers = sorted(int(match[1]) for match in map(RECORD.fullmatch, entries) if match)
        found = zip(numbers, _in_threads(partial(_record, objects), numbers), strict=True)
        self._records = {number: record for number, record in found if record and _is_whole(record, entries)}

    @property
    def shards(self) -> dict[int, dict[str, Any]]:
        """The facts of every whole shard, by its number."""
        return {number: record["facts"] for number, record in sorted(self._records.items())}

    def write(self, number: int, arrays: Mapping[int, Shaped[np.ndarray, "row ..."]], facts: Mapping[str, Any]) -> None:
        """One shard: an array of rows for each residual point, kept in the type given, and `facts` as JSON values.

        A shard that another process has made whole meanwhile stays as it is.

        Raises:
            BadInput: if the store refuses; what was whole before stays whole.
        """
        # Read first: listing a key for every shard would take a time that grows with the square of the shards.
        record = _record(self._objects, number)
        if record is None or not _is_whole(record, self._objects.entries()):
            written = _in_threads(partial(self._write_array, number), arrays.items())
            rows = len(next(iter(arrays.values())))
            record = {"facts": dict(facts), "rows": rows, "objects": dict(written)}
            self._objects.write(_record_name(number), json.dumps(record).encode())
        self._records[number] = record

    def finish(self, activations: ActivationSet) -> ActivationSet:
        """Writes the manifest, unless another process has finished the key; gives the set with its folder.

        Raises:
            BadInput: if a shard, a point or a row is missing.
        """
        if finished := _manifest(self._objects):
            return finished.activations
        records = [record for _, record in sorted(self._records.items())]
        hashes = {name: facts["sha256"] for record in records for name, facts in record["objects"].items()}
        _refuse_gaps(activations, set(hashes), [record["rows"] for record in records])
        self._objects.write(MANIFEST, seal(Manifest(activations, hashes)))
        return replace(activations, folder=self._objects.location)

    def _write_array(self, number: int, item: tuple[int, np.ndarray]) -> tuple[str, dict[str, Any]]:
        point, array = item
        name, data = _array_name(point, number), save({TENSOR: np.ascontiguousarray(array)})
        self._objects.write(name, data)
        return name, {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def read_point(activations: ActivationSet, point: int) -> Float[np.ndarray, "text pool dim"]:
    """The activations at one residual point, in float32; only this point's objects are read.

    Raises:
        BadInput: if the point was not extracted, or one of its objects is missing or altered.
    """
    objects = at(activations.folder)
    shards = _in_threads(partial(_array, objects), _finished(objects).of_point(_extracted(activations, point)).items())
    return np.concatenate(shards).astype(np.float32, copy=False)


def read_shards(activations: ActivationSet, point: int) -> Iterator[Shaped[np.ndarray, "row ..."]]:
    """The shards of one residual point in turn, in the type they were written in, one in memory at a time.

    Raises:
        BadInput: if the point was not extracted, or one of its objects is missing or altered.
    """
    objects = at(activations.folder)
    for item in _finished(objects).of_point(_extracted(activations, point)).items():
        yield _array(objects, item)


def point_reader(activations: ActivationSet, pool: str) -> Callable[[int], Float[np.ndarray, "text dim"]]:
    """A function from residual point to features under one pool, for code that knows no store.

    Raises:
        BadInput: if the pool was not extracted.
    """
    if pool not in activations.pools:
        raise BadInput(
            "A pool must be one that was extracted.", got=pool, fix=f"choose of {', '.join(activations.pools)}"
        )
    position = activations.pools.index(pool)
    return lambda point: read_point(activations, point)[:, position]


def verify(activations: ActivationSet) -> None:
    """Checks every object against the manifest's SHA-256.

    Raises:
        BadInput: naming the first object that is missing or altered.
    """
    objects = at(activations.folder)
    _check(objects, _finished(objects))


def _extracted(activations: ActivationSet, point: int) -> int:
    if point not in activations.points:
        raise BadInput(
            "A residual point must be one that was extracted.",
            got=f"point {point} of {activations.model.name}",
            cause="a model with fewer layers, or an extraction that kept fewer points",
            fix=f"choose of {', '.join(map(str, activations.points))}",
        )
    return point


def _key(root: Path | str, key: str) -> Objects:
    return at(f"{str(root).rstrip('/')}/{key}")


def _array_name(point: int, number: int) -> str:
    return f"{point_folder(point)}/shard_{number:04d}.safetensors"


def _record_name(number: int) -> str:
    return f"shard_{number:04d}.json"


def _in_threads(work: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
    with ThreadPoolExecutor(PARALLEL) as pool:
        return list(pool.map(work, items))


def _record(objects: Objects, number: int) -> dict[str, Any] | None:
    """What was written last of a shard, if it is there and can be read."""
    try:
        return json.loads(objects.read(_record_name(number)) or b"null")
    except ValueError:  # damaged: the shard is computed again
        return None


def _is_whole(record: Mapping[str, Any], entries: Mapping[str, Entry]) -> bool:
    """Whether every array is there, of the size that its shard's record states."""
    sizes = {name: facts["bytes"] for name, facts in record["objects"].items()}
    return all(name in entries and entries[name].size == size for name, size in sizes.items())


def _refuse_gaps(activations: ActivationSet, names: Set[str], rows: Sequence[int]) -> None:
    unlike = names ^ {_array_name(point, number) for point in activations.points for number in range(len(rows))}
    # Without pools, a row is a response token.
    expected = len(activations.text_ids) if activations.pools else sum(activations.response_tokens)
    if unlike or sum(rows) != expected:
        raise BadInput(
            "A key is finished when every residual point has every shard, with all rows of the set.",
            got=f"{min(unlike)} missing or too much" if unlike else f"{sum(rows)} rows of {expected}",
            cause="shards that a run with other settings left under this key",
            fix=f"delete {activations.key} from the store, and run again",
        )


def _manifest(objects: Objects) -> Manifest | None:
    data = objects.read(MANIFEST)
    return None if data is None else unseal(data, objects.location)


def _finished(objects: Objects) -> Manifest:
    manifest = _manifest(objects)
    if manifest is None:
        raise damaged(objects.location, MANIFEST, "missing")
    return manifest


def _check(objects: Objects, manifest: Manifest) -> None:
    def check(item: tuple[str, str]) -> None:
        _checked_bytes(objects, item)  # and let go: all of them together may not fit in memory

    _in_threads(check, manifest.hashes.items())


def _array(objects: Objects, item: tuple[str, str]) -> Shaped[np.ndarray, "row ..."]:
    return load(_checked_bytes(objects, item))[TENSOR]


def _checked_bytes(objects: Objects, item: tuple[str, str]) -> bytes:
    name, digest = item
    data = objects.read(name)
    if data is None:
        raise damaged(objects.location, name, "missing")
    if hashlib.sha256(data).hexdigest() != digest:
        raise damaged(objects.location, name, "its bytes are not those that were written")
    return data
