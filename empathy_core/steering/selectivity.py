"""Push one style, score every style: whether directions raise their own style and not the others.

This, and not the angles between directions, is the test of whether the styles are separate in use.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from empathy_core.contracts import Estimate
from empathy_core.steering.judged import (
    Sweep,
    bootstrap_weights,
    dose_response,
    n_scenarios,
    random_means,
    rates,
    weighted_means,
    with_interval,
)
from empathy_core.steering.range import BAND
from empathy_core.steering.slopes import coherent_strengths


def selectivity_estimates(
    prefix: str, sweep: Sweep, concepts: Sequence[str], styles: Sequence[str], seed: int
) -> tuple[Estimate, ...]:
    """Change of every concept's rate against `none` when each is pushed, at the last strength of its coherent range.

    A direction that breaks replies even at the weakest strength is read there. The null of a cell is the 95 % quantile
    of the same change under random directions at that strength. `write/selectivity/diagonal`, over the main styles
    alone (register has a rate of another kind), is the mean of the diagonal minus the mean of the other cells; a no-op
    changes no cell and gives 0.
    """
    weights = bootstrap_weights(sweep.prompts, seed)
    estimates, matrix = [], {}
    for pushed in concepts:
        step = coherent_strengths(sweep, pushed)
        for scored in concepts:
            values = rates(sweep, scored)
            curve = weighted_means(dose_response(sweep, values, pushed), weights)
            matrix[pushed, scored] = curve[:, step] - curve[:, 0]
            of_random = random_means(sweep, values)[:, step - 1] - curve[0, 0]
            estimates.append(
                Estimate(
                    f"{prefix}/write/selectivity/push={pushed}/score={scored}",
                    *with_interval(matrix[pushed, scored]),
                    n_scenarios(sweep),
                    float(np.quantile(of_random, BAND)),
                    method="steering.selectivity.selectivity_estimates",
                )
            )
    if len(styles) > 1:
        cells = np.array([[matrix[pushed, scored] for scored in styles] for pushed in styles])
        estimates.append(
            Estimate(
                f"{prefix}/write/selectivity/diagonal",
                *with_interval(diagonal_excess(cells)),
                n_scenarios(sweep),
                0.0,
                method="steering.selectivity.selectivity_estimates",
            )
        )
    return tuple(estimates)


def diagonal_excess(cells: Float[np.ndarray, "pushed scored *draws"]) -> Float[np.ndarray, "*draws"]:
    """Mean of the diagonal minus the mean of the other cells."""
    own = np.eye(len(cells), dtype=bool)
    return cells[own].mean(axis=0) - cells[~own].mean(axis=0)
