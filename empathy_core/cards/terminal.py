"""Lines for a terminal, which obeys control characters: none that came from outside reaches it."""

from collections.abc import Iterable, Sequence

from empathy_core.cards.tables import ABSENT
from empathy_core.runs import RunLine

WIDEST = 60
"""Characters of one cell; what is longer is cut."""
RUN_HEADERS = ("run", "began", "by", "state", "texts", "models", "tags")


def line(cells: Iterable[str]) -> str:
    """Cells on one line, each cut to `WIDEST`, with `�` for every character that does not print by itself."""
    shown = ("".join(c if c.isprintable() else "�" for c in cell) for cell in cells)
    return " | ".join(cell if len(cell) <= WIDEST else f"{cell[: WIDEST - 1]}…" for cell in shown)


def run_lines(runs: Sequence[RunLine]) -> list[str]:
    """A heading and a line a run; one line that says so where there is none."""
    if not runs:
        return ["No run yet."]
    rows = (
        (
            run.pathspec,
            f"{run.began:%Y-%m-%d %H:%M}",
            run.user or ABSENT,
            run.state,
            run.texts or ABSENT,
            ", ".join(run.models) or ABSENT,
            ", ".join(run.tags) or ABSENT,
        )
        for run in runs
    )
    return [line(RUN_HEADERS), *map(line, rows)]
