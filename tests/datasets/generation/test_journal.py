import json
import os
from pathlib import Path

import pytest

from empathy_core.contracts import BadInput
from empathy_core.datasets.generation.journal import append, only_run_in, read_lines, write_json


def test_lines_come_back_in_order(tmp_path):
    records = [{"id": "é\n", "n": number} for number in range(3)]
    for record in records:
        append(tmp_path / "lines", record)
    assert read_lines(tmp_path / "lines") == records
    assert read_lines(tmp_path / "none") == []


def test_half_a_line_is_cut_off_so_that_the_next_stands_by_itself(tmp_path):
    path = tmp_path / "lines"
    append(path, {"n": 1})
    with path.open("a") as stream:
        stream.write('{"n": 2')
    assert read_lines(path) == [{"n": 1}]
    append(path, {"n": 3})
    assert read_lines(path) == [{"n": 1}, {"n": 3}]


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "state.json"
    write_json(path, {"n": 1})
    monkeypatch.setattr(os, "replace", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_json(path, {"n": 2})
    assert json.loads(path.read_text()) == {"n": 1}


def test_a_full_disk_is_told_and_another_fault_of_the_disk_is_not_called_one():
    with pytest.raises(BadInput, match="full disk at /dev/full"):
        append(Path("/dev/full"), {"n": 1})
    with pytest.raises(FileNotFoundError):
        append(Path("/nowhere/at/all"), {"n": 1})


def test_a_folder_is_held_by_one_run_at_a_time_and_let_go_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), only_run_in(tmp_path / "new"):
        with pytest.raises(BadInput, match="still going"), only_run_in(tmp_path / "new"):
            pass
        raise ZeroDivisionError
    with only_run_in(tmp_path / "new"):
        pass
