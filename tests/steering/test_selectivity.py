"""Who is pushed and who moves: planted matrices come back, and a direction that moves all alike is not selective."""

import numpy as np
import pytest
from planted_sweep import CONCEPTS, by_name, planted_sweep

from empathy_core.steering.selectivity import diagonal_excess, selectivity_estimates


def test_a_planted_cell_is_recovered_at_the_last_coherent_strength():
    found = by_name(selectivity_estimates("t/m", planted_sweep(1.0, others=-0.5), CONCEPTS, CONCEPTS, seed=0))
    own, other = (found[f"selectivity/push=warm/score={style}"] for style in CONCEPTS)
    assert own.value == pytest.approx(0.3, abs=0.02) and own.low > own.null
    assert other.value == pytest.approx(-0.15) and other.high < 0
    assert found["selectivity/push=cold/score=cold"].value == pytest.approx(0, abs=1e-12)
    assert found["selectivity/push=cold/score=warm"].value == pytest.approx(0, abs=0.02)


def test_the_diagonal_stands_out_where_styles_are_separate_and_not_where_one_direction_moves_all():
    apart = by_name(selectivity_estimates("t/m", planted_sweep(1.0), CONCEPTS, CONCEPTS, seed=0))
    alike = by_name(selectivity_estimates("t/m", planted_sweep(1.0, others=1.0), CONCEPTS, CONCEPTS, seed=0))
    idle = by_name(selectivity_estimates("t/m", planted_sweep(0.0), CONCEPTS, CONCEPTS, seed=0))
    assert apart["selectivity/diagonal"].low > 0 == apart["selectivity/diagonal"].null
    assert alike["selectivity/diagonal"].value == pytest.approx(-0.15 + 0.15, abs=0.02)
    assert idle["selectivity/diagonal"].low <= 0 <= idle["selectivity/diagonal"].high


def test_the_diagonal_needs_two_styles_and_leaves_controls_out():
    found = by_name(selectivity_estimates("t/m", planted_sweep(1.0), CONCEPTS, ("warm",), seed=0))
    assert "selectivity/diagonal" not in found and "selectivity/push=cold/score=warm" in found


def test_the_excess_is_that_of_a_loop_over_cells():
    cells = np.random.default_rng(0).random((3, 3, 4))
    own = [cells[i, j] for i in range(3) for j in range(3) if i == j]
    others = [cells[i, j] for i in range(3) for j in range(3) if i != j]
    np.testing.assert_allclose(diagonal_excess(cells), np.mean(own, axis=0) - np.mean(others, axis=0))
