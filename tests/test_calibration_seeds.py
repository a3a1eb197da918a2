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


def test_seeds_are_measured_anew_though_the_file_has_them_and_others_stay_in_it(tmp_path, monkeypatch, capsys):
    write_calibration(tmp_path / FILE, {"0": ONE, "1": ONE})
    asked = []
    monkeypatch.setattr(calibration, "_run_seed", lambda seed: asked.append(seed) or OFF)
    main(["--seeds", "1,2", "--reports", str(tmp_path)])
    assert asked == ["1", "2"]
    assert read_calibration(tmp_path / FILE) == {"0": ONE, "1": OFF, "2": OFF}
    said = capsys.readouterr().out
    assert "Seed 1: 0 of 1" in said and "Seed 0" not in said


def test_an_interrupted_calibration_has_kept_the_seeds_that_it_finished(tmp_path, monkeypatch):
    finished = iter([ONE])
    monkeypatch.setattr(calibration, "_run_seed", lambda seed: next(finished))
    with pytest.raises(StopIteration):
        main(["--seeds", "0,1", "--reports", str(tmp_path)])
    assert read_calibration(tmp_path / FILE) == {"0": ONE}


@pytest.mark.parametrize("criteria", ["0" * 16, None])
def test_results_under_other_criteria_count_for_nothing(tmp_path, criteria):
    path = tmp_path / FILE
    if criteria:
        write_calibration(path, {"0": ONE})
        path.write_text(json.dumps(json.loads(path.read_text()) | {"criteria": criteria}))
    assert read_calibration(path) == {}
