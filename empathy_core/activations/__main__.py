"""Look after stored activations: `python -m empathy_core.activations ls|verify|gc ROOT`."""

import argparse
import sys
import time
from collections.abc import Sequence

from empathy_core.activations import store
from empathy_core.activations.inventory import StoredKey, stored_keys
from empathy_core.activations.objects import at
from empathy_core.cards.tables import ABSENT
from empathy_core.contracts import BadInput

HEADERS = ("key", "model", "revision", "texts", "points", "MB", "state")
SECONDS_A_DAY = 86400


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives 0, 1 if a stored object is damaged, or 2 with a message for input that breaks a rule."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except BadInput as error:
        sys.stderr.write(f"{error}\n")
        return 2


def show(options: argparse.Namespace) -> int:
    """Write one row a key."""
    rows = [HEADERS, *(_row(options.root, stored) for stored in _keys(options.root))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(f"{line.rstrip()}\n")
    return 0


def verify(options: argparse.Namespace) -> int:
    """Check the hash of every object of every finished key."""
    outcomes = [_verified(options.root, stored) for stored in _keys(options.root)]
    return int(not all(outcomes))


def collect(options: argparse.Namespace) -> int:
    """Delete what killed runs left behind: unfinished keys and temporary files."""
    objects = at(options.root)
    before = time.time() - options.days * SECONDS_A_DAY
    for stored in stored_keys(objects):
        names = stored.abandoned(before)
        if options.yes:
            for name in names:
                objects.delete(name)
        if names:
            size = _megabytes(sum(stored.entries[name].size for name in names))
            done = "deleted" if options.yes else "would delete (add --yes)"
            kind = "the unfinished key" if len(names) == len(stored.entries) else "temporary files"
            sys.stdout.write(f"{stored.key}: {done} {kind}, {len(names)} objects, {size} MB\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m empathy_core.activations", description=__doc__)
    commands = parser.add_subparsers(required=True)
    _command(commands, "ls", show)
    _command(commands, "verify", verify)
    collecting = _command(commands, "gc", collect)
    collecting.add_argument("--days", type=float, default=7.0, help="spare what is newer than this; default: 7")
    collecting.add_argument("--yes", action="store_true", help="delete; without it, only say what would be deleted")
    return parser


def _command(commands, name, run) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
    parser.add_argument("root", help="folder of the store, or s3://bucket/prefix")
    parser.set_defaults(run=run)
    return parser


def _keys(root: str) -> tuple[StoredKey, ...]:
    keys = stored_keys(at(root))
    if not keys:
        raise BadInput("A store must hold at least one key.", got=root, cause="a mistyped root", fix="correct it")
    return keys


def _row(root: str, stored: StoredKey) -> tuple[str, ...]:
    size = _megabytes(stored.n_bytes)
    if not stored.finished:
        n_shards = len(store.begin(root, stored.key).shards)
        return stored.key, *[ABSENT] * 4, size, f"unfinished, shards so far: {n_shards}"
    try:
        found = store.find(root, stored.key, verify=False)
    except BadInput:
        return stored.key, *[ABSENT] * 4, size, "unreadable: `verify` says why"
    model = found.model
    return stored.key, model.name, model.revision, found.dataset_hash, str(len(found.points)), size, "finished"


def _verified(root: str, stored: StoredKey) -> bool:
    if not stored.finished:
        sys.stdout.write(f"{stored.key}: unfinished, not checked\n")
        return True
    try:
        store.find(root, stored.key)
    except BadInput as error:
        sys.stderr.write(f"{stored.key}: {error}\n")
        return False
    sys.stdout.write(f"{stored.key}: {_megabytes(stored.n_bytes)} MB, every hash as it was written\n")
    return True


def _megabytes(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:.1f}"


if __name__ == "__main__":
    sys.exit(main())
