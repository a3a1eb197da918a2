"""What `make study` tells a reader, and what it does when a flow fails."""

import pytest

from empathy_core import study
from empathy_core.contracts import Verdict


def verdict(model, criterion, outcome, expected):
    return Verdict(criterion, model, outcome, "rule", ("grammar/m/read/x",), expected)


def test_the_summary_counts_what_came_out_as_planted_and_names_what_did_not():
    lines = study.summary(
        [
            verdict("persistent", "separation", "supported", "supported"),
            verdict("persistent", "steerability", "not supported", "supported"),
            verdict("untrained", "separation", "not supported", "not supported"),
        ]
    )
    assert "  persistent: 1 of 2 criteria as planted; supported: separation" in lines
    assert "    NOT AS PLANTED: steerability is not supported, planted supported" in lines
    assert "  untrained: 1 of 1 criteria as planted; supported: nothing" in lines


def test_the_summary_of_four_organisms_fits_ten_lines_when_all_is_as_planted():
    models = ("persistent", "graded", "scrambled", "untrained")
    assert len(study.summary([verdict(m, "separation", "supported", "supported") for m in models])) <= 10


def test_a_failing_flow_stops_the_study_with_its_log_and_the_way_to_resume(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("METAFLOW_DATASTORE_SYSROOT_LOCAL", str(tmp_path))
    monkeypatch.setenv("METAFLOW_USER", "tester")
    with pytest.raises(SystemExit, match=r"resume"):
        study.run_flow("DatasetFlow", "--source", "file", "--path", "nowhere.json")
    assert "mistyped path" in capsys.readouterr().out


def test_an_unknown_model_is_refused_before_any_flow_starts(monkeypatch):
    monkeypatch.setattr(study, "run_flow", lambda *arguments: pytest.fail("a flow was started"))
    with pytest.raises(ValueError, match="gemma-99b"):
        study.main(["--models", "gemma-99b"])
