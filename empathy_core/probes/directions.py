"""The directions that steering writes with, made from training scenarios only."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Shaped

from empathy_core.contracts import ActivationSet, BadInput, Direction, TextSet
from empathy_core.probes.mean_difference import mean_difference, style_subspace
from empathy_core.stats import permute_labels

REGISTERS = ("formal", "casual")
"""The register concept runs from the first to the second."""


@dataclass(frozen=True)
class DirectionSet:
    """Everything one model is steered and ablated with, at one residual point."""

    steered: tuple[Direction, ...]
    """One per main style, and `casual` where the set has both registers."""
    permuted: tuple[tuple[Direction, ...], ...] = field(repr=False)
    """Per permutation of the labels within scenarios, the same directions made by the same procedure."""
    subspaces: dict[int, Float[np.ndarray, "dim rank"]] = field(repr=False)
    """Orthonormal basis of the centred style means (all styles of the set) at every point."""

    @property
    def point(self) -> int:
        """The residual point of every direction."""
        return self.steered[0].point


def middle_point(points: tuple[int, ...]) -> int:
    """The point two thirds of the way up, where the earlier literature steers; a rule fixed beforehand."""
    return points[round(2 * (len(points) - 1) / 3)]


def steering_point(activations: ActivationSet, point: int | None = None) -> int:
    """The point to steer at: the one asked for, else the middle one. Raises `BadInput` if it was not extracted."""
    if point is not None and point not in activations.points:
        raise BadInput(
            "The steering point is one that was extracted.",
            f"point {point} of {activations.model.name}",
            "a model with fewer layers",
            f"choose one of {activations.points[0]} to {activations.points[-1]}",
        )
    return middle_point(activations.points) if point is None else point


def make_directions(
    read_point: Callable[[int], Float[np.ndarray, "text dim"]],
    activations: ActivationSet,
    texts: TextSet,
    point: int | None = None,
    permutations: int = 3,
    seed: int = 0,
) -> DirectionSet:
    """Difference-of-means directions of every main style (and of casual register) over the training split.

    A style's direction is its mean minus the mean of all other styles' means, among the replies to the main scenarios,
    controls included: what a control style shares with it (warm words without empathy, say) then does not count for it.
    Foils are kept for testing, and texts about other scenarios would add their topics. Raises `BadInput` if a main
    style has no training text, or the point was not extracted.
    """
    point = steering_point(activations, point)
    role, scenarios = texts.column("role"), texts.column("scenario_id")
    train = (texts.column("split") == "train") & (role != "foil") & np.isin(scenarios, scenarios[role == "main"])
    rows = texts.rows(train)
    _check_styles(texts, rows)
    features = read_point(point)[train]
    residual_norm = activations.residual_norms[activations.points.index(point)]
    style, register, scenario = rows.column("style"), rows.column("register"), rows.column("scenario_id")

    def directions(style: Shaped[np.ndarray, " text"], register: Shaped[np.ndarray, " text"]) -> tuple[Direction, ...]:
        concepts = [(name, style) for name in texts.main_styles]
        concepts += [("casual", register)] if set(REGISTERS) <= set(register) else []
        return tuple(
            Direction(
                concept,
                activations.model.name,
                point,
                *mean_difference(features, labels, concept),
                residual_norm,
                len(rows),
                "probes.mean_difference.mean_difference",
            )
            for concept, labels in concepts
        )

    rng = np.random.default_rng(seed)
    styles = permute_labels(style, scenario, permutations, rng)
    registers = permute_labels(register, scenario, permutations, rng)
    permuted = tuple(directions(*labels) for labels in zip(styles.T, registers.T, strict=True))
    subspaces = {p: style_subspace(read_point(p)[train], style) for p in activations.points}
    return DirectionSet(directions(style, register), permuted, subspaces)


def _check_styles(texts: TextSet, train: TextSet) -> None:
    missing = sorted(set(texts.main_styles) - set(train.column("style")))
    if missing:
        raise BadInput(
            "Every main style has training texts to make a direction from.",
            f"none for {', '.join(missing)}",
            "all its scenarios are in the test split",
            "mark some of its scenarios as `train`",
        )
