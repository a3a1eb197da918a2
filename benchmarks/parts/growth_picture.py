"""The growth of extraction's cost as a picture: CPU seconds against layers, texts and tokens."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.parts.growth import VARIED, VARIANTS, Row, Size, curve
from empathy_core.cards.figures.canvas import INK, PROBE, WIDTH, WORDS_ALONE, finish, house_style

TITLE = "All layers in one pass: cost grows with the layers, not with their square"
COLOURS = dict(zip(VARIANTS, (PROBE, WORDS_ALONE), strict=True))
LABELS = {"extraction": "this engine", "loop": "a pass for every layer"}
SECONDS = (0.01, 0.1, 1, 10)


@house_style
def picture(rows: Sequence[Row], exponents: dict[str, dict[str, float]]) -> bytes:
    """SVG: a panel for each of layers, texts and tokens, both axes logarithmic, slopes written at the lines' ends."""
    figure = Figure(figsize=(WIDTH, 3.3), layout="constrained")
    panels = figure.subplots(1, len(VARIED), sharey=True)
    for field, axes in zip(VARIED, panels, strict=True):
        for variant in VARIANTS:
            draw_curve(axes, *curve(rows, field, variant), variant, exponents[field][variant])
        label_axes(axes, field)
    for variant, label in LABELS.items():
        sizes, seconds = curve(rows, "layers", variant)
        panels[0].annotate(
            label, (sizes[0], seconds[0]), (0, 10), textcoords="offset points", color=COLOURS[variant], ha="left"
        )
    panels[0].set_ylabel("CPU seconds, one thread")
    return finish(figure, TITLE)


def draw_curve(axes: Axes, sizes: Sequence[float], seconds: Sequence[float], variant: str, slope: float) -> None:
    """One variant's line, with its slope at the right end."""
    axes.loglog(sizes, seconds, color=COLOURS[variant], linewidth=1.6, marker="o", markersize=3.5)
    end = (sizes[-1], seconds[-1])
    axes.annotate(f"slope {slope:.2f}", end, (4, 0), textcoords="offset points", color=COLOURS[variant], va="center")


def label_axes(axes: Axes, field: str) -> None:
    """Ticks where something was measured, and a title that says what stays fixed."""
    base = Size()
    says = {"layers": f"{base.layers} layers", "texts": f"{base.texts} texts", "tokens": f"{base.tokens} tokens a text"}
    axes.set_title(", ".join(said for name, said in says.items() if name != field), fontweight="normal", color=INK)
    axes.set_xlabel({"layers": "layers", "texts": "texts", "tokens": "tokens of each text"}[field])
    axes.set_xticks(VARIED[field], [str(value) for value in VARIED[field]])
    axes.set_yticks(SECONDS, [f"{value:g}" for value in SECONDS])
    axes.minorticks_off()
    axes.set_xlim(VARIED[field][0] / 1.3, VARIED[field][-1] * 3)
    axes.grid(axis="y", color="#E6E6E6", linewidth=0.7)
