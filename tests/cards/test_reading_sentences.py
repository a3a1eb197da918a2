"""What the sentences say of numbers whose meaning is known."""

import itertools
from dataclasses import replace

import pytest

from empathy_core.cards.read_tables import (
    EXCESS_HEADERS,
    FOIL_HEADERS,
    READING_HEADERS,
    REPLICATION_HEADERS,
    excess_rows,
    foil_rows,
    reading_rows,
    replication_rows,
)
from empathy_core.cards.reading import Comparison, TaskReading, deciding, foil_outcome, in_order, outcome, readings
from empathy_core.contracts import Estimate
from empathy_core.probes.replication import WHY_IT_MISLEADS

NOTHING, MORE, LESS, SAME, OPEN = "cannot be read", "more than", "less than", "Not distinguishable", "undecided"


def number(name, value, low, high, null=0.5):
    return Estimate(name, value, low, high, 40, null, "tests.cards.made_by_hand")


def comparison(probe, text, excess, null=0.6, stem="g/m/read/a-b"):
    """From (value, low, high) of each."""
    return Comparison(
        number(f"{stem}/nested/auroc", *probe, null),
        number(f"{stem}/text/tfidf/auroc", *text),
        number(f"{stem}/excess", *excess, 0.0),
    )


CHANCE, HIGH, PERFECT = (0.5, 0.42, 0.58), (0.97, 0.94, 0.99), (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    "probe, text, excess, said",
    [
        (PERFECT, PERFECT, (0.0, 0.0, 0.0), SAME),
        (PERFECT, HIGH, (0.03, 0.0, 0.06), SAME),
        (PERFECT, HIGH, (0.03, 0.01, 0.06), MORE),
        (HIGH, CHANCE, (0.47, 0.39, 0.55), MORE),
        (HIGH, PERFECT, (-0.03, -0.06, -0.01), LESS),
        (CHANCE, CHANCE, (0.0, -0.1, 0.1), NOTHING),
        (CHANCE, PERFECT, (-0.5, -0.58, -0.42), NOTHING),
        (CHANCE, (0.3, 0.2, 0.4), (0.2, 0.1, 0.3), NOTHING),
        ((0.66, 0.61, 0.7), (0.6, 0.49, 0.7), (0.06, -0.05, 0.17), OPEN),
    ],
)
def test_a_probe_shows_something_only_where_it_exceeds_its_null_and_the_text(probe, text, excess, said):
    assert said in outcome(TaskReading("m", "a-b", comparison(probe, text, excess), None))


def test_exactly_one_sentence_fits_any_numbers():
    ends = (0.3, 0.5, 0.6, 0.7)
    intervals = [(low, low, high) for low, high in itertools.product(ends, ends) if low <= high]
    differences = [(0.0, -0.1, -0.01), (0.0, -0.1, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.1), (0.05, 0.01, 0.1)]
    for probe, text, excess in itertools.product(intervals, intervals, differences):
        said = outcome(TaskReading("m", "a-b", comparison(probe, text, excess), None))
        assert sum(words in said for words in (NOTHING, MORE, LESS, SAME, OPEN)) == 1


def test_an_interval_that_only_touches_the_null_does_not_clear_it():
    touching = comparison((0.7, 0.6, 0.8), CHANCE, (0.2, 0.1, 0.3), null=0.6)
    assert NOTHING in outcome(TaskReading("m", "a-b", touching, None))


def test_a_null_below_chance_does_not_make_chance_readable():
    lucky = comparison((0.48, 0.45, 0.52), CHANCE, (0.0, -0.1, 0.1), null=0.4)
    assert NOTHING in outcome(TaskReading("m", "a-b", lucky, None))


@pytest.mark.parametrize(
    "task, what", [("three-way", "styles"), ("register", "registers"), ("main-non_empathic", "kinds of text")]
)
def test_the_sentence_names_what_cannot_be_told_apart(task, what):
    assert f"The {what} cannot" in outcome(TaskReading("m", task, comparison(CHANCE, CHANCE, (0.0, 0.0, 0.0)), None))


@pytest.mark.parametrize(
    "probe, excess, said",
    [
        ((0.1, 0.05, 0.2), (0.0, -0.1, 0.1), "Follows the words"),
        ((0.1, 0.05, 0.2), (0.3, 0.2, 0.4), "Follows the words"),
        ((0.9, 0.8, 0.95), (0.6, 0.5, 0.7), "Follows the stance"),
        ((0.9, 0.8, 0.95), (0.02, -0.02, 0.1), "Undecided: above chance, but"),
        ((0.55, 0.45, 0.65), (0.3, 0.2, 0.4), "Undecided."),
        ((0.45, 0.35, 0.5), (0.0, -0.1, 0.1), "Undecided."),
        ((0.58, 0.52, 0.64), (0.3, 0.2, 0.4), "Undecided."),
    ],
)
def test_foils_tell_stance_from_words(probe, excess, said):
    foils = comparison(probe, (0.4, 0.3, 0.5), excess, stem="g/m/read/a-b/foils")
    found = TaskReading("m", "a-b", comparison(HIGH, HIGH, (0.0, 0.0, 0.0)), foils)
    assert foil_outcome(found).startswith(said)


def test_texts_without_foils_say_nothing_of_them():
    assert foil_outcome(TaskReading("m", "a-b", comparison(HIGH, HIGH, (0.0, 0.0, 0.0)), None)) is None


def test_the_best_text_baseline_is_found_and_named_and_foils_have_their_own(estimates):
    (found,) = [one for one in readings(estimates) if (one.model, one.task) == ("persistent", "three-way")]
    assert (found.main.text.value, found.main.text_kind) == (0.53, "all words (TF-IDF)")
    assert (found.foils.text.value, found.foils.text_kind) == (0.5, "function words")
    assert found.foils.probe.n == 30 and found.main.probe.n == 48


def test_planted_effects_are_told_from_none(estimates):
    said = {(one.model, one.task): outcome(one) for one in readings(estimates)}
    assert MORE in said["persistent", "three-way"] and MORE in said["scrambled", "register"]
    assert NOTHING in said["scrambled", "three-way"]


def test_perfect_words_make_a_perfect_probe_worth_nothing(estimates):
    perfect = [replace(e, value=1.0, low=1.0, high=1.0) if e.name.endswith("auroc") else e for e in estimates]
    level = [replace(e, value=0.0, low=0.0, high=0.0) if e.name.endswith("excess") else e for e in perfect]
    assert {outcome(one) for one in readings(level)} == {
        "Not distinguishable from text, which reads as much without any model."
    }


def test_a_task_without_text_baselines_gets_no_sentence(estimates):
    assert readings([one for one in estimates if "/text/" not in one.name]) == ()
    assert readings([]) == ()


def test_tasks_come_in_one_order_whatever_the_order_given(estimates):
    own = [one for one in estimates if "/persistent/" in one.name]
    assert in_order(["main-x", "register", "a-rest", "a-b", "three-way"]) == (
        "three-way",
        "a-b",
        "a-rest",
        "register",
        "main-x",
    )
    assert readings(own)[0].task == readings(own[::-1])[0].task == "three-way"


def test_the_deciding_task_is_all_styles_or_the_pair_with_foils_or_the_first(estimates):
    own = readings([one for one in estimates if "/persistent/" in one.name])
    assert deciding(own) == "three-way"
    pairs = [replace(own[0], task=task, foils=None) for task in ("b-c", "a-b")]
    assert deciding([*pairs, replace(own[0], task="x-y")]) == "x-y"
    assert deciding(pairs) == "b-c"
    assert deciding([]) is None


def test_every_table_has_a_row_for_each_task_under_its_headers(estimates):
    found = readings(estimates)
    with_foils = [one for one in found if one.foils]
    replicated = [one for one in estimates if "/replication/" in one.name]
    for rows, headers, count in (
        (reading_rows(found), READING_HEADERS, len(found)),
        (excess_rows(found), EXCESS_HEADERS, len(found)),
        (foil_rows(found), FOIL_HEADERS, len(with_foils)),
        (replication_rows(replicated), REPLICATION_HEADERS, len(replicated)),
    ):
        assert len(rows) == count and {len(row) for row in rows} == {len(headers) + 1}


def test_every_number_of_the_earlier_study_stands_beside_its_null_and_why_it_misleads(estimates):
    rows = replication_rows([one for one in estimates if "/persistent/replication/" in one.name])
    assert {row[-1] for row in rows} == set(WHY_IT_MISLEADS.values())
    assert all(row[3] != "–" for row in rows)
