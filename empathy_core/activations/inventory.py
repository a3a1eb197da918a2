"""What lies in a store: its keys, finished or not, and what nothing will read again."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from empathy_core.activations.manifest import MANIFEST
from empathy_core.activations.objects import TEMPORARY, Entry, Objects

OURS = re.compile(
    rf"([^/]+)/(?:{MANIFEST}|shard_\d+\.json|point_\d+/shard_\d+\.safetensors)(?:\.[0-9a-f]+{TEMPORARY})?"
)
"""Names below a store's root that this package gives; nothing else is ever counted or deleted."""


@dataclass(frozen=True)
class StoredKey:
    """All that lies under one key."""

    key: str
    entries: Mapping[str, Entry]
    """By name below the store's root."""

    @property
    def finished(self) -> bool:
        """Whether there is a manifest, of whatever format."""
        return f"{self.key}/{MANIFEST}" in self.entries

    @property
    def n_bytes(self) -> int:
        """Size of all objects together."""
        return sum(entry.size for entry in self.entries.values())

    def abandoned(self, before: float) -> tuple[str, ...]:
        """Names that no run will go on with, untouched since `before` (seconds since 1970).

        That is all of an unfinished key once nothing in it is newer, and in any key what a killed write left behind.
        """
        if not self.finished and all(entry.modified < before for entry in self.entries.values()):
            return tuple(self.entries)
        return tuple(
            name for name, entry in self.entries.items() if name.endswith(TEMPORARY) and entry.modified < before
        )


def stored_keys(objects: Objects) -> tuple[StoredKey, ...]:
    """The keys below a store's root, in alphabetical order."""
    keys: dict[str, dict[str, Entry]] = defaultdict(dict)
    for name, entry in objects.entries().items():
        if match := OURS.fullmatch(name):
            keys[match[1]][name] = entry
    return tuple(StoredKey(key, keys[key]) for key in sorted(keys))
