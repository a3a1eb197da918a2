"""Looking up numbers and verdicts of a study."""

import pytest
from toy import toy_texts

from empathy_core.contracts import BadInput, Estimate, Verdict
from empathy_core.results import RunResults

NUMBERS = (
    Estimate(
        "toy/tiny/read/warm-cold/excess", 0.1, -0.1, 0.3, 20, 0.0, "probes.evaluate.excess", "ProbeFlow/1/probe/2"
    ),
    Estimate("toy/tiny/likelihood/steered-point", 2.0, 2.0, 2.0, 30, None, "steering.preparation.steered_point"),
)
VERDICT = Verdict("excess over text", "tiny", "not supported", "not distinguishable from text", (NUMBERS[0].name,))


@pytest.fixture
def run():
    runs = {"ProbeFlow": "ProbeFlow/1", "ActivationFlow": "ActivationFlow/1"}
    return RunResults(runs, {}, {}, toy_texts(20), numbers=NUMBERS, verdicts=(VERDICT,))


def test_a_table_holds_every_number_in_full_with_the_interval_beside_the_null(run):
    table = run.table()
    assert list(table) == ["name", "value", "low", "high", "null", "n", "method", "run"]
    assert [Estimate(**row) for row in run.table("excess").to_dict("records")] == [NUMBERS[0]]
    assert table["null"].isna().tolist() == [False, True]


def test_a_table_without_rows_has_its_columns(run):
    assert run.table("dimension").empty and list(run.table("dimension")) == list(run.table())


def test_verdicts_stand_in_a_table(run):
    assert run.verdict_table().to_dict("records") == [
        {"model": "tiny", "criterion": "excess over text", "outcome": "not supported", "expected": None}
        | {"reason": "not distinguishable from text"}
    ]


def test_a_number_is_found_by_its_key_and_a_mistyped_key_gets_a_near_one(run):
    assert run.number(NUMBERS[1].name) is NUMBERS[1]
    with pytest.raises(BadInput, match="or take toy/tiny/read/warm-cold/excess"):
        run.number("toy/tiny/read/warm-cold/exces")
    with pytest.raises(BadInput, match=r"look through `table\(\)`\.$"):
        run.number("bandwidth")


def test_results_are_shown_in_a_few_lines_however_large_their_texts(run):
    assert repr(run).splitlines() == [
        "RunResults of ProbeFlow/1, ActivationFlow/1: 2 numbers, 1 verdicts",
        "  tiny: excess over text: not supported",
    ]
    assert repr(run.texts) == "TextSet(name='toy', kind='measured', 40 texts)"
