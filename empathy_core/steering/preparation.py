"""What stands before generation: where to steer, along what, and what a push does to text that is given."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from empathy_core.contracts import ActivationSet, Estimate, TextSet
from empathy_core.geometry.measure import measure_dimensions
from empathy_core.models.load import LoadedModel
from empathy_core.probes.directions import DirectionSet, make_directions, steering_point
from empathy_core.steering.contexts import context_directions
from empathy_core.steering.likelihood import departures, run_pushes, shifts
from empathy_core.steering.likelihood_shift import diagonal_estimates, scored_replies, shift_estimates
from empathy_core.steering.point_choice import PointSettings, choose_point
from empathy_core.steering.prepared import Preparation
from empathy_core.steering.pushes import PushSettings, plan_pushes
from empathy_core.steering.side_effects import neutral_texts, side_effect_estimates


def prepare(
    loaded: LoadedModel,
    texts: TextSet,
    read_point: Callable[[int], Float[np.ndarray, "text dim"]],
    activations: ActivationSet,
    point: int | None,
    seed: int,
) -> Preparation:
    """Choose the steering point on training scenarios, unless `point` names it, and measure there.

    Directions are made from training scenarios; the likelihood shift and the side effects are those of held-out texts.
    Raises `BadInput` for a point that was not extracted, and for texts that do not answer a scenario in every style.
    """
    prefix, curve = f"{texts.name}/{activations.model.name}", ()
    if point is None:
        choice = choose_point(loaded, texts, read_point, activations, PointSettings(), seed)
        point, curve = choice.point, choice.estimates
    directions = make_directions(read_point, activations, texts, steering_point(activations, point), seed=seed)
    features = read_point(directions.point)
    dimensions, measured = measure_dimensions(prefix, features, texts, seed)
    several = len(set(texts.column("context")[texts.column("split") == "train"])) > 1
    return Preparation(
        directions,
        context_directions(features, texts, directions, seed) if several else None,
        dimensions,
        (
            *curve,
            steered_point(prefix, directions),
            *measured,
            *_held_out_shift(loaded, texts, directions, prefix, seed),
            *_side_effects(loaded, texts, directions, prefix, seed),
        ),
    )


def steered_point(prefix: str, directions: DirectionSet) -> Estimate:
    """The residual point that all directions are added at: a choice, and so without interval or null."""
    point = float(directions.point)
    return Estimate(
        f"{prefix}/likelihood/steered-point",
        point,
        point,
        point,
        directions.steered[0].n,
        None,
        method="steering.preparation.steered_point",
    )


def _held_out_shift(
    loaded: LoadedModel, texts: TextSet, directions: DirectionSet, prefix: str, seed: int
) -> tuple[Estimate, ...]:
    plan = plan_pushes(scored_replies(texts, "test"), directions.steered, PushSettings(seed=seed))
    pushed = run_pushes(loaded, plan, shifts)
    return (*shift_estimates(prefix, plan, pushed, seed), *diagonal_estimates(prefix, plan, pushed, seed))


def _side_effects(
    loaded: LoadedModel, texts: TextSet, directions: DirectionSet, prefix: str, seed: int
) -> tuple[Estimate, ...]:
    plan = plan_pushes(neutral_texts(texts), directions.steered, PushSettings(seed=seed))
    return side_effect_estimates(prefix, plan, run_pushes(loaded, plan, departures), seed)
