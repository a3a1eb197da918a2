"""Folds keep whole scenarios on one side and, with several families, test on families that training never saw."""

from dataclasses import replace

import numpy as np
import pytest
from toy import toy_texts as texts

from empathy_core.contracts import BadInput
from empathy_core.datasets.splits import grouped_folds


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
