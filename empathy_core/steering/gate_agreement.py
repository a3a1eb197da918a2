"""Whether the coherence gates, which know no grammar, agree with a judge that says which replies hang together."""

import numpy as np

from empathy_core.contracts import Estimate
from empathy_core.stats import bootstrap_mean, percentile_interval
from empathy_core.steering.judged import BOOTSTRAP_DRAWS, Sweep, parses


def gate_agreement(prefix: str, sweep: Sweep, seed: int) -> tuple[Estimate, ...]:
    """Accuracy of the gates against the judge, share of broken replies they caught, and of sound ones they passed.

    Over all replies that have both opinions. The nulls: always saying what is more frequent; and for the shares, gates
    that stop as many replies as these, at random. A share without replies (nothing broke) is left out.
    """
    opinion, passed = parses(sweep), sweep.coherent
    read = ~np.isnan(opinion) & ~np.isnan(passed)
    sound, passes = opinion[read] == 1, passed[read] == 1
    scenarios = np.array([sweep.prompts[trial.prompt].scenario_id for trial in sweep.trials])[read]
    if not read.any():
        return ()
    everything, majority = np.ones(len(sound), dtype=bool), max(sound.mean(), 1 - sound.mean())
    rng = np.random.default_rng(seed)
    found = []
    for measure, right, among, null in (
        ("accuracy", passes == sound, everything, majority),
        ("caught", ~passes, ~sound, (~passes).mean()),
        ("passed", passes, sound, passes.mean()),
    ):
        if among.any():
            values = right[among].astype(float)
            draws = bootstrap_mean(values, scenarios[among], BOOTSTRAP_DRAWS, rng)
            found.append(
                Estimate(
                    f"{prefix}/write/coherence/{measure}",
                    float(values.mean()),
                    *percentile_interval(draws),
                    len(np.unique(scenarios[among])),
                    float(null),
                    method="steering.gate_agreement.gate_agreement",
                )
            )
    return tuple(found)
