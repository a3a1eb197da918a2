from datetime import datetime

from empathy_core.cards.terminal import line, run_lines
from empathy_core.runs import RunLine

RUN = RunLine("ProbeFlow/3", datetime(2025, 1, 2, 3, 4, 5), "ada", "failed", "grammar", ("a", "b"), ("pilot",))


def test_a_run_stands_on_one_line_under_its_heading():
    assert run_lines([RUN]) == [
        "run | began | by | state | texts | models | tags",
        "ProbeFlow/3 | 2025-01-02 03:04 | ada | failed | grammar | a, b | pilot",
    ]


def test_what_a_run_did_not_leave_is_a_dash():
    early = RunLine("DatasetFlow/1", RUN.began, "", "unfinished", "", (), ())
    assert run_lines([early])[1].endswith("03:04 | – | unfinished | – | – | –")


def test_without_runs_there_is_one_line():
    assert run_lines([]) == ["No run yet."]


def test_a_cell_is_cut_and_holds_nothing_that_a_terminal_would_obey():
    assert line(["\x1b[2J\r\n\u202ex\u0085", "y" * 61]) == "�[2J���x� | " + "y" * 59 + "…"
    assert line(["z" * 60, "é 🫶"]) == "z" * 60 + " | é 🫶"
