"""How a read-out runs over points under each control, and from each part of the response."""

from collections.abc import Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from empathy_core.cards.figures.canvas import (
    PROBE,
    SOFT,
    STYLE_COLOURS,
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
from empathy_core.cards.reading import deciding, on_foils, readings
from empathy_core.cards.tables import interval, models_of
from empathy_core.cards.words import called
from empathy_core.contracts import Estimate

CONTROLS = {
    "length-residualised": "#E69F00",
    "erase-register": STYLE_COLOURS["register"],
    "erase-emotion": STYLE_COLOURS["emotional"],
    "erase-valence": "#7A7A00",
}
POOLS = {
    "pool=quarter_1": "#9FD3CF",
    "pool=quarter_2": "#63B3AD",
    "pool=quarter_3": "#2F8C85",
    "pool=quarter_4": "#0B5753",
    "pool=last": "#8B1E3F",
    "pool=mean": PROBE,
}
"""Quarters of the response run from light to dark."""
PLAIN = {"color": SOFT, "linewidth": 1.2, "linestyle": (0, (4, 2))}


@house_style
def control_curves(estimates: Sequence[Estimate]) -> Drawing:
    """AUROC of the deciding task at every residual point without and under each control."""
    task = deciding(readings(estimates))
    figure, found, entries = curves(estimates, CONTROLS)
    main = select(estimates, lambda key: key.stage == "read" and not on_foils(key), "the probe without control")
    for model, axes in zip(models_of([one for _, one in found]), figure.axes, strict=True):
        plain = [(key, one) for key, one in main if (key.model, key.what[0]) == (model, task)]
        curve = by_number(plain, "point")
        axes.plot([point for point, _ in curve], [one.value for _, one in curve], zorder=0, **PLAIN)
    key_of(figure, [("no control", Line2D([], [], **PLAIN)), *entries])
    return Drawing(
        name="control-curves",
        caption=(
            f"Task {task} at every residual point: AUROC after the response's length is regressed out of the "
            "activations, and after a concept is erased from them, both fitted on training folds. Ribbons: 95% "
            f"intervals by cluster bootstrap over scenarios, {ns(found)}. Where a line falls below the dashed one, the "
            "read-out had used what the control takes away. Line at chance, .5, which is the null."
        ),
        alt="Last point: " + "; ".join(last_points(found)) + ".",
        svg=finish(figure, "Do controls change what can be read?"),
    )


@house_style
def pool_curves(estimates: Sequence[Estimate]) -> Drawing:
    """AUROC of the deciding task at every residual point, from each part of the response."""
    figure, found, entries = curves(estimates, POOLS)
    key_of(figure, entries)
    return Drawing(
        name="pool-curves",
        caption=(
            f"Task {deciding(readings(estimates))}, read off the mean over each quarter of the response's tokens, over "
            "all of them, and off its last token. Ribbons: 95% intervals by cluster bootstrap over scenarios, "
            f"{ns(found)}. Line at chance, .5, which is the null. The last token is often a full stop, whose first "
            "residual point is the same in every text."
        ),
        alt="Last point: " + "; ".join(last_points(found)) + ".",
        svg=finish(figure, "Where in the response are the styles read?"),
    )


def curves(estimates: Sequence[Estimate], colours: dict[str, str]) -> tuple[Figure, Found, list[tuple[str, Artist]]]:
    """Curves over points of the controls in `colours`, a panel for each model, with what the key says of them."""
    found = select(estimates, lambda key: is_curve(key, colours), "controls over points")
    models = models_of([one for _, one in found])
    figure, stacks = panels(models, height=2.4)
    for model, (axes,) in zip(models, stacks, strict=True):
        draw_model(axes, [(key, one) for key, one in found if key.model == model], colours)
        axes.set_ylim(min(0.4, *(one.low - 0.02 for _, one in found)), 1.04)
    stacks[0][0].set_ylabel("held-out AUROC")
    label_x(figure, "residual point (0 = input of the first block, l = output of block l)")
    drawn = [name for name in colours if any(key.what[0] == name for key, _ in found)]
    lines = {name: Line2D([], [], color=colours[name], marker="o", markersize=3.2) for name in drawn}
    return figure, found, [(called("control", name), line) for name, line in lines.items()]


def is_curve(key: Key, colours: dict[str, str]) -> bool:
    """Whether a number is the AUROC at one point under one of the controls in `colours`."""
    return key.stage == "control" and key.what[0] in colours and key.what[1].startswith("point=")


def draw_model(axes: Axes, found: Found, colours: dict[str, str]) -> None:
    """Draw one model's curves over chance."""
    axes.axhline(0.5, color="#777777", linewidth=0.8)
    for name, colour in colours.items():
        curve = by_number([(key, one) for key, one in found if key.what[0] == name], "point")
        if curve:
            ribbon(axes, [point for point, _ in curve], [one for _, one in curve], colour)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))


def last_points(found: Found) -> list[str]:
    """The last point of every curve, in words."""
    last = max(key.at("point") or 0 for key, _ in found)
    return [f"{k.model} {called('control', k.what[0])} {interval(e)}" for k, e in found if k.at("point") == last]
