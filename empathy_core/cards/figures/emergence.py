"""At which depth a probe first reads more than the text gives away."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from empathy_core.cards.figures.canvas import (
    PROBE,
    WORDS_ALONE,
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
from empathy_core.cards.keys import Key
from empathy_core.cards.tables import interval, models_of
from empathy_core.contracts import Estimate

CURVES = {
    "over-text": ("above the best text baseline", WORDS_ALONE, {}),
    "over-first": ("above point 0", PROBE, {"linestyle": (0, (3, 1.5)), "markerfacecolor": "white"}),
}
"""What the probe is compared with, what the key calls it, and how it is drawn."""


@house_style
def emergence(estimates: Sequence[Estimate]) -> Drawing:
    """What the probe gains over the text and over the model's input at every point, and where both are certain."""
    found = select(estimates, is_emergence, "emergence")
    models = models_of([one for _, one in found])
    figure, stacks = panels(models, height=2.3)
    for model, (axes,) in zip(models, stacks, strict=True):
        draw_model(axes, [(key, one) for key, one in found if key.model == model])
    stacks[0][0].set_ylabel("difference of AUROC")
    label_x(figure, "residual point (0 = input of the first block, l = output of block l)")
    lines = {said: Line2D([], [], color=c, marker="o", markersize=3.2, **style) for said, c, style in CURVES.values()}
    key_of(figure, list(lines.items()))
    first = [f"{key.model} point {interval(one)}" for key, one in found if key.what[-1] == "first"]
    return Drawing(
        name="emergence",
        caption=(
            "The probe's AUROC minus that of the best text baseline, and minus its own at point 0. Bands hold for all "
            f"points at once with 95% confidence (bootstrap over scenarios, {ns(found)}); the line at 0 is the null. "
            "Upright line: the first point where both bands lie above 0; the bar at its foot is a 95% confidence set "
            "for the first point with a true gain. Without an upright line there is no such point."
        ),
        alt="First point above both: " + ("; ".join(first) or "none in any model") + ".",
        svg=finish(figure, "At which depth does the model add to the text?"),
    )


def is_emergence(key: Key) -> bool:
    """Whether a number is part of this figure."""
    return key.stage == "control" and key.what[0] == "emergence"


def draw_model(axes: Axes, found: Found) -> None:
    """Draw one model's gains over 0, and the first point where both are certain."""
    axes.axhline(0, color="#777777", linewidth=0.8)
    for what, (_, colour, style) in CURVES.items():
        curve = by_number([(key, one) for key, one in found if key.what[-1] == what], "point")
        ribbon(axes, [point for point, _ in curve], [one for _, one in curve], colour, **style)
    low, _ = axes.get_ylim()
    for key, one in found:
        if key.what[-1] == "first":
            axes.axvline(one.value, color="#222222", linewidth=0.9)
            axes.plot([one.low, one.high], [low, low], color="#222222", linewidth=4, zorder=5, solid_capstyle="butt")
            axes.set_ylim(bottom=low)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
