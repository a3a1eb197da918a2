"""A page of any run: `python -m empathy_core.cards.report ValidationFlow/78 -o DIR`, or `--list` to see what there is.

Several runs on different texts make one page. `--compare A B` says what changed from one run to another beyond noise.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from empathy_core.cards.account import account_of
from empathy_core.cards.page import write_report
from empathy_core.contracts import BadInput, Estimate, Verdict
from empathy_core.results import load_run


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives 0, or 2 with a message for input that breaks a rule."""
    options = _parser().parse_args(arguments)
    try:
        page = report(options.runs, options.output)
        sys.stdout.write(f"Report: {page}\nThe same in Markdown: {page.with_name('report.md')}\n")
        return 0
    except (BadInput, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2


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
    parser.add_argument("-o", "--output", type=Path, default=Path("report"), help="folder to write to")
    return parser


if __name__ == "__main__":
    sys.exit(main())
