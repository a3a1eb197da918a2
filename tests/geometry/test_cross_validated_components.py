from itertools import combinations

import numpy as np
import pytest
from planted_conditions import crossed, in_families

from empathy_core.geometry.components import (
    cross_validated_components,
    effective_dimension,
    main_conditions,
    make_design,
    null_bound,
    rank,
)


def components_of_every_halving(features, condition, units):
    """The definition on the features themselves: every way to halve the units, its eigenvectors, its other half."""
    names, found = np.unique(units), []
    for chosen in combinations(names, len(names) // 2):
        first, second = (
            np.array([features[half & (condition == k)].mean(axis=0) for k in np.unique(condition)])
            for half in (np.isin(units, chosen), ~np.isin(units, chosen))
        )
        values, vectors = np.linalg.eigh(first @ first.T)
        along = [u @ first @ second.T @ u for u in vectors[:, np.argsort(values)[::-1]].T]
        found.append(along[:-1])
    return np.mean(found, axis=0)


@pytest.mark.parametrize("families", [1, 4])
def test_random_halvings_approach_the_mean_over_every_halving(families):
    features, names, texts = crossed(n=8, rank=2, dim=10, size=1.0)
    texts = texts if families == 1 else in_families(texts, families)
    scenarios, rng = texts.column("scenario_id"), np.random.default_rng(0)
    design = make_design(features, names, texts, 1, rng)
    found = cross_validated_components(design, design.repeated(1), 8, 4000, rng)[0]
    centred = features - np.array([features[scenarios == s].mean(axis=0) for s in scenarios])
    expected = components_of_every_halving(centred, names, scenarios if families == 1 else texts.column("family"))
    np.testing.assert_allclose(found, expected, rtol=0.02)


def test_a_sample_of_scenarios_is_measured_as_if_it_were_the_whole_set():
    features, names, texts = crossed(n=20, rank=2)
    design = make_design(features, names, texts, 1, np.random.default_rng(0))
    sampled = cross_validated_components(design, design.repeated(1), 9, 4000, np.random.default_rng(1))[0]
    kept = np.isin(design.scenario, np.random.default_rng(1).permutation(20)[:9])
    alone = make_design(features[kept], names[kept], texts.rows(kept), 1, np.random.default_rng(0))
    expected = cross_validated_components(alone, alone.repeated(1), 9, 4000, np.random.default_rng(2))[0]
    np.testing.assert_allclose(sampled, expected, rtol=0.02)


def test_counting_stops_at_the_first_component_within_its_bound():
    bound = np.array([1.0, 1.0, 1.0])
    assert rank(np.array([3.0, 0.5, 2.0]), bound) == 1
    assert effective_dimension(np.array([3.0, 3.0, 0.9]), bound) == 2
    assert effective_dimension(np.array([1.0, 9.0, 9.0]), bound) == 0
    assert effective_dimension(np.array([20.0, 10.0, 0.0]), bound) == pytest.approx(1.8)


def test_at_most_one_permutation_in_twenty_lies_above_the_bound_even_where_they_tie():
    null = np.random.default_rng(0).integers(0, 5, (100, 2)).astype(float)
    assert ((null > null_bound(null)).mean(axis=0) <= 0.05).all()


def test_register_is_a_concept_only_where_a_set_has_both():
    assert list(main_conditions(crossed(n=8)[2])) == ["empathy"]
