"""The same directions made from either half of the contexts, for asking whether one half steers the other."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from empathy_core.contracts import BadInput, Direction, TextSet
from empathy_core.probes.directions import DirectionSet
from empathy_core.probes.mean_difference import mean_difference


@dataclass(frozen=True)
class ContextDirections:
    """The same directions made twice: from the training texts of either half of the contexts."""

    half_of: Mapping[str, int]
    """Which half a context is in, 0 or 1."""
    directions: tuple[tuple[Direction, ...], tuple[Direction, ...]]

    @property
    def contexts(self) -> frozenset[str]:
        """All that have training texts."""
        return frozenset(self.half_of)


def context_directions(
    features: Float[np.ndarray, "text dim"], texts: TextSet, directions: DirectionSet, seed: int
) -> ContextDirections:
    """Directions of the main styles from each half of the contexts, made from the texts that `make_directions` uses.

    `features` are those of all texts at the directions' point. Contexts are halved at random. Raises `BadInput` with
    fewer than two contexts, or if a half lacks a style.
    """
    role, scenarios = texts.column("role"), texts.column("scenario_id")
    train = (texts.column("split") == "train") & (role != "foil") & np.isin(scenarios, scenarios[role == "main"])
    context, style = texts.column("context")[train], texts.column("style")[train]
    names = np.random.default_rng(seed).permutation(np.unique(context))
    if len(names) < 2:
        raise BadInput(
            "Transfer between contexts needs training texts from at least two.",
            f"{len(names)} of {texts.name}",
            "a set about one domain",
            "name each scenario's domain in the column `context`",
        )
    half_of = {str(name): place % 2 for place, name in enumerate(names)}
    half = np.array([half_of[name] for name in context])

    def made_from(rows: Bool[np.ndarray, " text"]) -> tuple[Direction, ...]:
        own = features[train][rows]
        found = {name: mean_difference(own, style[rows], name) for name in texts.main_styles}
        return tuple(
            replace(d, vector=found[d.concept][0], norm=found[d.concept][1], n=int(rows.sum()))
            for d in directions.steered
            if d.concept in found
        )

    return ContextDirections(half_of, (made_from(half == 0), made_from(half == 1)))
