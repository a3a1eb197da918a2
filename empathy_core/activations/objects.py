"""Named bytes below one location, a local folder or `s3://bucket/prefix`; nothing else knows which of the two it is."""

import os
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from empathy_core.contracts import BadInput

TEMPORARY = ".tmp"
"""What a local name ends in until its bytes are whole."""


@dataclass(frozen=True)
class Entry:
    """What a listing says of one object."""

    size: int
    """Bytes."""
    modified: float
    """Seconds since 1970."""


@runtime_checkable
class Objects(Protocol):
    """Objects below `location`, by relative names with `/`; what the place refuses is raised as `BadInput`."""

    location: str

    def entries(self) -> dict[str, Entry]:
        """Every object there is, by name."""

    def read(self, name: str) -> bytes | None:
        """The bytes of one object, or None if there is no such object."""

    def write(self, name: str, data: bytes) -> None:
        """One object, whole or not at all; an object of this name is replaced."""

    def delete(self, name: str) -> None:
        """Removes one object, if it is there."""


def at(location: Path | str) -> Objects:
    """The objects below a location.

    Raises:
        BadInput: if the location looks like an address but is not of the form `s3://bucket/prefix`.
    """
    if re.fullmatch(r"s3://[^/]+(/.*)?", str(location)):
        # boto3 takes longer to import than a local store takes to open.
        from empathy_core.activations.bucket import Bucket

        return Bucket(str(location))
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", str(location)):
        raise BadInput(
            "A store must lie in a local folder or at `s3://bucket/prefix`.",
            got=str(location),
            cause="another service, or an address that passed through `Path`, which drops a slash",
            fix="give the address as a string that begins with s3://, or a folder",
        )
    return Folder(Path(location).resolve())


class Folder:
    """Objects as files below a local folder."""

    def __init__(self, path: Path):
        self.location = str(path)
        self._path = path

    def entries(self) -> dict[str, Entry]:
        found = {}
        for folder, _, names in os.walk(self._path):
            for path in (Path(folder, name) for name in names):
                try:
                    facts = path.stat()
                except FileNotFoundError:  # another process has just renamed its temporary file
                    continue
                found[path.relative_to(self._path).as_posix()] = Entry(facts.st_size, facts.st_mtime)
        return found

    def read(self, name: str) -> bytes | None:
        try:
            return (self._path / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _refused(self._path / name, error) from error

    def write(self, name: str, data: bytes) -> None:
        path = self._path / name
        temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}{TEMPORARY}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with temporary.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            raise _refused(path, error) from error

    def delete(self, name: str) -> None:
        path = self._path / name
        try:
            with suppress(FileNotFoundError):  # another process may delete the same
                path.unlink()
                for folder in path.parents[: len(Path(name).parts) - 1]:
                    if not any(folder.iterdir()):
                        folder.rmdir()
        except OSError as error:
            raise _refused(path, error) from error


def _refused(path: Path, error: OSError) -> BadInput:
    return BadInput(
        "The folder of a store must take and give files.",
        got=f"{path}: {error.strerror}",
        cause="a full disk, a quota, or a missing permission",
        fix="make room or give access, and run again: finished shards are kept, and the run continues after them",
    )
