"""Folds keep whole scenarios on one side and, with several families, test on families that training never saw."""

from dataclasses import replace

import numpy as np
import pytest
from toy import toy_texts as texts

from empathy_core.contracts import BadInput
from empathy_core.datasets.splits import fold_numbers, grouped_folds, held_out, renumbered, scenario_folds


def with_families(plain, names):
    return replace(
        plain, texts=tuple(replace(t, family=names[int(t.scenario_id[1:]) % len(names)]) for t in plain.texts)
    )


def test_no_scenario_stands_on_both_sides_and_every_row_is_tested_once():
    plain = texts(13)
    folds = grouped_folds(plain, 4)
    scenario = plain.column("scenario_id")
    assert all(not set(scenario[fold.train]) & set(scenario[fold.test]) for fold in folds)
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(len(plain)))


def test_with_several_families_each_is_tested_on_what_the_others_taught():
    crossed = with_families(texts(21), ("A", "B", "C"))
    family, scenario = crossed.column("family"), crossed.column("scenario_id")
    folds = grouped_folds(crossed, 5)
    assert [set(family[fold.test]) for fold in folds] == [{"A"}, {"B"}, {"C"}]
    for fold in folds:
        assert not set(family[fold.test]) & set(family[fold.train])
        assert not set(scenario[fold.test]) & set(scenario[fold.train])
        assert len(fold.train) + len(fold.test) == len(crossed)


def test_another_seed_gives_other_folds_and_the_same_seed_the_same():
    tests = [tuple(grouped_folds(texts(20), 5, seed)[0].test) for seed in (0, 0, 1)]
    assert tests[0] == tests[1] != tests[2]


def test_a_style_with_fewer_scenarios_than_folds_is_refused():
    with pytest.raises(BadInput, match=r"as there are folds \(5\).*3 scenarios for style 'warm'"):
        grouped_folds(texts(3), 5)


def test_a_family_with_fewer_scenarios_than_folds_is_refused():
    with pytest.raises(BadInput, match="in family 'B'"):
        grouped_folds(with_families(texts(8), ("A", "A", "A", "A", "A", "A", "A", "B")), 3)


def test_texts_without_a_family_join_the_folds_of_their_scenario_or_are_divided_by_scenario():
    crossed = with_families(texts(12), ("A", "B", "C"))
    foils = [replace(text, id=f"{text.id}-foil", role="foil", family="") for text in crossed.texts[:6]]
    others = [replace(foils[0], id=f"{n}", scenario_id=f"other {n // 2}", role="emotion") for n in range(18)]
    folds = grouped_folds(replace(crossed, texts=(*crossed.texts, *foils, *others)), 5)
    number = fold_numbers(folds, 48)
    assert number[24:30].tolist() == number[:6].tolist()
    assert (number[30::2] == number[31::2]).all() and np.bincount(number[30:]).tolist() == [6, 6, 6]


def test_scenarios_are_divided_whatever_their_families_and_never_into_more_folds_than_there_are():
    crossed = with_families(texts(4), ("A", "B"))
    folds = scenario_folds(crossed, 9)
    assert len(folds) == 4
    assert all(len(set(crossed.column("scenario_id")[fold.test])) == 1 for fold in folds)


def test_holding_out_a_value_tests_it_on_all_the_others():
    groups = np.array(["x", "y", "x", "z"])
    [first, second] = held_out(groups, np.array(["x", "z"]))
    assert (first.test.tolist(), first.train.tolist(), second.test.tolist()) == ([0, 2], [1, 3], [3])


def test_folds_of_a_subset_keep_their_rows_and_lose_what_tests_nothing():
    folds = held_out(np.array(["x", "y", "x", "z"]), np.array(["x", "y", "z"]))
    inner = renumbered(folds, np.array([1, 2, 3]))
    assert [fold.test.tolist() for fold in inner] == [[1], [0], [2]]
    assert len(renumbered(folds, np.array([0, 2]))) == 1
    assert fold_numbers(renumbered(folds, np.array([0, 1])), 3).tolist() == [0, 1, -1]
