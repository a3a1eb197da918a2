"""The last object of a finished key: what was extracted, and the SHA-256 of every object that holds it."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace

from empathy_core.contracts import ActivationSet, BadInput, ModelSpec
from empathy_core.layout import other_version

MANIFEST = "manifest.json"
FORMAT = 2
"""Goes up when keys that were written before can no longer be read."""


@dataclass(frozen=True)
class Manifest:
    """A finished key."""

    activations: ActivationSet
    hashes: dict[str, str]
    """SHA-256 of every object by its name, shards in the order of their rows."""

    def of_point(self, point: int) -> dict[str, str]:
        """The part of `hashes` that holds one residual point."""
        return {name: digest for name, digest in self.hashes.items() if name.startswith(f"{point_folder(point)}/")}


def point_folder(point: int) -> str:
    """The part of an object's name that says its residual point."""
    return f"point_{point:03d}"


def seal(manifest: Manifest) -> bytes:
    """The manifest as JSON that holds its own SHA-256."""
    body = {
        "format": FORMAT,
        "activations": asdict(replace(manifest.activations, folder="")),
        "objects": manifest.hashes,
    }
    return json.dumps({**body, "sha256": _digest(body)}, indent=1).encode()


def unseal(data: bytes, location: str) -> Manifest:
    """The manifest that `seal` wrote for the key at `location`.

    Raises:
        BadInput: if it was altered, or written in another format.
    """
    try:
        body = dict(json.loads(data))
    except (ValueError, TypeError) as error:
        raise damaged(location, MANIFEST, "not a manifest") from error
    if body.get("format") != FORMAT:
        raise _unknown_format(location, body.get("format"))
    if body.pop("sha256", None) != _digest(body):
        raise damaged(location, MANIFEST, "its bytes are not those that were written")
    facts = {name: tuple(value) if isinstance(value, list) else value for name, value in body["activations"].items()}
    try:
        facts |= {"model": ModelSpec(**facts["model"]), "folder": location}
        return Manifest(ActivationSet(**facts), body["objects"])
    except TypeError as error:  # fields that this version does not have, or lacks
        raise other_version(f"{location}/{MANIFEST}", str(error)) from error


def damaged(location: str, name: str, what: str) -> BadInput:
    """The error that an object of a finished key is not what its manifest describes."""
    return BadInput(
        "A stored object must be the one that its manifest describes.",
        got=f"{location}/{name}: {what}",
        cause="a disk fault, a partial copy, or an edit by hand",
        fix=f"delete {location} and run the extraction again",
    )


def _digest(body: dict) -> str:
    return hashlib.sha256(json.dumps(body).encode()).hexdigest()


def _unknown_format(location: str, found: object) -> BadInput:
    return BadInput(
        f"Stored activations must be of format {FORMAT}, which this version reads.",
        got=f"{location}/{MANIFEST} of format {found}",
        cause="another version of this library wrote them",
        fix=f"delete {location} and run the extraction again, or use that version",
    )
