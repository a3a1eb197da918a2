"""Activations on disk: a content-addressed folder, one safetensors file a residual point, read one point at a time.

A folder is written beside its final name and renamed when complete, so a finished name is always a whole result.
Needs neither torch nor transformers: analysis runs where no model can.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from safetensors.numpy import load, save

from empathy_core.contracts import ActivationSet, BadInput, ModelSpec

MANIFEST = "manifest.json"
TENSOR = "activations"


def write(
    store_root: Path | str, activations: ActivationSet, arrays: Iterable[Float[np.ndarray, "text pool dim"]]
) -> ActivationSet:
    """Writes one array a point (in the order of `activations.points`) and the manifest under `<store_root>/<key>`.

    Returns the set with its folder filled in.
    """
    root = Path(store_root)
    root.mkdir(parents=True, exist_ok=True)
    final = root.resolve() / activations.key
    temporary = Path(tempfile.mkdtemp(prefix=f".{activations.key}-", dir=root))
    try:
        hashes = {}
        for point, array in zip(activations.points, arrays, strict=True):
            data = save({TENSOR: np.ascontiguousarray(array, activations.dtype)})
            (temporary / _file_name(point)).write_bytes(data)
            hashes[_file_name(point)] = hashlib.sha256(data).hexdigest()
        manifest = {"activations": {**asdict(activations), "folder": ""}, "sha256": hashes}
        (temporary / MANIFEST).write_text(json.dumps(manifest, indent=1))
        temporary.chmod(0o755)
        if not final.exists():  # another process may have finished the same key meanwhile, with the same content
            temporary.rename(final)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return replace(activations, folder=str(final))


def find(store_root: Path | str, key: str) -> ActivationSet | None:
    """The finished activations of this key, or None.

    Raises:
        BadInput: if the folder is there but its manifest or one of its files is not what was written.
    """
    folder = Path(store_root).resolve() / key
    if not folder.exists():
        return None
    facts = _manifest(folder, "activations")
    facts |= {field: tuple(value) for field, value in facts.items() if isinstance(value, list)}
    facts |= {"model": ModelSpec(**facts["model"]), "folder": str(folder)}
    activations = ActivationSet(**facts)
    verify(activations)
    return activations


def read_point(activations: ActivationSet, point: int) -> Float[np.ndarray, "text pool dim"]:
    """The activations at one residual point, in float32; only this point's file is read.

    Raises:
        BadInput: if the point was not extracted, or its file is missing or altered.
    """
    if point not in activations.points:
        raise BadInput(
            "A residual point must be one that was extracted.",
            got=f"point {point} of {activations.model.name}",
            cause="a model with fewer layers",
            fix=f"choose one of {activations.points[0]} to {activations.points[-1]}",
        )
    data = _checked_bytes(Path(activations.folder), point)
    return load(data)[TENSOR].astype(np.float32, copy=False)


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
    """Checks every file against the manifest's SHA-256.

    Raises:
        BadInput: naming the first file that is missing or altered.
    """
    for point in activations.points:
        _checked_bytes(Path(activations.folder), point)


def _file_name(point: int) -> str:
    return f"point_{point:03d}.safetensors"


def _manifest(folder: Path, part: str) -> dict[str, Any]:
    try:
        return json.loads((folder / MANIFEST).read_text())[part]
    except (OSError, json.JSONDecodeError, KeyError) as error:
        raise _corrupt(folder / MANIFEST, "missing, or not a manifest") from error


def _checked_bytes(folder: Path, point: int) -> bytes:
    path = folder / _file_name(point)
    expected = _manifest(folder, "sha256").get(path.name)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _corrupt(path, "missing") from error
    if hashlib.sha256(data).hexdigest() != expected:
        raise _corrupt(path, "its bytes are not those that were written")
    return data


def _corrupt(path: Path, what: str) -> BadInput:
    return BadInput(
        "A stored activation file must be the one its manifest describes.",
        got=f"{path}: {what}",
        cause="a disk fault, a partial copy, or an edit by hand",
        fix=f"delete {path.parent} and run the extraction again",
    )
