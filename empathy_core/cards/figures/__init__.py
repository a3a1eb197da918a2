"""Estimates as pictures, one message a file, with the uncertainty drawn: the only matplotlib.

`drawings` gives all that a page or a card shows.
"""

from collections.abc import Sequence

from empathy_core.cards.figures.ablation import ablation
from empathy_core.cards.figures.bandwidth import bandwidth_forest
from empathy_core.cards.figures.canvas import Drawing
from empathy_core.cards.figures.dose_response import dose_response
from empathy_core.cards.figures.layer_curves import layer_curves
from empathy_core.cards.figures.text_baselines import is_cue, probe_against_words, text_baselines
from empathy_core.cards.keys import parse_key
from empathy_core.contracts import Estimate

__all__ = [
    "Drawing",
    "ablation",
    "bandwidth_forest",
    "dose_response",
    "drawings",
    "layer_curves",
    "probe_against_words",
    "text_baselines",
]


def drawings(estimates: Sequence[Estimate]) -> tuple[Drawing, ...]:
    """Every figure that these estimates (of one set of texts) have numbers for, in reading order.

    Layer curves are drawn for the task over all styles, or the first pair where there is none, and for the register.
    """
    keys = [parse_key(estimate.name) for estimate in estimates]
    measured = {(key.stage, key.what[-1]) for key in keys}
    drawn = [bandwidth_forest(estimates)] if any(key.stage == "bandwidth" for key in keys) else []
    if any(is_cue(key) for key in keys):
        drawn.append(text_baselines(estimates))
    if ("read", "auroc") in measured:
        drawn.append(probe_against_words(estimates))
        tasks = headline_tasks([key.what[0] for key in keys if key.stage == "read"])
        drawn.extend(layer_curves(estimates, task) for task in tasks)
    if ("write", "share") in measured:
        drawn.append(dose_response(estimates))
    if ("ablate", "persistence") in measured:
        drawn.append(ablation(estimates))
    return tuple(drawn)


def headline_tasks(tasks: Sequence[str]) -> tuple[str, ...]:
    """The tasks whose layer curves are drawn: all styles at once (or the first pair), then the register."""
    concept = next((task for task in ("three-way", "all-styles") if task in tasks), tasks[0])
    return tuple(dict.fromkeys((concept, *(["register"] if "register" in tasks else []))))
