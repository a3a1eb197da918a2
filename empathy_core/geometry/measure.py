"""Everything that is said of a concept's dimensions at one point, for the flows."""

import numpy as np
from jaxtyping import Float

from empathy_core.contracts import Estimate, TextSet
from empathy_core.geometry.curve import curve_estimates, dimension_curves
from empathy_core.geometry.dimensionality import Dimensionality, concept_dimensions, dimension_estimates
from empathy_core.geometry.erasure import erased_concepts, erasure_estimates


def measure_dimensions(
    prefix: str, features: Float[np.ndarray, "text dim"], texts: TextSet, seed: int, n_folds: int = 5
) -> tuple[dict[str, Dimensionality], tuple[Estimate, ...]]:
    """Dimensionality of every concept; with its ceiling, its curve against scenarios, and what erasure leaves.

    `features` are those of all texts. Raises `BadInput` for fewer than eight scenarios, and for texts that cannot be
    divided into folds.
    """
    dimensions = concept_dimensions(features, texts, seed)
    curves = dimension_curves(features, texts, dimensions, seed)
    erased = erased_concepts(features, texts, seed, n_folds)
    return dimensions, (
        *dimension_estimates(prefix, dimensions),
        *curve_estimates(prefix, curves),
        *erasure_estimates(prefix, erased),
    )
