"""Records that another version of this library wrote: found out before a missing field is missed."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from empathy_core.contracts import BadInput


def check_layout(value: Any, where: str) -> None:
    """Raises `BadInput` if a record in `value`, however deep, lacks a field of its class: pickle would not notice."""
    for record in _records(value):
        if missing := [field.name for field in fields(record) if not hasattr(record, field.name)]:
            raise other_version(where, f"{type(record).__name__} without {', '.join(missing)}")


def other_version(where: str, found: str) -> BadInput:
    """The error that what is stored at `where` is not laid out as this version expects."""
    return BadInput(
        "What a run stored is read by the version of this library that wrote it, or by one with the same records.",
        f"{where}: {found}",
        "a worker with an older image or checkout, or a run from before an update",
        "run the flow that wrote it again with this version, or read it with that one; "
        "the artifact `versions` of an ActivationFlow run says what it ran with",
    )


def _records(value: Any) -> Iterator[Any]:
    if is_dataclass(value) and not isinstance(value, type):
        yield value
        value = vars(value)
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple | list):
        for part in value:
            yield from _records(part)
