"""Judged trials as arrays: replies by draw, prompt and strength, their rates, and means over resampled scenarios.

A reply without a verdict is NaN and counts nowhere; a mean without any verdict is NaN.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Float

from empathy_core.stats import percentile_interval
from empathy_core.steering.judges import Judgement
from empathy_core.steering.sweep import Prompt, SweepSettings, Trial

BOOTSTRAP_DRAWS = 1000


@dataclass(frozen=True)
class Sweep:
    """A finished steering experiment of one model: one entry of each list per trial."""

    settings: SweepSettings
    prompts: tuple[Prompt, ...]
    trials: tuple[Trial, ...]
    replies: tuple[str, ...]
    coherent: Float[np.ndarray, " trial"]
    """1 where a reply passes the coherence gates, 0 where not, NaN where it was not scored."""
    judgements: tuple[Judgement, ...]
    """Empty when no judge reads these texts."""


def rates(sweep: Sweep, concept: str) -> Float[np.ndarray, " trial"]:
    """How far each reply is in a style (share of its sentences), or in casual register for `casual`."""
    if concept == "casual":
        return np.array([judgement.casual for judgement in sweep.judgements], dtype=float)
    return np.array([judgement.shares[concept] for judgement in sweep.judgements], dtype=float)


def parses(sweep: Sweep) -> Float[np.ndarray, " trial"]:
    """1 where the judge says that a reply hangs together, 0 where not, NaN where it says neither."""
    return np.array([judgement.parses for judgement in sweep.judgements], dtype=float)


def has_arm(sweep: Sweep, arm: str, target: str = "") -> bool:
    """Whether the experiment has trials of this arm (for this target)."""
    return any((trial.arm, trial.target) == (arm, target) for trial in sweep.trials)


def strengths(sweep: Sweep, arm: str) -> tuple[float, ...]:
    """The strengths of an arm, the weakest first."""
    return tuple(sorted({trial.strength for trial in sweep.trials if trial.arm == arm}, key=abs))


def n_scenarios(sweep: Sweep) -> int:
    """The number of independent units behind an interval over prompts."""
    return len({prompt.scenario_id for prompt in sweep.prompts})


def asked(sweep: Sweep, arm: str) -> list[int]:
    """The prompts of an arm, ascending."""
    return sorted({trial.prompt for trial in sweep.trials if trial.arm == arm})


def by_strength(
    sweep: Sweep, values: Float[np.ndarray, " trial"], arm: str, target: str = ""
) -> Float[np.ndarray, "draw prompt strength"]:
    """Values of one arm as an array, prompts ascending and the weakest strength first."""
    found = {
        (trial.draw, trial.prompt, trial.strength): value
        for trial, value in zip(sweep.trials, values, strict=True)
        if (trial.arm, trial.target) == (arm, target)
    }
    draws, prompts, steps = (set(axis) for axis in zip(*found, strict=True))
    axes = (sorted(draws), sorted(prompts), sorted(steps, key=abs))
    return np.array([found[key] for key in product(*axes)]).reshape([len(axis) for axis in axes])


def unsteered(sweep: Sweep, values: Float[np.ndarray, " trial"]) -> Float[np.ndarray, " prompt"]:
    """Mean over the repeats of `none`."""
    return present_mean(by_strength(sweep, values, "none"), (0, 2))


def dose_response(
    sweep: Sweep, values: Float[np.ndarray, " trial"], concept: str, arm: str = "steered"
) -> Float[np.ndarray, "prompt strength"]:
    """Means over repeats along a concept's own direction; strength 0 comes first and is the arm `none`."""
    moved = present_mean(by_strength(sweep, values, arm, concept), (0,))
    return np.column_stack([unsteered(sweep, values), moved])


def random_means(sweep: Sweep, values: Float[np.ndarray, " trial"]) -> Float[np.ndarray, "draw strength"]:
    """The mean over prompts of every random direction at every strength."""
    return present_mean(by_strength(sweep, values, "random"), (1,))


def bootstrap_weights(prompts: Sequence[Prompt], seed: int) -> Float[np.ndarray, "draw prompt"]:
    """How often each prompt counts: row 0 is the sample itself, the others resample whole scenarios."""
    _, position = np.unique([prompt.scenario_id for prompt in prompts], return_inverse=True)
    n = position.max() + 1
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=BOOTSTRAP_DRAWS)
    return np.concatenate([np.ones((1, len(position))), counts[:, position]]).astype(float)


def weighted_means(
    values: Float[np.ndarray, "prompt ..."], weights: Float[np.ndarray, "draw prompt"]
) -> Float[np.ndarray, "draw ..."]:
    """Means over prompts in every draw."""
    there = ~np.isnan(values)
    total, weight = (np.tensordot(weights, part, axes=1) for part in (np.where(there, values, 0), there.astype(float)))
    return np.divide(total, weight, out=np.full(total.shape, np.nan), where=weight > 0)


def present_mean(values: Float[np.ndarray, "..."], axes: tuple[int, ...]) -> Float[np.ndarray, "..."]:
    """Mean over these axes of the values that are there."""
    there = ~np.isnan(values)
    total, n = np.where(there, values, 0).sum(axis=axes), there.sum(axis=axes)
    return np.divide(total, n, out=np.full(total.shape, np.nan), where=n > 0)


def with_interval(draws: Float[np.ndarray, " draw"]) -> tuple[float, float, float]:
    """Value, low and high from draws of which the first is the sample itself."""
    return float(draws[0]), *percentile_interval(draws[1:])
