"""What stands before generation, as a plain record: results are read where torch is not installed."""

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
