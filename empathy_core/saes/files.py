"""A finished dictionary in a store or a folder, in SAELens' own two files: weights as safetensors, and cfg.json."""

import hashlib
import json
import tempfile
from pathlib import Path

from sae_lens import SAE, TrainingSAE

from empathy_core.activations.manifest import damaged
from empathy_core.activations.objects import Objects
from empathy_core.contracts import BadInput

WEIGHTS, CONFIG = "sae_weights.safetensors", "cfg.json"
RECORD = "dictionary.json"
"""Written last: SHA-256 of the other two. A dictionary without it is not finished."""


def write_dictionary(objects: Objects, sae: TrainingSAE) -> None:
    """Keeps the dictionary as it is used after training (BatchTopK with its threshold as JumpReLU)."""
    with tempfile.TemporaryDirectory() as folder:
        sae.save_inference_model(folder)
        data = {name: Path(folder, name).read_bytes() for name in (WEIGHTS, CONFIG)}
    for name, content in data.items():
        objects.write(name, content)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in data.items()}
    objects.write(RECORD, json.dumps(hashes).encode())


def read_dictionary(objects: Objects, device: str) -> SAE | None:
    """The finished dictionary, or None.

    Raises:
        BadInput: if an object is missing or altered.
    """
    record = objects.read(RECORD)
    if record is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        for name, digest in json.loads(record).items():
            data = objects.read(name)
            if data is None or hashlib.sha256(data).hexdigest() != digest:
                raise damaged(objects.location, name, "missing, or not what was written")
            Path(folder, name).write_bytes(data)
        return SAE.load_from_disk(folder, device=device)


def open_folder(folder: Path, device: str) -> SAE:
    """A dictionary that SAELens saved (`save_inference_model`).

    Raises:
        BadInput: if the folder lacks one of the two files, or they do not describe a dictionary.
    """
    missing = [name for name in (WEIGHTS, CONFIG) if not (folder / name).is_file()]
    if missing:
        raise BadInput(
            f"A dictionary's folder holds {WEIGHTS} and {CONFIG}.",
            got=f"{folder} without {' and '.join(missing)}",
            cause="another folder, or a dictionary in another format",
            fix="save it with SAELens: `sae.save_inference_model(folder)`",
        )
    try:
        return SAE.load_from_disk(str(folder), device=device)
    except (KeyError, ValueError, RuntimeError) as error:
        raise BadInput(
            "A dictionary's folder is one that SAELens can read.",
            got=f"{folder}: {type(error).__name__} {error}".splitlines()[0],
            cause="a checkpoint of a run that did not finish, or files of two dictionaries",
            fix="save the finished dictionary with `sae.save_inference_model(folder)`",
        ) from error
