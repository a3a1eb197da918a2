"""A steering experiment with planted effects, without a model: what each arm does to a reply's rates is known."""

import numpy as np
from toy import toy_texts

from empathy_core.contracts import Direction
from empathy_core.probes.directions import DirectionSet
from empathy_core.steering.contexts import ContextDirections
from empathy_core.steering.judged import Sweep
from empathy_core.steering.judges import Judgement
from empathy_core.steering.sweep import SweepSettings, held_out_prompts, plan

SETTINGS = SweepSettings(strengths=(0.1, 0.2, 0.3, 0.4), prompts=30, random_directions=20)
TEXTS = toy_texts(160)
CONCEPTS = ("warm", "cold")
BASE = {"warm": 0.25, "cold": 0.5}


def direction(concept, axis):
    return Direction(concept, "m", 2, np.eye(5)[axis], 3.0, 2.0, 10, "test")


def directions(permuted=2):
    real = (direction("warm", 0), direction("cold", 1))
    bases = {point: np.eye(5)[:, :1] for point in range(3)}
    return DirectionSet(real, ((direction("warm", 2), direction("cold", 3)),) * permuted, bases)


def contexts():
    """Half 0 holds every prompt of the toy texts."""
    return ContextDirections({"work": 0, "home": 1}, ((direction("warm", 0),), (direction("warm", 4),)))


def planted_sweep(gain, broken_from=0.35, coherent_rate=1.0, seed=0, retained=0.5, others=0.0, noise=0.02):
    """Replies whose own share moves by `gain` per unit of strength along the warm direction, and by none other.

    Pushing `warm` moves the share of `cold` by `others` per unit; the warm direction of other contexts has `retained`
    of the gain. Replies are broken from strength `broken_from` on, of either sign.
    """
    rng = np.random.default_rng(seed)
    prompts = held_out_prompts(TEXTS, SETTINGS)
    trials = plan(directions(), prompts, SETTINGS, True, ("warm",), contexts())
    shift = rng.uniform(-0.05, 0.05, SETTINGS.prompts)
    along = {"steered": 1.0, "opposed": 1.0, "own context": 1.0, "other context": retained}
    judgements, coherent = [], []
    for trial in trials:
        pushed = along.get(trial.arm, 0.0) * trial.strength * (trial.target == "warm")
        error = 0.0 if trial.arm == "none" else rng.normal(0, noise)
        shares = {
            "warm": BASE["warm"] + shift[trial.prompt] + gain * pushed + error + 0.1 * (trial.arm == "prompted"),
            "cold": BASE["cold"] + others * pushed,
        }
        judgements.append(Judgement(shares, float(rng.random() < 0.5), True))
        coherent.append(abs(trial.strength) < broken_from and rng.random() < coherent_rate)
    return Sweep(SETTINGS, prompts, trials, ("",) * len(trials), np.array(coherent, dtype=float), tuple(judgements))


def by_name(estimates):
    """Without data set and model, which are `t/m`."""
    return {estimate.name.removeprefix("t/m/write/"): estimate for estimate in estimates}
