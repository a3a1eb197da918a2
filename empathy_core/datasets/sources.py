"""Where a data set comes from."""

from empathy_core.contracts import BadInput, TextSet
from empathy_core.datasets.files import bundled, load
from empathy_core.datasets.schema import check
from empathy_core.organisms.corpus import organism_texts


def read_source(source: str, path: str = "", seed: int = 0) -> TextSet:
    """Texts of a named source: `bundled`, `organism` (the grammar, drawn with `seed`) or `file` (read from `path`).

    Raises `BadInput` for another source, for a path without `file`, and for texts that break a rule.
    """
    if path and source != "file":
        raise BadInput(
            "A path goes with `--source file`.", f"--source {source} --path {path}", fix="add `--source file`"
        )
    sources = {"bundled": bundled, "organism": lambda: check(organism_texts(seed=seed)), "file": lambda: load(path)}
    if source not in sources:
        raise BadInput("The source is bundled, organism or file.", repr(source), "a misspelt source")
    return sources[source]()
