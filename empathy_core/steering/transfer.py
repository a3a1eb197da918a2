"""Transfer between contexts: what a direction made elsewhere keeps of the effect of one made at home."""

from collections.abc import Sequence

from empathy_core.contracts import Estimate
from empathy_core.stats import percentile_interval
from empathy_core.steering.judged import (
    Sweep,
    asked,
    bootstrap_weights,
    by_strength,
    has_arm,
    present_mean,
    rates,
    unsteered,
    weighted_means,
)


def transfer_estimates(prefix: str, sweep: Sweep, concepts: Sequence[str], seed: int) -> tuple[Estimate, ...]:
    """Per concept, effect of the other contexts' direction over the effect of the own contexts' direction.

    Effects are changes of the judged rate against `none`, on the same prompts and seeds at one strength; a direction
    bound to its contexts retains 0. Where the own effect is not above 0 over the whole interval there is nothing to
    retain, a ratio means nothing, and the concept is left out.
    """
    estimates = []
    for concept in concepts:
        if not has_arm(sweep, "own context", concept):
            continue
        known = asked(sweep, "own context")
        weights = bootstrap_weights([sweep.prompts[number] for number in known], seed)
        values = rates(sweep, concept)
        base = unsteered(sweep, values)[known]
        own, other = (
            weighted_means(present_mean(by_strength(sweep, values, f"{half} context", concept), (0, 2)) - base, weights)
            for half in ("own", "other")
        )
        if percentile_interval(own[1:])[0] <= 0:
            continue
        retained = other / own
        estimates.append(
            Estimate(
                f"{prefix}/write/transfer/{concept}/retained",
                float(retained[0]),
                *percentile_interval(retained[1:]),
                len({sweep.prompts[number].scenario_id for number in known}),
                0.0,
                method="steering.transfer.transfer_estimates",
            )
        )
    return tuple(estimates)
