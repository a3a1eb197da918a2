import json
import math
from dataclasses import asdict, replace

import pytest

from empathy_core.cards.numbers import (
    arrange,
    check_numbers,
    check_verdicts,
    read_numbers,
    read_verdicts,
    texts_of,
    write_numbers,
    write_verdicts,
)
from empathy_core.contracts import BadInput, Verdict

FIELDS = ["name", "value", "low", "high", "n", "null", "method", "run"]


def test_numbers_come_back_from_disk_at_full_precision(tmp_path, estimate):
    made = (estimate("a/m/bandwidth/empathy", 1 / 3, 1e-17), estimate("a/m/bandwidth/register", 0.1 + 0.2, null=1e-300))
    write_numbers(tmp_path / "numbers.json", made)
    assert read_numbers(tmp_path / "numbers.json") == made


def test_numbers_json_holds_exactly_the_fields_of_an_estimate_sorted_by_name(tmp_path, estimates):
    write_numbers(tmp_path / "numbers.json", estimates[::-1])
    content = json.loads((tmp_path / "numbers.json").read_text())
    assert list(content) == ["numbers"]
    assert all(list(row) == FIELDS for row in content["numbers"])
    assert content["numbers"] == sorted(map(asdict, estimates), key=lambda row: row["name"])


def test_a_name_of_lone_surrogates_and_emoji_survives_the_disk(tmp_path, estimate):
    made = (estimate("a/\ud800🙂\u202e/bandwidth/empathy", 0.5),)
    write_numbers(tmp_path / "numbers.json", made)
    assert read_numbers(tmp_path / "numbers.json") == made


def test_two_numbers_of_one_name_are_refused(estimates):
    with pytest.raises(BadInput, match="never share a name"):
        check_numbers([*estimates, replace(estimates[0], value=0.9)])


@pytest.mark.parametrize(
    "change", [{"value": math.nan}, {"low": -math.inf}, {"null": math.nan}, {"n": 0}, {"low": 0.9, "high": 0.1}]
)
def test_what_is_no_number_is_refused_before_it_is_written(tmp_path, estimates, change):
    with pytest.raises(BadInput, match="n ≥ 1"):
        write_numbers(tmp_path / "numbers.json", [replace(estimates[0], **change)])
    assert not (tmp_path / "numbers.json").exists()


def test_verdicts_keep_their_order_on_disk_and_bring_the_run_with_them(tmp_path, verdicts, accounts):
    write_verdicts(tmp_path / "verdicts.json", verdicts[::-1], accounts)
    assert read_verdicts(tmp_path / "verdicts.json") == (verdicts[::-1], accounts)


def test_a_verdict_without_any_evidence_is_refused(estimates):
    verdict = Verdict("separation", "persistent", "not measurable", "no judge", ())
    with pytest.raises(BadInput, match="names the estimates"):
        check_verdicts([verdict], estimates)


def test_a_verdict_decided_by_a_missing_number_is_refused_unless_not_measurable(estimates, verdicts):
    missing = replace(verdicts[0], evidence=("grammar/persistent/read/nothing/excess",))
    with pytest.raises(BadInput, match="nothing/excess"):
        check_verdicts([missing], estimates)
    check_verdicts([replace(missing, outcome="not measurable")], estimates)


def test_two_verdicts_in_one_cell_are_refused_but_two_sets_of_texts_are_two_cells(estimates, verdicts):
    elsewhere = replace(
        verdicts[0], outcome="not measurable", evidence=(verdicts[0].evidence[0].replace("grammar", "bundled"),)
    )
    check_verdicts([verdicts[0], elsewhere], estimates)
    assert texts_of(elsewhere) == "bundled"
    with pytest.raises(BadInput, match="one verdict"):
        check_verdicts([verdicts[0], verdicts[0]], estimates)


def test_reading_order_follows_the_verdicts_and_counts_points_as_numbers(estimate, verdicts):
    names = [f"grammar/{model}/read/three-way/point={p}/auroc" for model in ("graded", "persistent") for p in (10, 9)]
    ordered = [one.name for one in arrange([estimate(name, 0.5) for name in names], verdicts)]
    assert ordered == [names[3], names[2], names[1], names[0]]


def test_reading_order_does_not_depend_on_the_order_given(estimates, verdicts):
    assert arrange(estimates[::-1], verdicts) == arrange(estimates, verdicts)
