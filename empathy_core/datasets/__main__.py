"""Check a set of texts, and have it reviewed by people: `python -m empathy_core.datasets check|review …`."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from empathy_core.cards.tables import GATE_OUTCOMES, interval
from empathy_core.contracts import BadInput, Gate, TextSet
from empathy_core.datasets.files import write_jsonl
from empathy_core.datasets.gates import gates, record
from empathy_core.datasets.review.agreement import review_gates
from empathy_core.datasets.review.decisions import read_decisions
from empathy_core.datasets.review.label_studio import write_label_studio
from empathy_core.datasets.review.page import write_page
from empathy_core.datasets.review.reviewed import apply
from empathy_core.datasets.review.sheet import text_sheet
from empathy_core.datasets.sources import read_source
from empathy_core.datasets.splits import grouped_folds
from empathy_core.runs import artifact

WRITERS = {"page": write_page, "label-studio": write_label_studio}
HEADERS = ("gate", "value [95% interval]", "n", "threshold", "outcome", "detail")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives 0, 1 if a quality gate fails, or 2 with a message for input that breaks a rule."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except (BadInput, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2


def check(options: argparse.Namespace) -> int:
    """Write the table of quality gates, and with `--json` the same as a file."""
    texts = _texts(options.texts)
    found = gates(texts, grouped_folds(texts))
    _write_gates(found)
    if options.json:
        options.json.write_text(json.dumps(record(texts, found), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return int(any(gate.passed is False for gate in found))


def export_review(options: argparse.Namespace) -> int:
    """Write what raters need."""
    sheet = text_sheet(_texts(options.texts), options.seed, options.share)
    path = WRITERS[options.format](sheet, options.output)
    n_items = sum(len(screen.items) for screen in sheet.screens)
    sys.stdout.write(f"{path}: {n_items} replies to {len(sheet.screens)} messages, version {sheet.version}\n")
    return 0


def import_review(options: argparse.Namespace) -> int:
    """Check decisions against the texts, write status and agreement, and with `-o` the reviewed texts."""
    texts, decisions = _texts(options.texts), read_decisions(options.decisions)
    reviewed = apply(texts, decisions)
    counts = ", ".join(f"{count} {kind}" for kind, count in reviewed.counts.items())
    sys.stdout.write(f"{texts.name}: {reviewed.status}. Replies: {counts}.\n")
    if reviewed.dropped:
        sys.stdout.write(f"Scenarios dropped, because a reply was rejected: {', '.join(reviewed.dropped)}.\n")
    _write_gates(review_gates(texts, decisions))
    if options.output:
        write_jsonl(reviewed.texts, options.output)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m empathy_core.datasets", description=__doc__)
    commands = parser.add_subparsers(required=True)
    checking = _command(commands, "check", check)
    checking.add_argument("--json", type=Path, help="write the gates to this file as well")
    review = commands.add_parser("review", help="human review of texts").add_subparsers(required=True)
    exporting = _command(review, "export", export_review)
    exporting.add_argument("-o", "--output", type=Path, required=True, help="folder to write to")
    exporting.add_argument("--seed", type=int, default=0, help="order of scenarios and replies; one for each rater")
    exporting.add_argument("--share", type=float, default=1.0, help="part of the scenarios, for a further rater")
    exporting.add_argument("--format", choices=WRITERS, default="page")
    importing = _command(review, "import", import_review)
    importing.add_argument("decisions", type=Path, nargs="+", help="files that the review page gave")
    importing.add_argument("-o", "--output", type=Path, help="write the reviewed texts to this .jsonl file")
    return parser


def _command(commands, name, run) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
    parser.add_argument("texts", help="`bundled`, `organism`, a file of texts, or a run, as `DatasetFlow/12`")
    parser.set_defaults(run=run)
    return parser


def _texts(source: str) -> TextSet:
    if source.startswith("DatasetFlow/"):
        return artifact(source, "collected").texts
    return read_source(source) if source in ("bundled", "organism") else read_source("file", source)


def _write_gates(found: Sequence[Gate]) -> None:
    rows = [HEADERS, *(_row(gate) for gate in found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows if found else ():
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(f"{line.rstrip()}\n")


def _row(gate: Gate) -> tuple[str, ...]:
    estimate = gate.estimate
    return gate.name, interval(estimate), str(estimate.n), gate.threshold, GATE_OUTCOMES[gate.passed], gate.detail


if __name__ == "__main__":
    sys.exit(main())
