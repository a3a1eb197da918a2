"""Where a data set comes from."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from empathy_core.contracts import BadInput, Gate, TextSet
from empathy_core.datasets.files import bundled, load
from empathy_core.datasets.generation.outcome import Generated
from empathy_core.datasets.generation.plan import GenerationSettings
from empathy_core.datasets.schema import check
from empathy_core.organisms.corpus import organism_texts

KEY = "ANTHROPIC_API_KEY"


@dataclass(frozen=True)
class Collected:
    """Texts from one source, and how they came about where they were generated."""

    source: str
    texts: TextSet
    generated: Generated | None = None

    @property
    def gates(self) -> tuple[Gate, ...]:
        """What generation says of itself: whether its judge can be believed."""
        return self.generated.gates if self.generated else ()


def named_source(source: str, path: str = "") -> str:
    """The source that will be read: `auto` is anthropic where a key is set, else bundled.

    Raises `BadInput` for an unknown source, for a path without `file`, and for anthropic without a key.
    """
    has_key = bool(os.environ.get(KEY, "").strip())
    taken = ("anthropic" if has_key else "bundled") if source == "auto" else source
    if taken not in ("bundled", "organism", "file", "anthropic"):
        raise BadInput("The source is bundled, organism, file, anthropic or auto.", repr(source), "a misspelt source")
    if path and taken != "file":
        raise BadInput(
            "A path goes with `--source file`.", f"--source {source} --path {path}", fix="add `--source file`"
        )
    if taken == "anthropic" and not has_key:
        raise BadInput(
            "Generation with Claude needs an API key.",
            f"no {KEY} in the environment",
            "the variable was not exported, or not passed on to the step",
            "set it, or use `--source bundled`",
        )
    return taken


def read_source(source: str, path: str = "", seed: int = 0) -> TextSet:
    """Texts that are already there: `bundled`, `organism` (the grammar, drawn with `seed`) or `file` (from `path`).

    Raises `BadInput` as `named_source` does, and for texts that break a rule.
    """
    sources = {"bundled": bundled, "organism": lambda: check(organism_texts(seed=seed)), "file": lambda: load(path)}
    return sources[named_source(source, path)]()


def collect(
    source: str,
    path: str,
    seed: int,
    settings: GenerationSettings,
    folder: Path,
    progress: Callable[[str, int, int], None],
) -> Collected:
    """Read texts, or have them generated under `folder`; `source` is what `named_source` gave."""
    if source != "anthropic":
        return Collected(source, read_source(source, path, seed))
    # Imported here: the service's client costs a second, which reading files need not pay.
    from empathy_core.datasets.generation.generate import generate

    generated = generate(settings, folder, bundled(), progress)
    return Collected(source, generated.texts, generated)
