from collections import Counter
from itertools import combinations, product

import pytest

from empathy_core.contracts import BadInput
from empathy_core.datasets.generation.grid import SITUATIONS, TEST_DOMAINS, cells

LEVELS = {"family": 3, "register": 2, "person": 2, "other": 3}


def test_the_grid_holds_ten_domains_of_nine_with_ids_and_situations_of_their_own():
    grid = cells()
    assert Counter(cell.domain for cell in grid) == dict.fromkeys(SITUATIONS, 9)
    assert len({cell.scenario_id for cell in grid}) == len({cell.situation for cell in grid}) == len(grid) == 90


@pytest.mark.parametrize("pair", list(combinations(LEVELS, 2)), ids="-".join)
def test_any_two_factors_are_crossed_with_cells_that_differ_by_at_most_three(pair):
    counts = Counter(tuple(getattr(cell, factor) for factor in pair) for cell in cells())
    assert len(counts) == LEVELS[pair[0]] * LEVELS[pair[1]]
    assert max(counts.values()) - min(counts.values()) <= 3


@pytest.mark.parametrize("factor", ["family", "register", "other"])
def test_every_domain_meets_every_level_of_a_factor(factor):
    counts = Counter((cell.domain, getattr(cell, factor)) for cell in cells())
    assert set(counts) == set(product(SITUATIONS, {getattr(cell, factor) for cell in cells()}))


def test_whole_domains_are_held_out():
    assert {cell.domain for cell in cells() if cell.split == "test"} == set(TEST_DOMAINS)


@pytest.mark.parametrize("n", [10, 12, 30, 60])
def test_fewer_cells_are_spread_over_domains_and_families(n):
    few = cells(n)
    assert len(few) == n and set(few) <= set(cells())
    assert max(Counter(cell.domain for cell in few).values()) == -(-n // 10)
    assert set(Counter(cell.family for cell in few).values()) <= {n // 3, n // 3 + 1, n // 3 + 2}


@pytest.mark.parametrize("n", [0, 91])
def test_a_number_outside_the_grid_is_refused(n):
    with pytest.raises(BadInput, match=f"1 to 90 triplets. Got: {n}"):
        cells(n)
