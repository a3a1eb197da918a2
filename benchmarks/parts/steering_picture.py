"""The growth of a steering sweep's cost as a picture: CPU seconds against strengths, prompts and layers."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.parts.growth_picture import write
from benchmarks.parts.steering_growth import VARIED
from benchmarks.parts.varied import Row
from empathy_core.cards.figures.canvas import INK, PROBE, RANDOM, SOFT, WIDTH, WORDS_ALONE, finish, house_style

TITLE = "The larger the sweep, the more it saves to steer all its rows side by side"
COLOURS = dict(zip(VARIED.variants, (PROBE, RANDOM, WORDS_ALONE), strict=True))
LABELS = {"batched": "this engine", "with_cache": "row by row,\ncached", "without_cache": "row by row,\nno cache"}
SECONDS = (0.1, 1, 10, 100)


@house_style
def picture(rows: Sequence[Row]) -> bytes:
    """SVG: a panel for each of strengths, prompts and layers, all axes logarithmic, ratios written between lines."""
    figure = Figure(figsize=(WIDTH, 3.4), layout="constrained")
    panels = figure.subplots(1, len(VARIED.values), sharey=True)
    for field, axes in zip(VARIED.values, panels, strict=True):
        curves = {variant: VARIED.curve(rows, field, variant) for variant in VARIED.variants}
        for variant, (sizes, seconds) in curves.items():
            axes.loglog(sizes, seconds, color=COLOURS[variant], linewidth=1.6, marker="o", markersize=3.5)
            if axes is panels[-1]:
                end = (sizes[-1], seconds[-1])
                axes.annotate(
                    LABELS[variant], end, (10, 0), textcoords="offset points", color=COLOURS[variant], va="center"
                )
        _, ours = curves["batched"]
        for slower in ("with_cache", "without_cache"):
            for size, fast, slow in zip(curves[slower][0], ours, curves[slower][1], strict=True):
                # Just under the slower line, where no other number stands.
                write(axes, (size, slow / math.sqrt(3)), f"{slow / fast:.0f}×", SOFT, va="center", ha="center")
        label_axes(axes, field)
    panels[0].set_ylabel("CPU seconds, one thread")
    return finish(figure, TITLE)


def label_axes(axes: Axes, field: str) -> None:
    """Ticks where something was measured, and a title that says what stays fixed."""
    base = VARIED.base
    says = {
        "strengths": f"{base.strengths} strengths",
        "prompts": f"{base.prompts} prompts",
        "layers": f"{base.layers} layers",
    }
    axes.set_title(", ".join(said for name, said in says.items() if name != field), fontweight="normal", color=INK)
    axes.set_xlabel(field)
    axes.set_xticks(VARIED.values[field], [str(value) for value in VARIED.values[field]])
    axes.set_yticks(SECONDS, [f"{value:g}" for value in SECONDS])
    axes.minorticks_off()
    axes.set_xlim(VARIED.values[field][0] / 1.6, VARIED.values[field][-1] * 1.4)
    axes.grid(axis="y", color="#E6E6E6", linewidth=0.7)
