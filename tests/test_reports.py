"""The committed report is what the code of today draws from its own numbers."""

import importlib
from pathlib import Path

import pytest

from empathy_core.calibration import FILE
from empathy_core.cards.numbers import read_numbers, read_verdicts
from empathy_core.cards.page import redraw_report

ROOT = Path(__file__).parent.parent
REPORTS = ROOT / "reports"


def test_drawing_the_committed_report_again_changes_nothing(tmp_path):
    redraw_report(REPORTS, tmp_path)
    drawn = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    committed = {path.relative_to(REPORTS) for path in REPORTS.rglob("*") if path.is_file()} - {Path(FILE)}
    assert drawn == committed
    assert [path for path in sorted(drawn) if (tmp_path / path).read_bytes() != (REPORTS / path).read_bytes()] == []


def test_every_committed_verdict_on_an_organism_is_the_planted_one():
    verdicts, _ = read_verdicts(REPORTS / "verdicts.json")
    planted = [verdict for verdict in verdicts if verdict.expected]
    assert len(planted) == 45
    assert [verdict for verdict in planted if verdict.outcome != verdict.expected] == []


@pytest.mark.parametrize("method", sorted({estimate.method for estimate in read_numbers(REPORTS / "numbers.json")}))
def test_every_number_leads_to_a_function_that_exists(method):
    module, _, function = method.rpartition(".")
    assert callable(getattr(importlib.import_module(f"empathy_core.{module}"), function))


def test_every_number_of_the_report_names_the_task_that_computed_it():
    numbers = read_numbers(REPORTS / "numbers.json")
    assert numbers and all(estimate.run.count("/") == 3 for estimate in numbers)
