"""A page of any run: `python -m empathy_core.cards.report ValidationFlow/78 -o DIR`, or `--list` to see what there is.

Several runs on different texts make one page. `--compare A B` says what changed from one run to another beyond noise.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from empathy_core.cards.account import account_of
from empathy_core.cards.changes_page import change_lines, write_changes
from empathy_core.cards.page import write_report
from empathy_core.cards.tables import ABSENT
from empathy_core.changes import compare_runs
from empathy_core.contracts import BadInput, Estimate, Verdict
from empathy_core.results import UPSTREAM, load_run
from empathy_core.run_list import RunLine, list_runs

RUN_HEADERS = ("run", "date", "user", "tags", "status", "texts", "models")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives 0, or 2 with a message for input that breaks a rule."""
    options = _parser().parse_args(arguments)
    try:
        sys.stdout.writelines(f"{printable(line)}\n" for line in _lines(options))
        return 0
    except (BadInput, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _lines(options: argparse.Namespace) -> list[str]:
    """Do what was asked, and what to say of it."""
    if options.list:
        return run_lines(list_runs((*UPSTREAM, "DatasetFlow")))
    if options.compare:
        before, after = map(load_run, options.compare)
        changes = compare_runs(before, after)
        written = [f"Page: {write_changes(options.output, changes)}"] if options.output else []
        return [*change_lines(changes), *written]
    page = report(options.runs, options.output or Path("report"))
    return [f"Report: {page}", f"The same in Markdown: {page.with_name('report.md')}"]


def report(pathspecs: Sequence[str], folder: Path) -> Path:
    """Write the report of these runs, and of those they stand on, into a folder; gives the page's path.

    Raises:
        BadInput: as `load_run` does, and for two runs on the same texts, whose numbers would share their names.
    """
    numbers: list[Estimate] = []
    verdicts: list[Verdict] = []
    accounts = []
    for pathspec in pathspecs:
        results = load_run(pathspec)
        numbers += [gate.estimate for gate in results.quality]
        numbers += results.numbers
        verdicts += results.verdicts
        accounts.append(account_of(results))
    return write_report(folder, numbers, verdicts, accounts)


def run_lines(runs: Iterable[RunLine]) -> list[str]:
    """The runs there are, a line each under `RUN_HEADERS`, in columns."""
    rows = [
        [one.pathspec, one.created, one.user, ",".join(one.tags), one.status, one.texts, ",".join(one.models)]
        for one in runs
    ]
    cells = [[cell or ABSENT for cell in row] for row in (RUN_HEADERS, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in cells]


def printable(line: str) -> str:
    """A line for a terminal: names from outside can hold characters that steer one."""
    return "".join(character if character.isprintable() else "?" for character in line)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m empathy_core.cards.report", description=__doc__)
    parser.add_argument("runs", nargs="*", default=["latest"], help="`ValidationFlow/78`, or the run of another flow")
    parser.add_argument("-o", "--output", type=Path, help="folder to write to; default: report")
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--list", action="store_true", help="the runs there are, of every user, the newest first")
    other.add_argument("--compare", nargs=2, metavar=("BEFORE", "AFTER"), help="what changed between two runs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
