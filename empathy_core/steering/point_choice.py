"""Which residual point to steer at, by likelihood shift on training scenarios; no test text is looked at."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Shaped

from empathy_core.contracts import ActivationSet, BadInput, Estimate, TextSet
from empathy_core.models.load import LoadedModel
from empathy_core.probes.directions import middle_point
from empathy_core.probes.mean_difference import mean_difference
from empathy_core.steering.likelihood import shifts
from empathy_core.steering.likelihood_shift import (
    BOOTSTRAP_DRAWS,
    mean_and_interval,
    random_diagonal_bound,
    scored_replies,
    style_shifts,
)
from empathy_core.steering.operators import Edits, add
from empathy_core.steering.pushes import random_units
from empathy_core.steering.selectivity import diagonal_excess

FEWEST_SCENARIOS = 4
"""Two in each half."""

CONFIDENCE = 0.95
"""Of the statement that all points out of the running are worse than the best."""


@dataclass(frozen=True)
class PointSettings:
    """Size of the sweep over points."""

    strength: float = 0.1
    """In units of the mean residual norm. Small, so that shifts grow in proportion: stronger pushes at the first point
    disturb every reply, and what is left of them differs between styles for no good reason."""
    scenarios: int = 48
    """Training scenarios that are scored, at most."""
    random_directions: int = 20
    random_scenarios: int = 8


@dataclass(frozen=True)
class PointChoice:
    """The point to steer at, and the curve that it was chosen by."""

    point: int
    estimates: tuple[Estimate, ...]
    """One per point: the mean diagonal minus the mean off-diagonal of the likelihood shifts."""


def choose_point(
    loaded: LoadedModel,
    texts: TextSet,
    read_point: Callable[[int], Float[np.ndarray, "text dim"]],
    activations: ActivationSet,
    settings: PointSettings,
    seed: int,
) -> PointChoice:
    """Sweep all extracted points with directions and scored replies from different training scenarios, and choose one.

    The training scenarios are halved at random: each half's replies are scored under directions that the other half
    made. A point's null is the size that 95 % of random directions' diagonals stay under, on fewer scenarios. How the
    point follows from the curve stands at `best_point`. Both halves share their vocabulary, so a model that knows words
    alone clears the null: the curve compares points, and held-out replies show whether there is control. Raises
    `BadInput` for fewer than two styles or four scenarios, and as `likelihood.shifts` does.
    """
    rng = np.random.default_rng(seed)
    halves = _halves(texts, rng)
    curve = np.concatenate(
        [
            _scored(loaded, texts, read_point, activations, settings, fitted, scored[: settings.scenarios // 2])
            for fitted, scored in (halves, halves[::-1])
        ],
        axis=1,
    )
    few = _replies(texts, np.concatenate([half[: settings.random_scenarios // 2] for half in halves]))
    random = _random_shifts(loaded, few, activations, settings, rng)
    estimates = tuple(
        Estimate(
            f"{texts.name}/{activations.model.name}/likelihood/point={point}/diagonal",
            *mean_and_interval(values, rng),
            len(values),
            random_diagonal_bound(of_point.mean(axis=1), rng),
            method="steering.point_choice.choose_point",
        )
        for point, values, of_point in zip(activations.points, curve, random, strict=True)
    )
    return PointChoice(best_point(activations.points, curve, random, rng), estimates)


def best_point(
    points: tuple[int, ...],
    curve: Float[np.ndarray, "point scenario"],
    random: Float[np.ndarray, "point random few style"],
    rng: np.random.Generator,
) -> int:
    """The point nearest to two thirds of the way up, among those not clearly below the best.

    Diagonals are compared in units of the root mean square shift under random directions at the same point, because
    equal steps in residual norms do not move the output equally: late in a model every direction does more. A point is
    clearly below the best where a simultaneous 95 % bound for all points says so (maximum of the studentised
    differences; bootstrap over scenarios, over random directions, and over the scenarios these were tried on). So noise
    leaves the choice where the literature steers, and only evidence moves it; of two points equally near, the earlier
    counts.
    """
    shift = _weights(curve.shape[1], rng) @ curve.T
    of_random = np.einsum("ds,prsk->dprk", _weights(random.shape[2], rng), random)
    square = np.einsum("dr,dprk->dp", _weights(random.shape[1], rng), of_random**2) / random.shape[3]
    # Resampled means hold the scenarios' noise twice, which would make every square too large.
    square[1:] *= square[0] / square[1:].mean(axis=0)
    relative = shift / np.sqrt(square)
    behind = relative[:, [relative[0].argmax()]] - relative
    spread = behind[1:].std(axis=0)
    deviations = np.divide(behind[1:] - behind[0], spread, out=np.zeros_like(behind[1:]), where=spread > 0)
    tied = np.flatnonzero(behind[0] <= np.quantile(deviations.max(axis=1), CONFIDENCE) * spread)
    middle = points.index(middle_point(points))
    return points[tied[np.abs(tied - middle).argmin()]]


def _weights(n: int, rng: np.random.Generator) -> Float[np.ndarray, "draw unit"]:
    """How much each unit counts: equally in the first row, which is the sample, then as often as it is drawn."""
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=BOOTSTRAP_DRAWS)
    return np.concatenate([np.ones((1, n)), drawn]) / n


def _halves(texts: TextSet, rng: np.random.Generator) -> list[Shaped[np.ndarray, " scenario"]]:
    replies = scored_replies(texts, "train")
    scenarios = np.unique(replies.column("scenario_id")[replies.column("role") == "main"])
    if len(scenarios) < FEWEST_SCENARIOS:
        raise BadInput(
            f"A steering point is chosen on {FEWEST_SCENARIOS} training scenarios or more.",
            f"{len(scenarios)} with a reply in every main style",
            "a very small set",
            "name the point to steer at",
        )
    return np.array_split(rng.permutation(scenarios), 2)


def _replies(texts: TextSet, scenarios: Shaped[np.ndarray, " scenario"]) -> TextSet:
    """The main replies to these scenarios."""
    return texts.rows((texts.column("role") == "main") & np.isin(texts.column("scenario_id"), scenarios))


def _scored(
    loaded: LoadedModel,
    texts: TextSet,
    read_point: Callable[[int], Float[np.ndarray, "text dim"]],
    activations: ActivationSet,
    settings: PointSettings,
    fitted: Shaped[np.ndarray, " fitted"],
    scored: Shaped[np.ndarray, " scored"],
) -> Float[np.ndarray, "point scored"]:
    """Diagonal excess of every scored scenario at every point."""
    rows = (texts.column("role") != "foil") & np.isin(texts.column("scenario_id"), fitted)
    labels, styles = texts.column("style")[rows], texts.main_styles
    at_points = (read_point(point)[rows] for point in activations.points)
    units = np.array([[mean_difference(features, labels, style)[0] for style in styles] for features in at_points])
    replies = _replies(texts, scored)
    changes = shifts(loaded, replies, _edits(units, activations, settings.strength))
    by_style = style_shifts(replies, changes).reshape(len(units), len(styles), -1, len(styles))
    return diagonal_excess(by_style.transpose(1, 3, 0, 2))


def _random_shifts(
    loaded: LoadedModel,
    replies: TextSet,
    activations: ActivationSet,
    settings: PointSettings,
    rng: np.random.Generator,
) -> Float[np.ndarray, "point random few style"]:
    """Shift of every style in a few scenarios, under the same random directions at every point."""
    units = random_units(settings.random_directions, activations.dim, rng)
    at_points = np.repeat(units[None], len(activations.points), axis=0)
    changes = shifts(loaded, replies, _edits(at_points, activations, settings.strength))
    by_style = style_shifts(replies, changes)
    return by_style.reshape(*at_points.shape[:2], *by_style.shape[1:])


def _edits(units: Float[np.ndarray, "point direction dim"], activations: ActivationSet, strength: float) -> list[Edits]:
    return [
        {point: add(strength * norm * unit)}
        for point, norm, of_point in zip(activations.points, activations.residual_norms, units, strict=True)
        for unit in of_point
    ]
