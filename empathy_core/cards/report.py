"""A page of any run: `python -m empathy_core.cards.report ValidationFlow/78 -o DIR`, or `--list` to see what there is.

Several runs on different texts make one page. `--compare A B` says what changed from one run to another beyond noise.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from empathy_core.cards.account import account_of
from empathy_core.cards.comparison import compare, comparison_lines, comparison_page
from empathy_core.cards.page import write_report
from empathy_core.cards.terminal import run_lines
from empathy_core.contracts import BadInput, Estimate, Verdict
from empathy_core.results import load_run
from empathy_core.runs import list_runs


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives 0, or 2 with a message for input that breaks a rule."""
    options = _parser().parse_args(arguments)
    try:
        lines = options.act(options)
        sys.stdout.writelines(f"{line}\n" for line in lines)
        return 0
    except (BadInput, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _report(options: argparse.Namespace) -> list[str]:
    page = report(options.runs, options.output or Path("report"))
    return [f"Report: {page}", f"The same in Markdown: {page.with_name('report.md')}"]


def _list(options: argparse.Namespace) -> list[str]:
    return run_lines(list_runs())


def _compare(options: argparse.Namespace) -> list[str]:
    if len(options.runs) != 2:
        raise BadInput("A comparison has two runs.", got=", ".join(options.runs), fix="give the earlier one first")
    comparison = compare(*map(load_run, options.runs))
    if options.output is None:
        return comparison_lines(comparison)
    options.output.mkdir(parents=True, exist_ok=True)
    page = options.output / "comparison.html"
    page.write_text(comparison_page(comparison), encoding="utf-8")
    return [*comparison_lines(comparison), f"Comparison: {page}"]


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m empathy_core.cards.report", description=__doc__)
    parser.add_argument("runs", nargs="*", default=["latest"], help="`ValidationFlow/78`, or the run of another flow")
    parser.add_argument("-o", "--output", type=Path, help="folder to write to; `report` if none is given")
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--list", dest="act", action="store_const", const=_list, help="the latest runs, of all users")
    other.add_argument(
        "--compare",
        dest="act",
        action="store_const",
        const=_compare,
        help="what changed from the first run to the second",
    )
    parser.set_defaults(act=_report)
    return parser


if __name__ == "__main__":
    sys.exit(main())
