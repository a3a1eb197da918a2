"""Directions as files: safetensors for Python, a control vector in GGUF for llama.cpp (`docs/directions.md`)."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import gguf
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from empathy_core.contracts import BadInput, Direction
from empathy_core.models.blocks import residual_point_name

FORMAT, VERSION = "empathy_core.directions", "1"
UNIT_TOLERANCE = 1e-5
"""How far a norm may be from one: rounding to float32 moves it by less than a hundredth of this."""
FIRST_POINT_OF_LLAMA_CPP = 2
"""llama.cpp's layer k is the output of block k, counted from 0, and it has no slot for layer 0."""


def save_directions(path: Path, directions: Sequence[Direction]) -> None:
    """Writes one model's directions at one residual point: a float32 tensor a concept, the other facts as metadata.

    Raises:
        BadInput: if there is none, two share a concept, they differ in model, point, width or residual norm, or one
            is not a unit vector with finite facts.
    """
    _refuse_mixtures(directions)
    for direction in directions:
        _refuse_broken(direction)
    first = directions[0]
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "model": first.model,
        "point": str(first.point),
        "hook": residual_point_name(first.point),
        "residual_norm": repr(float(first.residual_norm)),
        "concepts": json.dumps(
            {one.concept: {"norm": one.norm, "n": one.n, "method": one.method} for one in directions}
        ),
    }
    path.write_bytes(save({one.concept: one.vector.astype(np.float32) for one in directions}, metadata))


def load_directions(path: Path) -> tuple[Direction, ...]:
    """The directions that `save_directions` wrote, in their order; vectors are float32, everything else is as it was.

    Raises:
        BadInput: if the file cannot be read, is of another format or version, lacks a fact, or holds what is not a
            unit vector.
    """
    metadata, vectors = _read(path)
    if (metadata.get("format"), metadata.get("version")) != (FORMAT, VERSION):
        raise BadInput(
            f"A file of directions has the format {FORMAT}, version {VERSION}.",
            f"{path} of format {metadata.get('format')}, version {metadata.get('version')}",
            "weights or another program's vectors, or another version of this library",
            "export the directions again",
        )
    directions = _described(path, metadata, vectors)
    for direction in directions:
        _refuse_broken(direction)
    return directions


def check_matches(direction: Direction, model: str, width: int) -> None:
    """Checks that a direction was made on the model of this name and width.

    Raises:
        BadInput: if it was made on another.
    """
    if (direction.model, len(direction.vector)) != (model, width):
        raise BadInput(
            f"A direction steers the model that it was made on; this one is {model} of width {width}.",
            f"{direction.concept!r} of {direction.model}, width {len(direction.vector)}",
            "a file of another model",
            "load the file that was exported for this model",
        )


def save_control_vector(path: Path, direction: Direction, model_type_hint: str) -> None:
    """Writes a direction for `llama.cpp --control-vector`, scaled so that its strength is α.

    `model_type_hint` is the architecture as llama.cpp names it, for example `llama`; llama.cpp does not read it, some
    other programs do. Keys and tensor names are those that llama.cpp's generator and repeng write.

    Raises:
        BadInput: if llama.cpp cannot add at this residual point, or the direction is not a unit vector.
    """
    _refuse_broken(direction)
    if direction.point < FIRST_POINT_OF_LLAMA_CPP:
        raise BadInput(
            f"llama.cpp can add a vector at residual point {FIRST_POINT_OF_LLAMA_CPP} or later.",
            f"{direction.concept!r} at point {direction.point}",
            "a model of very few layers, or a point chosen at the bottom",
            "run ProbeFlow with a later `--point`, or export without `--gguf`",
        )
    writer = gguf.GGUFWriter(path, "controlvector")
    writer.add_string("controlvector.model_hint", model_type_hint)
    writer.add_uint32("controlvector.layer_count", 1)
    # Block l has the number l - 1 there, and its output is point l here.
    addition = direction.residual_norm * direction.vector
    writer.add_tensor(f"direction.{direction.point - 1}", addition.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _read(path: Path) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    try:
        with safe_open(path, framework="np") as file:
            return file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}
    # The last of the three is what numpy says of a type it does not have, such as bfloat16.
    except (OSError, SafetensorError, TypeError) as error:
        raise BadInput(
            "A file of directions is a safetensors file.",
            f"{path}: {error}",
            "a mistyped path, a partial copy or another kind of file",
        ) from error


def _described(path: Path, metadata: Mapping[str, str], vectors: Mapping[str, np.ndarray]) -> tuple[Direction, ...]:
    try:
        point, concepts = int(metadata["point"]), dict(json.loads(metadata["concepts"]))
        if metadata["hook"] != residual_point_name(point) or set(concepts) != set(vectors):
            raise ValueError("its hook does not name its point, or its concepts are not its tensors")
        if any(vector.dtype != np.float32 or vector.ndim != 1 for vector in vectors.values()):
            raise ValueError("a tensor is not one vector of float32")
        return tuple(
            Direction(
                concept,
                metadata["model"],
                point,
                vectors[concept],
                float(facts["norm"]),
                float(metadata["residual_norm"]),
                int(facts["n"]),
                str(facts["method"]),
            )
            for concept, facts in concepts.items()
        )
    except (KeyError, ValueError, TypeError) as error:
        raise BadInput(
            "A file of directions holds float32 vectors, and its metadata every fact about them.",
            f"{path}: {type(error).__name__}: {error}",
            "an edit by hand, or a program that copied the tensors without their metadata",
            "export the directions again",
        ) from error


def _refuse_mixtures(directions: Sequence[Direction]) -> None:
    shared = {(one.model, one.point, one.residual_norm, len(one.vector)) for one in directions}
    concepts = [one.concept for one in directions]
    if len(shared) != 1 or len(set(concepts)) != len(concepts):
        raise BadInput(
            "One file holds directions of one model at one residual point, and one for each concept.",
            ", ".join(f"{one.concept!r} of {one.model} at point {one.point}" for one in directions) or "none",
            "directions of several models or points joined",
            "write a file for each",
        )


def _refuse_broken(direction: Direction) -> None:
    vector, sizes = direction.vector, (direction.norm, direction.residual_norm)
    # NaN is close to nothing, so it is refused with the rest.
    if not np.isclose(np.linalg.norm(vector), 1, rtol=0, atol=UNIT_TOLERANCE):
        raise BadInput(
            "A direction is a vector of norm 1.",
            f"{direction.concept!r} with norm {np.linalg.norm(vector):.6g}",
            "a vector that was scaled for steering, or a damaged file",
            "divide the vector by its norm, and state the residual norm apart",
        )
    if not (np.isfinite(sizes).all() and min(sizes) > 0 and direction.point >= 0):
        raise BadInput(
            "A direction's norm and residual norm are above 0, and its residual point is 0 or more.",
            f"{direction.concept!r} with norm {sizes[0]}, residual norm {sizes[1]}, point {direction.point}",
            "an edit by hand, or activations that were not finite",
        )
