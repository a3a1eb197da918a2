"""Two runs side by side, as lines of text and as a page of its own."""

from collections.abc import Sequence
from pathlib import Path

from empathy_core.cards.document import document
from empathy_core.cards.keys import parse_key
from empathy_core.cards.markup import Html, element, table
from empathy_core.cards.tables import ABSENT, interval, number
from empathy_core.cards.words import describe
from empathy_core.changes import Change, Changes
from empathy_core.contracts import Estimate

METHOD = (
    "Difference: the second run minus the first. Its 95% interval takes from each number the side of its interval that "
    "faces the other (MOVER, Zou & Donner 2008) as if the runs were independent; p is that of the normal distribution "
    "with this interval, adjusted over all numbers that both runs have (Holm). p values are not compared themselves."
)
SAME_TEXTS = (
    "Both runs have the same texts, so part of the noise is common to both and the comparison is conservative: what it "
    "calls changed has changed, and smaller changes can be real."
)
OTHER_TEXTS = "The runs have different texts: what differs may lie in these as well as in models and settings."
SHOWN = 40
"""Rows of a list before the rest is folded away or, on a terminal, left to the page."""
NUMBER_HEADERS = ("texts", "model", "what", "before", "after", "difference [95% interval]", "n", "p (Holm)")


def outcome(changes: Changes) -> str:
    """What the comparison found, in a sentence."""
    if not changes.compared:
        return "The runs have no number in common: they measured other texts, models or stages."
    found = f"{len(changes.changed)} of {changes.compared} numbers changed beyond noise"
    if changes.changed or changes.verdicts or changes.without_width:
        verdicts = f"{len(changes.verdicts)} verdicts differ"
        return f"{found} ({changes.apart} intervals do not overlap); {verdicts}."
    return f"No change: none of {changes.compared} numbers changed beyond noise, and no verdict differs."


def notes(changes: Changes) -> tuple[str, ...]:
    """How runs were compared."""
    return METHOD, SAME_TEXTS if changes.same_texts else OTHER_TEXTS


def tables(changes: Changes) -> tuple[tuple[str, Sequence[str], list[list[str]]], ...]:
    """Heading, headers and rows of everything that differs; lists without a row are left out."""
    sides = ("before", "after")
    every = (
        (
            "Verdicts that differ",
            ("criterion", "model", *sides),
            [[a.criterion, a.model, a.outcome, b.outcome] for a, b in changes.verdicts],
        ),
        ("Numbers that changed", NUMBER_HEADERS, [change_row(one) for one in changes.changed]),
        (
            "Numbers that differ and have no interval to judge by",
            ("texts", "model", "what", *sides),
            [[*place(a), interval(a), interval(b)] for a, b in changes.without_width],
        ),
        ("Settings that differ", ("what", *sides), [[one or ABSENT for one in row] for row in changes.settings]),
        (f"Numbers of {changes.before} alone", ("key",), [[name] for name in changes.only_before]),
        (f"Numbers of {changes.after} alone", ("key",), [[name] for name in changes.only_after]),
    )
    return tuple(one for one in every if one[2])


def change_row(change: Change) -> list[str]:
    """One number under `NUMBER_HEADERS`."""
    p = "< 0.001" if change.p < 0.001 else number(change.p, 3)
    shown = (interval(change.before), interval(change.after), interval(change.difference))
    return [*place(change.before), *shown, str(change.difference.n), p]


def place(estimate: Estimate) -> tuple[str, str, str]:
    """Texts, model and what of a number."""
    key = parse_key(estimate.name)
    return key.texts, key.model or ABSENT, describe(estimate.name)


def change_lines(changes: Changes) -> list[str]:
    """The comparison for a terminal, long lists cut."""
    lines = [f"{changes.before} and {changes.after}", outcome(changes), *notes(changes)]
    for heading, headers, rows in tables(changes):
        lines += ["", f"{heading}: {len(rows)}", " | ".join(headers)]
        lines += [" | ".join(row) for row in rows[:SHOWN]]
        lines += [f"… and {len(rows) - SHOWN} more on the page (-o FOLDER)"] if len(rows) > SHOWN else []
    return lines


def write_changes(folder: Path, changes: Changes) -> Path:
    """Write the comparison into a folder as index.html; gives its path."""
    title = "What changed between two runs"
    header = element(
        "header",
        element("h1", title),
        element("p", outcome(changes), class_="lead"),
        element("p", f"Before: {changes.before}. After: {changes.after}."),
        *(element("p", one) for one in notes(changes)),
    )
    parts = [change_section(*one) for one in tables(changes)]
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "index.html"
    page.write_text(document(title, header, parts), encoding="utf-8")
    return page


def change_section(heading: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> Html:
    """One list of differences; a long one is folded."""
    shown = table(headers, [[element("td", cell) for cell in row] for row in rows])
    if len(rows) > SHOWN:
        shown = element("details", element("summary", f"{len(rows)} rows"), shown)
    return element("section", element("h2", heading), shown)
