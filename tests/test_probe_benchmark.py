"""The benchmark of probes times what it says it does, at a size where one fit after the other is quick as well."""

from dataclasses import asdict

import numpy as np
import pytest

from benchmarks.parts.probe_growth import VARIED
from benchmarks.parts.probe_growth_picture import picture
from benchmarks.parts.probe_null import FOLDS, activations, exact, make_tasks, null, ridge, scikit_learn
from empathy_core.stats import auroc


def test_tasks_are_each_style_against_the_others_and_each_pair_with_labels_permuted_inside_scenarios():
    tasks = make_tasks(30, 6, permutations=4)
    assert [len(task.rows) for task in tasks] == [30, 30, 30, 20, 20, 20]
    positives = [set(task.rows[task.columns[task.rows, 0] == 1] % 3) for task in tasks]
    assert positives == [{0}, {1}, {2}, {1}, {2}, {0}]
    for task in tasks:
        by_scenario = task.columns[task.rows].reshape(10, -1, 5)
        assert (by_scenario.sum(axis=1) == 1).all()


@pytest.mark.parametrize(("probe", "agreement"), [(exact, 1.0), (ridge, 0.9)])
def test_nulls_are_those_of_one_fit_after_the_other(probe, agreement):
    features, (task,) = activations(60, 30, seed=0).astype(float), make_tasks(60, 1, permutations=9)
    folds = [task.fold(number) for number in range(FOLDS)]
    naive = [
        np.mean([auroc(scikit_learn(features, column, *fold, 1e-8), column[fold[1]] == 1) for fold in folds])
        for column in task.columns.T
    ]
    values = null(features, [task], probe)[0]
    assert np.corrcoef(values, naive)[0, 1] >= agreement - 1e-12


def test_growth_is_read_off_the_rows_and_drawn():
    rows = [
        asdict(size)
        | dict.fromkeys(VARIED.variants, 1e-12 * size.texts**2 * size.dim * size.points * size.permutations)
        for size in VARIED.sizes()
    ]
    assert VARIED.curve(rows, "points", "exact")[0] == list(VARIED.values["points"])
    assert VARIED.exponents(rows)["texts"]["ridge"] == pytest.approx(2)
    assert VARIED.exponents(rows)["permutations"]["scikit_learn"] == pytest.approx(1)
    assert picture(rows).startswith(b"<?xml")
