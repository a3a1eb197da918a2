"""Estimates as pictures, one message a file, with the uncertainty drawn: the only matplotlib.

`drawings` gives all that a page or a card shows.
"""

from collections.abc import Callable, Sequence

from empathy_core.cards.figures.ablation import ablation, is_persistence
from empathy_core.cards.figures.against_text import excess_forest, probe_against_text
from empathy_core.cards.figures.bandwidth import bandwidth_forest, is_bandwidth
from empathy_core.cards.figures.canvas import Drawing
from empathy_core.cards.figures.control_curves import CONTROLS, POOLS, control_curves, is_curve, pool_curves
from empathy_core.cards.figures.controls import control_forest, is_control
from empathy_core.cards.figures.dictionary_clusters import dictionary_clusters, is_cluster_curve
from empathy_core.cards.figures.dictionary_cosines import dictionary_cosines, is_cosine
from empathy_core.cards.figures.dictionary_features import dictionary_features, is_feature_auroc
from empathy_core.cards.figures.dose_response import dose_response, is_effect
from empathy_core.cards.figures.emergence import emergence, is_emergence
from empathy_core.cards.figures.foils import foil_transfer
from empathy_core.cards.figures.frontier import frontier
from empathy_core.cards.figures.layer_curves import curve_tasks, layer_curves
from empathy_core.cards.figures.selectivity import is_cell, selectivity
from empathy_core.cards.figures.side_effects import is_side_effect, side_effects
from empathy_core.cards.figures.steering_point import is_on_curve, steering_point
from empathy_core.cards.figures.text_baselines import is_cue, text_baselines
from empathy_core.cards.figures.transfer import is_transfer, transfer
from empathy_core.cards.keys import Key, parse_key
from empathy_core.cards.reading import readings
from empathy_core.contracts import Estimate

__all__ = [
    "Drawing",
    "ablation",
    "bandwidth_forest",
    "control_curves",
    "control_drawings",
    "control_forest",
    "dictionary_clusters",
    "dictionary_cosines",
    "dictionary_features",
    "dose_response",
    "drawings",
    "emergence",
    "excess_forest",
    "foil_transfer",
    "frontier",
    "layer_curves",
    "pool_curves",
    "probe_against_text",
    "selectivity",
    "side_effects",
    "steering_point",
    "text_baselines",
    "transfer",
]

Draw = Callable[[Sequence[Estimate]], Drawing]
Wanted = Callable[[Key], bool]


BEFORE: dict[Draw, Wanted] = {
    bandwidth_forest: is_bandwidth,
    text_baselines: is_cue,
}
CONTROLLED: dict[Draw, Wanted] = {
    control_forest: is_control,
    control_curves: lambda key: is_curve(key, CONTROLS),
    pool_curves: lambda key: is_curve(key, POOLS),
    emergence: is_emergence,
    transfer: is_transfer,
}
AFTER: dict[Draw, Wanted] = {
    dictionary_features: is_feature_auroc,
    dictionary_cosines: is_cosine,
    dictionary_clusters: is_cluster_curve,
    steering_point: is_on_curve,
    dose_response: is_effect,
    frontier: is_effect,
    selectivity: is_cell,
    side_effects: is_side_effect,
    ablation: is_persistence,
}
"""Figures in reading order, each with the numbers that call for it."""


def drawings(estimates: Sequence[Estimate]) -> tuple[Drawing, ...]:
    """Every figure that these estimates (of one set of texts) have numbers for, in reading order."""
    return (*_drawn(BEFORE, estimates), *_read(estimates), *control_drawings(estimates), *_drawn(AFTER, estimates))


def control_drawings(estimates: Sequence[Estimate]) -> tuple[Drawing, ...]:
    """The figures of the controls; none without the read-outs that they are compared with."""
    return _drawn(CONTROLLED, estimates) if readings(estimates) else ()


def _read(estimates: Sequence[Estimate]) -> tuple[Drawing, ...]:
    """The figures of read-outs, which need a probe beside its text baselines."""
    found = readings(estimates)
    if not found:
        return ()
    foils = [foil_transfer] if any(one.foils for one in found) else []
    curves = [layer_curves] if curve_tasks(estimates) else []
    return tuple(draw(estimates) for draw in (probe_against_text, excess_forest, *foils, *curves))


def _drawn(figures: dict[Draw, Wanted], estimates: Sequence[Estimate]) -> tuple[Drawing, ...]:
    keys = [parse_key(estimate.name) for estimate in estimates]
    return tuple(draw(estimates) for draw, wanted in figures.items() if any(map(wanted, keys)))
