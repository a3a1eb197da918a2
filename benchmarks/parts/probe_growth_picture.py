"""The growth of a permutation null's cost as a picture: CPU seconds against texts, features, points, permutations."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.parts.probe_growth import VARIED
from benchmarks.parts.varied import Row
from empathy_core.cards.figures.canvas import INK, PROBE, RANDOM, SOFT, WIDTH, WORDS_ALONE, finish, house_style

TITLE = "Permutations share one factorisation: a thousand by ridge cost as much as a few single fits"
COLOURS = dict(zip(VARIED.variants, (PROBE, RANDOM, WORDS_ALONE), strict=True))
LABELS = {
    "ridge": "matched ridge",
    "exact": "exact logistic",
    "scikit_learn": "a fit each by scikit-learn (one timed, times their number)",
}
RATIOS = {"ridge": (0.62, "top"), "exact": (1.6, "bottom")}
"""Where the ratio to scikit-learn is written: at this multiple of a variant's seconds."""
SECONDS = (0.01, 0.1, 1, 10, 100, 1000)


@house_style
def picture(rows: Sequence[Row]) -> bytes:
    """SVG: a panel for each thing varied, axes logarithmic, and by each point how much longer scikit-learn takes."""
    figure = Figure(figsize=(WIDTH, 3.6), layout="constrained")
    panels = figure.subplots(1, len(VARIED.values), sharey=True)
    for field, axes in zip(VARIED.values, panels, strict=True):
        curves = {variant: VARIED.curve(rows, field, variant) for variant in VARIED.variants}
        for variant, (sizes, seconds) in curves.items():
            # One fit is timed and multiplied: the line says so.
            dashes = "--" if variant == "scikit_learn" else "-"
            style = {"color": COLOURS[variant], "label": LABELS[variant]}
            axes.loglog(sizes, seconds, dashes, **style, linewidth=1.6, marker="o", markersize=3.5)
        for variant, (lift, side) in RATIOS.items():
            alone = dict(zip(*curves["scikit_learn"], strict=True))
            for size, seconds in zip(*curves[variant], strict=True):
                ratio = f"{_rounded(alone[size] / seconds)}×"
                axes.text(size, seconds * lift, ratio, color=SOFT, fontsize=8, va=side, ha="center")
        _label_axes(axes, field)
    panels[0].set_ylabel("CPU seconds, one thread")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    return finish(figure, TITLE)


def _rounded(ratio: float) -> str:
    """Two significant digits: more would be noise."""
    return f"{round(ratio, 1 - math.floor(math.log10(ratio))):,.0f}"


def _label_axes(axes: Axes, field: str) -> None:
    """Ticks where something was measured, and a title that names what is varied."""
    base = VARIED.base
    axes.set_title("features" if field == "dim" else field, fontweight="bold", color=INK)
    axes.set_xlabel(f"elsewhere {getattr(base, field):,}")
    axes.set_xticks(VARIED.values[field], [f"{value:,}" for value in VARIED.values[field]])
    axes.set_yticks(SECONDS, [f"{value:g}" for value in SECONDS])
    axes.set_ylim(0.004, 5000)
    axes.minorticks_off()
    axes.set_xlim(VARIED.values[field][0] / 1.8, VARIED.values[field][-1] * 1.8)
    axes.grid(axis="y", color="#E6E6E6", linewidth=0.7)
