"""From trials to what generation starts from: each arm's prompt, seed and edits of the residual stream."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jaxtyping import Float

from empathy_core.contracts import Direction
from empathy_core.probes.directions import DirectionSet
from empathy_core.steering.contexts import ContextDirections
from empathy_core.steering.operators import Edits, ablate, add
from empathy_core.steering.prompted import ask_for
from empathy_core.steering.sampling import Row
from empathy_core.steering.sweep import Prompt, SweepSettings, Trial

NULL_ARMS = ("random", "permuted")
"""Their draws are directions; those of the other arms are repeats with new random numbers."""


def arm_rows(
    trials: Sequence[Trial],
    prompts: Sequence[Prompt],
    directions: DirectionSet,
    settings: SweepSettings,
    contexts: ContextDirections | None = None,
) -> list[Row]:
    """The generation row of every trial; all arms share prompts and seeds."""
    vectors = _added(directions, settings, contexts)
    ablations = {d.concept: without(d, directions) for d in directions.steered}

    def edits(trial: Trial, context: str) -> Edits:
        if trial.arm == "ablated":
            return ablations[trial.target]
        if not trial.strength:
            return {}
        return {directions.point: add(trial.strength * vectors[trial.arm](trial, context))}

    rows = []
    for trial in trials:
        prompt = prompts[trial.prompt]
        row = Row(
            prompt.scenario,
            prompt.seed_of(0 if trial.arm in NULL_ARMS else trial.draw),
            edits=edits(trial, prompt.context),
        )
        rows.append(ask_for(trial.target, row) if trial.arm == "prompted" else row)
    return rows


def without(direction: Direction, directions: DirectionSet) -> Edits:
    """Projects one direction, that of the steering point, out at every point (Arditi et al. 2024)."""
    taken_out = ablate(direction.vector[:, None])
    return dict.fromkeys(directions.subspaces, taken_out)


def _added(
    directions: DirectionSet, settings: SweepSettings, contexts: ContextDirections | None
) -> Mapping[str, Callable[[Trial, str], Float[np.ndarray, " dim"]]]:
    """Per arm, what strength 1 adds to a trial in a context, in units of the residual stream: its mean norm long."""
    scale, width = directions.steered[0].residual_norm, len(directions.steered[0].vector)
    gaussian = np.random.default_rng(settings.seed).standard_normal((settings.random_directions, width))
    random = scale * gaussian / np.linalg.norm(gaussian, axis=1, keepdims=True)
    steered, permuted = _by_concept(directions.steered), [_by_concept(found) for found in directions.permuted]
    of_halves = [_by_concept(found) for found in contexts.directions] if contexts else []
    half_of = contexts.half_of if contexts else {}
    return {
        "steered": lambda trial, context: steered[trial.target],
        "opposed": lambda trial, context: steered[trial.target],
        "random": lambda trial, context: random[trial.draw],
        "permuted": lambda trial, context: permuted[trial.draw][trial.target],
        "own context": lambda trial, context: of_halves[half_of[context]][trial.target],
        "other context": lambda trial, context: of_halves[1 - half_of[context]][trial.target],
    }


def _by_concept(found: Sequence[Direction]) -> dict[str, Float[np.ndarray, " dim"]]:
    return {d.concept: d.residual_norm * d.vector for d in found}
