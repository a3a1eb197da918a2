"""Everything that is read off one model's activations: probes, and dimensionality with its permuted-label null."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from empathy_core.contracts import ActivationSet, Estimate, TextSet
from empathy_core.datasets.splits import grouped_folds
from empathy_core.geometry.dimensionality import Dimensionality, between_condition_components
from empathy_core.geometry.dimensionality import estimates as dimension_estimates
from empathy_core.probes.cross_validation import ProbeSettings
from empathy_core.probes.directions import REGISTERS, middle_point
from empathy_core.probes.evaluate import estimates as probe_estimates
from empathy_core.probes.evaluate import read_outs


@dataclass(frozen=True)
class ReadingSettings:
    """What is read, and how often labels are permuted."""

    point: int | None = None
    """Residual point of dimensionality and directions; None for two thirds of the depth."""
    folds: int = 5
    permutations: int = 1000
    seed: int = 0


@dataclass(frozen=True)
class Reading:
    """Estimates of one model's read-outs, and the dimensionality draws that bandwidth needs."""

    estimates: tuple[Estimate, ...]
    point: int
    dimensions: dict[str, Dimensionality]
    """`empathy` over the main styles, and `register` where the set has both registers."""


def read_model(
    read_point: Callable[[int], Float[np.ndarray, "text dim"]],
    activations: ActivationSet,
    texts: TextSet,
    settings: ReadingSettings,
) -> Reading:
    """Probe every residual point and measure dimensionality at one; names begin with `{texts}/{model}`."""
    prefix = f"{texts.name}/{activations.model.name}"
    point = middle_point(activations.points) if settings.point is None else settings.point
    main = texts.column("role") == "main"
    rows, features = texts.rows(main), read_point(point)[main]
    folds = grouped_folds(texts, settings.folds, settings.seed)
    probes = ProbeSettings(permutations=settings.permutations, seed=settings.seed)
    found = read_outs(read_point, activations.points, texts, folds, probes)
    estimates = tuple(estimate for read_out in found for estimate in probe_estimates(prefix, read_out))
    concepts = {"empathy": "style"} | (
        {"register": "register"} if set(REGISTERS) <= set(rows.column("register")) else {}
    )
    dimensions = {
        concept: between_condition_components(features, rows.column(field), rows, settings.seed)
        for concept, field in concepts.items()
    }
    for concept, dimensionality in dimensions.items():
        estimates += dimension_estimates(prefix, concept, dimensionality)
    return Reading(estimates, point, dimensions)
