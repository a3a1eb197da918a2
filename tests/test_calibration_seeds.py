"""The committed calibration over seeds of texts is of today's criteria, and every planted verdict came out."""

import json

import pytest

from empathy_core import calibration
from empathy_core.calibration import FILE, SeedResult, main, read_calibration, write_calibration
from empathy_core.models.specs import ORGANISMS
from empathy_core.study import ROOT

ONE = SeedResult("0123", "ValidationFlow/1", {"persistent": {"separation": ("supported", "supported")}})
OFF = SeedResult("4567", "ValidationFlow/2", {"persistent": {"separation": ("not supported", "supported")}})


def test_every_planted_verdict_came_out_over_three_seeds_of_texts():
    found = read_calibration(ROOT / "reports" / FILE)
    assert len(found) >= 3, "the criteria changed since `make calibrate` was run"
    assert len({result.texts for result in found.values()}) == len(found)
    for result in found.values():
        assert set(ORGANISMS) <= set(result.planted)
        assert all(found == truth for of_model in result.planted.values() for found, truth in of_model.values())


def test_a_seed_that_did_not_come_out_as_planted_is_counted_so():
    assert (ONE.agreeing, ONE.cells, OFF.agreeing, OFF.cells) == (1, 1, 0, 1)


def test_an_interrupted_calibration_goes_on_with_the_seeds_that_are_missing(tmp_path, monkeypatch, capsys):
    write_calibration(tmp_path / FILE, {"0": ONE})
    asked = []
    monkeypatch.setattr(calibration, "_run_seed", lambda seed: asked.append(seed) or OFF)
    main(["--seeds", "0,1", "--reports", str(tmp_path)])
    assert asked == ["1"]
    assert read_calibration(tmp_path / FILE) == {"0": ONE, "1": OFF}
    assert "Seed 1: 0 of 1" in capsys.readouterr().out


@pytest.mark.parametrize("criteria", ["0" * 16, None])
def test_results_under_other_criteria_count_for_nothing(tmp_path, criteria):
    path = tmp_path / FILE
    if criteria:
        write_calibration(path, {"0": ONE})
        path.write_text(json.dumps(json.loads(path.read_text()) | {"criteria": criteria}))
    assert read_calibration(path) == {}
