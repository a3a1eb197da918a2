"""How much style is gained for how much coherence is lost, on the way up in strength."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from empathy_core.cards.figures.canvas import (
    INK,
    PROBE,
    RANDOM,
    SOFT,
    Drawing,
    finish,
    grid,
    house_style,
    key_of,
    label_x,
    marker,
    select,
    sizes,
    style_colours,
)
from empathy_core.cards.figures.dose_response import is_effect
from empathy_core.cards.tables import interval
from empathy_core.cards.writing import Steering, in_order, steerings
from empathy_core.contracts import Estimate
from empathy_core.steering.range import COHERENT_SHARE

APART = 0.06
"""Distance from the last strength that was written beyond which a point has room for its own."""


@house_style
def frontier(estimates: Sequence[Estimate]) -> Drawing:
    """Change of a concept's share against relative coherence, a row for each model and a column for each concept."""
    select(estimates, is_effect, "steering")
    found = [one for one in steerings(estimates) if one.shares]
    models = list(dict.fromkeys(one.model for one in found))
    concepts = in_order(one.concept for one in found)
    colours = style_colours(concepts)
    figure, cells = grid(models, concepts, height=1.9)
    for one in found:
        axes = cells[models.index(one.model)][concepts.index(one.concept)]
        draw_band(axes, one)
        draw_path(axes, one, colours[one.concept])
    for axes in figure.axes:
        axes.axhline(0, color="#777777", linewidth=0.8, zorder=0)
        axes.axvline(COHERENT_SHARE, color="#777777", linewidth=0.8, linestyle=(0, (4, 2)), zorder=0)
    cells[0][0].set_xlim(-0.04, max(1.12, *(one.coherence.max() + 0.05 for one in found)))
    label_x(figure, f"coherence of replies, relative to unsteered (dashed at {COHERENT_SHARE:g})")
    figure.supylabel("change of the share", fontsize=9.5, color="#333333")
    key_of(figure, KEY)
    shares = [share for one in found for _, share in one.shares]
    return Drawing(
        name="frontier",
        caption=(
            "Every path begins without steering, at coherence 1 and no change, and follows the strength α (written at "
            "its points, in mean residual norms). Up: more sentences in the pushed style (for a register: more "
            "replies). To the left: fewer coherent replies. Diamond: where the path first crosses "
            f"{COHERENT_SHARE:g}; what follows counts no longer. Crosses: 95% intervals of both shares by bootstrap "
            f"over prompts, {sizes(shares)}. Grey: where 95% of random directions end up, at the strengths that leave "
            "replies coherent. Control is a path that leaves the grey while it is right of the dashed line."
        ),
        alt="; ".join(f"{one.model} {one.concept} range {interval(one.range)}" for one in found if one.range) + ".",
        svg=finish(figure, "What does control cost in coherence?"),
    )


KEY = [
    ("rising α", Line2D([], [], color=PROBE, linewidth=1.4, marker="o", markersize=3.2)),
    ("coherence ends", marker("D", INK, filled=False)),
    ("random directions", Patch(color=RANDOM, alpha=0.3, linewidth=0)),
]


def draw_path(axes: Axes, one: Steering, colour: str) -> None:
    """Draw the path with its intervals and strengths, and where it first crosses the least coherence."""
    base, start = one.coherent[0][1].value or 1.0, one.shares[0][1].value
    x = np.array([1.0, *one.coherence])
    y = np.array([share.value for _, share in one.shares]) - start
    labelled = 0
    for step, ((_, kept), (alpha, share)) in enumerate(zip(one.coherent, one.shares, strict=True)):
        axes.plot([kept.low / base, kept.high / base], [y[step]] * 2, color=colour, linewidth=0.9, alpha=0.5)
        axes.plot([x[step]] * 2, [share.low - start, share.high - start], color=colour, linewidth=0.9, alpha=0.5)
        if math.hypot(x[step] - x[labelled], y[step] - y[labelled]) > APART:
            place = {"xytext": (3, 3), "textcoords": "offset points"}
            axes.annotate(f"{alpha:g}", (x[step], y[step]), **place, fontsize=6.5, color=SOFT)
            labelled = step
    axes.plot(x, y, color=colour, linewidth=1.4, marker="o", markersize=3.2)
    last = one.last_coherent
    if last < len(one.coherence):
        share = (x[last] - COHERENT_SHARE) / (x[last] - x[last + 1])
        height = y[last] + share * (y[last + 1] - y[last])
        axes.plot([COHERENT_SHARE], [height], "D", color=INK, markerfacecolor="white", markersize=5.5)


def draw_band(axes: Axes, one: Steering) -> None:
    """Shade the changes that random directions make at the strengths that leave replies coherent."""
    start, last = one.shares[0][1].value, one.coherent[max(one.last_coherent, 1)][0]
    reached = [share for strength, share in one.random if strength <= last]
    if reached:
        low, high = min(share.low for share in reached), max(share.high for share in reached)
        axes.axhspan(low - start, high - start, color=RANDOM, alpha=0.3, linewidth=0)
