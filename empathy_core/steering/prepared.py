"""What an experiment is made with, for steps that have no model: judging and analysis need no torch."""

from dataclasses import dataclass

from empathy_core.contracts import Estimate
from empathy_core.geometry.dimensionality import Dimensionality
from empathy_core.probes.directions import DirectionSet
from empathy_core.steering.contexts import ContextDirections


@dataclass(frozen=True)
class Preparation:
    """Everything that one model's experiment is made with."""

    directions: DirectionSet
    contexts: ContextDirections | None
    """None for a set about a single context, where there is nothing to transfer between."""
    dimensions: dict[str, Dimensionality]
    estimates: tuple[Estimate, ...]
