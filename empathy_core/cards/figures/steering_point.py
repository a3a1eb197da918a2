"""At which residual point pushes were tried, and where steering was then done."""

from collections.abc import Sequence

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from empathy_core.cards.figures.canvas import (
    INK,
    PROBE,
    RANDOM,
    Drawing,
    Found,
    by_number,
    finish,
    house_style,
    key_of,
    label_x,
    ns,
    panels,
    ribbon,
    select,
)
from empathy_core.cards.keys import Key, parse_key
from empathy_core.cards.tables import interval, models_of
from empathy_core.contracts import Estimate


@house_style
def steering_point(estimates: Sequence[Estimate]) -> Drawing:
    """Likelihood shift of the own style minus the others over residual points, one panel a model."""
    found = select(estimates, is_on_curve, "the steering point")
    chosen = {key.model: one.value for one in estimates if is_choice(key := parse_key(one.name))}
    models = models_of([one for _, one in found])
    figure, stacks = panels(models, height=2.6)
    for model, (axes,) in zip(models, stacks, strict=True):
        curve = by_number([(key, one) for key, one in found if key.model == model], "point")
        points, values = [point for point, _ in curve], [one for _, one in curve]
        nulls = np.array([abs(one.null or 0.0) for one in values])
        axes.fill_between(points, -nulls, nulls, color=RANDOM, alpha=0.25, linewidth=0)
        axes.axhline(0, color="#777777", linewidth=0.8)
        ribbon(axes, points, values, PROBE)
        if model in chosen:
            axes.axvline(chosen[model], **CHOSEN)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    stacks[0][0].set_ylabel("pushed style minus\nthe others, nats per token")
    label_x(figure, "residual point (0 = input of the first block, l = output of block l)")
    key_of(figure, [entry for entry in KEY if chosen or entry[0] != "steered here"])
    return Drawing(
        name="steering-point",
        caption=(
            "A weak push at every residual point, on training scenarios: how much likelier given replies in the pushed "
            "style become, minus the same for the other styles. 95% intervals by bootstrap over scenarios, "
            f"{ns(found)}. Grey: what 95% of random directions stay under. "
            + (DASHED if chosen else "")
            + "This curve compares points; held-out replies show whether there is control."
        ),
        alt="; ".join(at_point(found, chosen)) + ".",
        svg=finish(figure, "Where is the model steered?"),
    )


DASHED = (
    "Dashed: the point where steering is done, the nearest to two thirds of the way up among those not clearly below "
    "the best in units of what random directions do there. "
)
CHOSEN = {"color": INK, "linewidth": 1.1, "linestyle": (0, (4, 2))}
KEY = [
    ("pushed style minus the others", Line2D([], [], color=PROBE, linewidth=1.6, marker="o", markersize=3.2)),
    ("steered here", Line2D([], [], **CHOSEN)),
    ("random directions", Patch(color=RANDOM, alpha=0.25, linewidth=0)),
]


def is_on_curve(key: Key) -> bool:
    """Whether a number belongs to the curve over residual points."""
    return key.stage == "likelihood" and key.at("point") is not None


def is_choice(key: Key) -> bool:
    """Whether a number is the point that was chosen."""
    return (key.stage, key.what) == ("likelihood", ("steered-point",))


def at_point(found: Found, chosen: dict[str, float]) -> list[str]:
    """The shift at every model's chosen point, or at all points where none was chosen, in words."""
    shown = [(key, one) for key, one in found if chosen.get(key.model, key.at("point")) == key.at("point")]
    return [f"{key.model} point {key.at('point'):g} {interval(one)}" for key, one in shown]
