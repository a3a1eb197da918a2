"""The growth of extraction's cost as a picture: CPU seconds against layers, texts and tokens."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.parts.growth import VARIED
from benchmarks.parts.varied import Row
from empathy_core.cards.figures.canvas import INK, PROBE, SOFT, WIDTH, WORDS_ALONE, finish, house_style

TITLE = "The more layers are read, the more it saves to read them all in one pass"
COLOURS = dict(zip(VARIED.variants, (PROBE, WORDS_ALONE), strict=True))
LABELS = {"extraction": "this engine", "loop": "one text, one layer a pass"}
SECONDS = (0.01, 0.1, 1, 10)


@house_style
def picture(rows: Sequence[Row]) -> bytes:
    """SVG: a panel for each of layers, texts and tokens, all axes logarithmic, the ratio written between the lines."""
    figure = Figure(figsize=(WIDTH, 3.4), layout="constrained")
    panels = figure.subplots(1, len(VARIED.values), sharey=True)
    for field, axes in zip(VARIED.values, panels, strict=True):
        curves = [VARIED.curve(rows, field, variant) for variant in VARIED.variants]
        for variant, (sizes, seconds) in zip(VARIED.variants, curves, strict=True):
            axes.loglog(sizes, seconds, color=COLOURS[variant], linewidth=1.6, marker="o", markersize=3.5)
            if axes is panels[-1]:
                write(axes, (sizes[-1], seconds[-1]), LABELS[variant], COLOURS[variant], va="bottom", ha="right")
        for size, ours, loop in zip(curves[1][0], curves[0][1], curves[1][1], strict=False):
            write(axes, (size, math.sqrt(ours * loop)), f"{loop / ours:.0f}×", SOFT, va="center", ha="center")
        label_axes(axes, field)
    panels[0].set_ylabel("CPU seconds, one thread")
    return finish(figure, TITLE)


def write(axes: Axes, place: tuple[float, float], text: str, colour: str, **alignment: str) -> None:
    """Text at a place in data units, a little above it where it stands on its bottom."""
    lift = 6 if alignment["va"] == "bottom" else 0
    axes.annotate(text, place, (0, lift), textcoords="offset points", color=colour, **alignment)


def label_axes(axes: Axes, field: str) -> None:
    """Ticks where something was measured, and a title that says what stays fixed."""
    base = VARIED.base
    says = {"layers": f"{base.layers} layers", "texts": f"{base.texts} texts", "tokens": f"{base.tokens} tokens each"}
    axes.set_title(", ".join(said for name, said in says.items() if name != field), fontweight="normal", color=INK)
    axes.set_xlabel({"layers": "layers", "texts": "texts", "tokens": "tokens of each text"}[field])
    axes.set_xticks(VARIED.values[field], [str(value) for value in VARIED.values[field]])
    axes.set_yticks(SECONDS, [f"{value:g}" for value in SECONDS])
    axes.minorticks_off()
    axes.set_xlim(VARIED.values[field][0] / 1.6, VARIED.values[field][-1] * 1.6)
    axes.grid(axis="y", color="#E6E6E6", linewidth=0.7)
