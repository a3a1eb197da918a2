"""Estimates and verdicts on disk: `numbers.json` and `verdicts.json`, from which every page can be drawn again."""

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from empathy_core.cards.account import Account, from_json, to_json
from empathy_core.cards.keys import parse_key
from empathy_core.contracts import BadInput, Estimate, Verdict


def check_numbers(estimates: Iterable[Estimate]) -> None:
    """Refuse what no table may show: two numbers of one name, a number that is not finite, n below 1."""
    seen: set[str] = set()
    for estimate in estimates:
        if estimate.name in seen:
            raise BadInput(
                "Two estimates never share a name.",
                got=repr(estimate.name),
                cause="two tasks measured the same thing, or results of two runs were joined",
                fix="join the results of one run only, and give each number its own key",
            )
        seen.add(estimate.name)
        parse_key(estimate.name)
        bounds = (estimate.value, estimate.low, estimate.high, *(() if estimate.null is None else (estimate.null,)))
        if not all(map(math.isfinite, bounds)) or estimate.low > estimate.high or estimate.n < 1:
            raise BadInput(
                "An estimate has a finite value, an interval with low ≤ high, a finite null or none, and n ≥ 1.",
                got=f"{estimate}",
                cause=f"{estimate.method} was given nothing to measure",
                fix="leave such a number out: a criterion without its numbers is reported as not measurable",
            )


def check_verdicts(verdicts: Iterable[Verdict], estimates: Iterable[Estimate]) -> None:
    """Refuse a verdict that names no estimate, one decided by an estimate that is not there, and two of one cell."""
    names = {estimate.name for estimate in estimates}
    cells: set[tuple[str, str, str]] = set()
    for verdict in verdicts:
        missing = [name for name in verdict.evidence if name not in names]
        if not verdict.evidence or (missing and verdict.outcome != "not measurable"):
            raise BadInput(
                "A verdict names the estimates that decided it; where they are missing, it is not measurable.",
                got=f"{verdict.criterion!r} for {verdict.model!r}, missing {missing or 'any evidence'}",
                fix="name the deciding keys in `evidence`, also those that could not be measured",
            )
        cell = (verdict.criterion, verdict.model, texts_of(verdict))
        if cell in cells:
            raise BadInput("One criterion has one verdict for a model on one set of texts.", got=f"two for {cell}")
        cells.add(cell)


def texts_of(verdict: Verdict) -> str:
    """The data set that a verdict speaks about: the one its evidence was measured on."""
    return parse_key(verdict.evidence[0]).texts


def arrange(estimates: Iterable[Estimate], verdicts: Sequence[Verdict]) -> tuple[Estimate, ...]:
    """Estimates in reading order: models as the verdicts list them, the rest after, each by name (2 before 10)."""
    order = {model: rank for rank, model in enumerate(dict.fromkeys(verdict.model for verdict in verdicts))}

    def place(estimate: Estimate) -> tuple:
        parts = re.split(r"(\d+)", estimate.name)
        rank = order.get(parse_key(estimate.name).model, len(order))
        return rank, *(int(part) if i % 2 else part for i, part in enumerate(parts))

    return tuple(sorted(estimates, key=place))


def write_numbers(path: Path, estimates: Sequence[Estimate]) -> None:
    """Write `{"numbers": [...]}`, sorted by name, at full precision; raises BadInput as `check_numbers` does."""
    check_numbers(estimates)
    rows = [asdict(estimate) for estimate in sorted(estimates, key=lambda one: one.name)]
    _write(path, {"numbers": rows})


def read_numbers(path: Path) -> tuple[Estimate, ...]:
    """The estimates of a `numbers.json`, equal to those that were written."""
    estimates = tuple(Estimate(**row) for row in json.loads(path.read_text(encoding="utf-8"))["numbers"])
    check_numbers(estimates)
    return estimates


def write_verdicts(path: Path, verdicts: Sequence[Verdict], accounts: Sequence[Account]) -> None:
    """Write `{"runs": [...], "verdicts": [...]}`: the verdicts in their own order and what runs say of themselves."""
    _write(path, {"runs": to_json(accounts), "verdicts": [asdict(verdict) for verdict in verdicts]})


def read_verdicts(path: Path) -> tuple[tuple[Verdict, ...], tuple[Account, ...]]:
    """The verdicts and the accounts of the runs from a `verdicts.json`."""
    content = json.loads(path.read_text(encoding="utf-8"))
    rows = ({**row, "evidence": tuple(row["evidence"])} for row in content["verdicts"])
    return tuple(Verdict(**row) for row in rows), from_json(content["runs"])


def _write(path: Path, content: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
