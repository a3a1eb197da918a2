import re
from dataclasses import replace

import numpy as np
import pytest

from empathy_core.cards.tables import (
    NUMBER_HEADERS,
    by_model,
    decimals,
    interval,
    is_summary,
    models_of,
    null,
    number,
    number_rows,
    verdict_cell,
    verdict_rows,
    verdict_summary,
)


@pytest.mark.parametrize(
    "value, low, high, text",
    [
        (0.93123, 0.9011, 0.9603, "0.931 [0.901, 0.960]"),
        (0.5, 0.25, 0.75, "0.50 [0.25, 0.75]"),
        (0.0009, 0.0, 0.0019, "0.0009 [0.0000, 0.0019]"),
        (1234.5, 1000.0, 1500.0, "1234 [1000, 1500]"),
        (1.0, 1.0, 1.0, "1.00 [1.00, 1.00]"),
        (-0.001, -0.2, 0.2, "0.00 [−0.20, 0.20]"),
        (-0.04, -0.11, 0.03, "−0.04 [−0.11, 0.03]"),
    ],
)
def test_a_number_is_rounded_to_what_its_interval_supports(estimate, value, low, high, text):
    assert interval(replace(estimate("a/m/bandwidth/empathy", 0.5), value=value, low=low, high=high)) == text


def test_rounding_never_loses_more_than_a_twentieth_of_the_interval():
    for width in np.geomspace(1e-3, 50, 200):
        assert 0.5 * 10 ** -decimals(0.0, width) <= width / 20 + 1e-12


def test_printed_numbers_read_back_as_the_numbers_they_were():
    generator = np.random.default_rng(0)
    for value in generator.normal(scale=3, size=100):
        assert float(number(value, 3).replace("−", "-")) == pytest.approx(value, abs=5e-4)


def test_a_null_is_rounded_like_the_number_beside_it(estimate):
    assert null(estimate("a/m/bandwidth/empathy", 0.5, 0.2, null=1 / 3)) == "0.33"
    assert null(estimate("a/m/bandwidth/empathy", 0.5)) == "–"


def test_every_row_of_numbers_has_an_interval_and_n(estimates):
    rows = number_rows(estimates)
    assert len(rows) == len(estimates)
    assert all(len(row) == len(NUMBER_HEADERS) for row in rows)
    assert all(re.fullmatch(r"−?[\d.]+ \[−?[\d.]+, −?[\d.]+\]", row[2]) and int(row[4]) > 0 for row in rows)


def test_curves_stay_out_of_the_summary_tables(estimates):
    names = {one.name for one in filter(is_summary, estimates)}
    assert "grammar/graded/read/three-way/nested/auroc" in names
    drawn = [name for name in names if any(part in name for part in ("point=", "alpha=", "train=", "push="))]
    assert [name for name in drawn if "/likelihood/diagonal/" not in name] == []
    assert "grammar/graded/likelihood/diagonal/alpha=-0.3" in names, "one number a strength is no curve"
    assert "grammar/graded/write/affective/prompted/share" in names
    assert "grammar/graded/control/transfer/off-diagonal/auroc" in names


def test_a_table_by_model_lists_the_probe_before_the_words_and_the_excess(estimates):
    found = by_model(estimates, "read")
    order = list(dict.fromkeys(what[1] for what in found if what[0] == "three-way"))
    assert order == ["nested", "text", "excess", "max", "foils"]
    assert (
        set(found["three-way", "excess"])
        == set(models_of(estimates))
        == {"persistent", "graded", "scrambled", "untrained"}
    )


def test_a_verdict_stands_beside_what_was_planted_and_a_mismatch_is_marked(verdicts):
    assert verdict_cell(verdicts[0]) == "supported (as planted)"
    assert verdict_cell(replace(verdicts[0], expected="not supported")) == "supported (MISMATCH: planted not supported)"
    assert verdict_cell(replace(verdicts[0], expected=None)) == "supported"


def test_the_matrix_leaves_a_mark_where_a_model_was_not_judged(verdicts):
    headers, rows = verdict_rows(verdicts[:-1])
    assert headers == ["criterion", "persistent", "graded", "scrambled", "untrained"]
    assert rows[-1][-1] == "–"


def test_the_summary_counts_agreement_where_the_truth_is_known_and_outcomes_where_not(verdicts):
    wrong = [replace(verdicts[0], outcome="not supported"), *verdicts[1:]]
    assert verdict_summary(wrong) == "19 of 20 verdicts came out as planted."
    missing = [replace(verdicts[0], outcome="not measurable"), *verdicts[1:]]
    assert verdict_summary(missing) == "19 of 19 verdicts came out as planted. 1 more could not be measured."
    over = replace(wrong[0], model="all organisms")
    assert verdict_summary([*verdicts, over]) == "20 of 20 verdicts came out as planted."
    unknown = [replace(verdict, expected=None) for verdict in missing]
    assert verdict_summary(unknown) == "Of 20 verdicts: 9 supported, 10 not supported, 1 not measurable."
