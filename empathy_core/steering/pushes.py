"""Directions as conditions that a model runs under: pushed along each at several strengths, and along random ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from empathy_core.contracts import BadInput, Direction, TextSet
from empathy_core.steering.operators import Edits, add


@dataclass(frozen=True)
class PushSettings:
    """How hard is pushed, and how much is spent on the null."""

    strengths: tuple[float, ...] = (0.15, 0.3)
    """In units of the mean residual norm; every one is used with both signs."""
    random_directions: int = 20
    random_scenarios: int = 8
    """Scenarios of each role that random directions are tried on: a bound needs fewer texts than an interval."""
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.strengths or min(self.strengths) <= 0 or self.random_directions < 1 or self.random_scenarios < 1:
            raise BadInput(
                "Pushes have positive strengths (both signs are tried), and a null has directions and scenarios.",
                got=f"strengths {self.strengths}, {self.random_directions} random directions on "
                f"{self.random_scenarios} scenarios",
            )


@dataclass(frozen=True)
class Push:
    """The residual stream moved along one direction at one strength."""

    concept: str
    """What the direction stands for; empty for a random one."""
    strength: float
    """In units of the mean residual norm at its point; negative pushes away from the concept."""
    edits: Edits


@dataclass(frozen=True)
class PushPlan:
    """The texts that are scored under every push, and the fewer texts scored under random ones."""

    texts: TextSet
    pushes: tuple[Push, ...]
    random_texts: TextSet
    random_pushes: tuple[Push, ...]


@dataclass(frozen=True)
class Pushed:
    """What was measured of every text of a plan under every push."""

    steered: Float[np.ndarray, "push *quantity text"]
    random: Float[np.ndarray, "random *quantity random_text"]


def plan_pushes(texts: TextSet, directions: Sequence[Direction], settings: PushSettings) -> PushPlan:
    """Every direction at every strength and its opposite; random directions of equal length at the same point."""
    rng = np.random.default_rng(settings.seed)
    both_signs = [sign * strength for strength in settings.strengths for sign in (1, -1)]
    like = directions[0]
    units = random_units(settings.random_directions, len(like.vector), rng)
    return PushPlan(
        texts,
        tuple(_push(direction, strength) for direction in directions for strength in both_signs),
        some_scenarios(texts, settings.random_scenarios, rng),
        tuple(
            _push(replace(like, concept="", vector=unit), strength) for unit in units for strength in settings.strengths
        ),
    )


def random_units(n: int, width: int, rng: np.random.Generator) -> Float[np.ndarray, "random dim"]:
    """Directions that are uniform on the sphere."""
    gaussian = rng.standard_normal((n, width))
    return gaussian / np.linalg.norm(gaussian, axis=1, keepdims=True)


def some_scenarios(texts: TextSet, n: int, rng: np.random.Generator) -> TextSet:
    """The texts of `n` scenarios of each role, drawn at random; all where there are no more."""
    scenarios, roles = texts.column("scenario_id"), texts.column("role")
    drawn = [rng.permutation(np.unique(scenarios[roles == role]))[:n] for role in np.unique(roles)]
    return texts.rows(np.isin(scenarios, np.concatenate(drawn)))


def _push(direction: Direction, strength: float) -> Push:
    moved = strength * direction.residual_norm * direction.vector.astype(np.float64)
    return Push(direction.concept, strength, {direction.point: add(moved)})
