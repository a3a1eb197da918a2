"""What a run has been told, kept on disk so that a kill at any moment loses nothing that was paid for."""

import errno
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from empathy_core.contracts import BadInput

FULL = (errno.ENOSPC, errno.EDQUOT)


def write_json(path: Path, value: Any) -> None:
    """Replace a file by `value` as JSON, whole or not at all; raises `BadInput` when the disk is full."""
    temporary = path.with_name(path.name + ".tmp")
    with _room_on_disk(path), temporary.open("w", encoding="utf-8") as stream:
        json.dump(value, stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, path)


def append(path: Path, record: Mapping[str, Any]) -> None:
    """Add one line of JSON; raises `BadInput` when the disk is full."""
    with _room_on_disk(path), path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(record) + "\n")


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Every whole line of a file, none if there is no file; half a line that a kill left behind is cut off."""
    data = path.read_bytes() if path.exists() else b""
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        os.truncate(path, len(whole))
    return [json.loads(line) for line in whole.splitlines()]


@contextmanager
def only_run_in(folder: Path) -> Iterator[None]:
    """Holds a folder against a second run, which could pay for the same batch; the system lets go after a kill.

    Makes the folder if need be; raises `BadInput` while another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BadInput(
                "One run at a time works on a data set.", str(folder), "an earlier run that is still going"
            ) from error
        yield


@contextmanager
def _room_on_disk(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise BadInput(
            "Results are written to disk as they arrive.",
            f"a full disk at {path}",
            fix="free some space and run again: everything that arrived before is kept, and nothing is paid twice",
        ) from error
