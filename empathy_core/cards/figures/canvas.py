"""What every figure shares: colours, panels, intervals and labels, and the SVG that comes out.

Text is drawn as outlines, so that a figure looks the same everywhere, prints at any size, and holds nothing that a
browser could take for markup. Names are never read as mathematics (`$`).
"""

import io
import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from empathy_core.cards.keys import Key, parse_key
from empathy_core.contracts import BadInput, Estimate

STYLE_COLOURS = {
    "cognitive": "#0072B2",
    "affective": "#D55E00",
    "instrumental": "#009E73",
    "neutral": "#56B4E9",
    "emotional": "#CC79A7",
    "register": "#7A5195",
    "formal": "#7A5195",
    "casual": "#7A5195",
}
"""One colour a style, the same in every figure; from Okabe and Ito's set, which colour-blind readers tell apart."""
SPARE_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
"""For styles of a user's own: those that no style above has taken, in alphabetical order of the styles."""
PROBE, WORDS_ALONE, RANDOM, INK, SOFT = "#1F2A44", "#B36B00", "#8C8C8C", "#222222", "#5F5F5F"
WIDTH = 9.6
"""Inches; 920 px at the browser's 96 dots an inch."""
COLUMNS = 4
"""Panels side by side."""
NARROWEST = 6.6
"""Inches that a title and a key need beside each other."""
SHORT = 14
"""Letters that fit above a narrow panel; a longer name is broken at its first hyphen."""

house_style = matplotlib.rc_context(
    {
        "svg.hashsalt": "empathy_core",
        "svg.fonttype": "path",
        "font.family": "DejaVu Sans",
        "font.size": 9.5,
        "text.parse_math": False,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": "#777777",
        "axes.linewidth": 0.8,
        "axes.titlesize": 10,
        "axes.titlelocation": "left",
        "axes.titleweight": "bold",
        "ytick.left": False,
        "xtick.color": "#555555",
        "ytick.color": "#555555",
        "axes.labelcolor": "#333333",
    }
)
"""Decorator under which every figure is drawn; it leaves matplotlib's global settings as they were."""


@dataclass(frozen=True)
class Drawing:
    """A figure, with what a reader needs who sees it without its page, or who cannot see it."""

    name: str
    """File name without ending."""
    caption: str
    """What is drawn, how the uncertainty is drawn, and what the null is."""
    alt: str
    """What the picture shows, in words."""
    svg: bytes


def style_colours(styles: Sequence[str]) -> dict[str, str]:
    """The colour of each style: fixed for the study's own, spare ones in alphabetical order for others."""
    taken = {STYLE_COLOURS[style] for style in styles if style in STYLE_COLOURS}
    free = [colour for colour in SPARE_COLOURS if colour not in taken]
    spare = dict(zip(sorted(set(styles) - set(STYLE_COLOURS)), itertools.cycle(free)))
    return {style: (STYLE_COLOURS | spare)[style] for style in dict.fromkeys(styles)}


Found = list[tuple[Key, Estimate]]


def select(estimates: Sequence[Estimate], wanted: Callable[[Key], bool], what: str) -> Found:
    """Keys and estimates that a figure draws; raises BadInput when there are none."""
    found = [(key, one) for one in estimates if wanted(key := parse_key(one.name))]
    if not found:
        raise BadInput(
            f"A figure of {what} needs estimates of {what}.",
            got=f"{len(estimates)} estimates without one",
            cause="the stage that measures it was not run for these texts",
        )
    return found


def by_number(found: Found, name: str) -> list[tuple[float, Estimate]]:
    """The estimates of a curve in order of their point or strength (`name`); those without one are left out."""
    curve = [(at, one) for key, one in found if (at := key.at(name)) is not None]
    return sorted(curve, key=lambda pair: pair[0])


def one_line(name: str) -> str:
    """A name as it can be drawn: at most 28 characters, those the font lacks as a question mark."""
    drawable = "".join(c if c.isprintable() and ord(c) < 0x530 else "?" for c in name)
    return drawable if len(drawable) <= 28 else drawable[:27] + "…"


def ns(found: Found) -> str:
    """The number of independent units behind some estimates: `n = 48` or `n = 24 to 48`."""
    return sizes([one for _, one in found])


def sizes(estimates: Sequence[Estimate]) -> str:
    """The same of estimates without their keys."""
    counts = sorted({one.n for one in estimates})
    return f"n = {counts[0]}" if len(counts) == 1 else f"n = {counts[0]} to {counts[-1]}"


def marker(shape: str, colour: str, filled: bool = True) -> Line2D:
    """A marker for a key, as `dot` draws it."""
    return Line2D([], [], color=colour, marker=shape, markerfacecolor=colour if filled else "white", linestyle="none")


def panels(models: Sequence[str], height: float, heights: Sequence[float] = (1.0,)) -> tuple[Figure, list[list[Axes]]]:
    """A figure with a stack of axes (of relative `heights`) for each model, at most `COLUMNS` models side by side."""
    rows_each = len(heights)
    bands = -(-len(models) // COLUMNS)
    columns = min(len(models), COLUMNS)
    figure = Figure(figsize=(WIDTH, height * bands + 0.5), layout="constrained")
    grid = figure.subplots(
        bands * rows_each, columns, sharex=True, sharey="row", squeeze=False, height_ratios=list(heights) * bands
    )
    for axes in grid.flat:
        axes.grid(axis="y", color="#E6E6E6", linewidth=0.7)
        axes.set_axisbelow(True)
    stacks = [list(grid[i // columns * rows_each :, i % columns][:rows_each]) for i in range(bands * columns)]
    for spare in itertools.chain(*stacks[len(models) :]):
        spare.remove()
    for model, stack in zip(models, stacks, strict=False):
        stack[0].set_title(one_line(model))
    return figure, stacks[: len(models)]


def grid(rows: Sequence[str], columns: Sequence[str], height: float) -> tuple[Figure, list[list[Axes]]]:
    """A figure with a panel for each row and column, named at the left and at the top; `height` inches a row."""
    width = min(WIDTH, max(1.1 + 2.1 * len(columns), NARROWEST))
    figure = Figure(figsize=(width, height * len(rows) + 1.0), layout="constrained")
    cells = figure.subplots(len(rows), len(columns), sharex=True, sharey=True, squeeze=False)
    for axes in cells.flat:
        axes.grid(axis="y", color="#E6E6E6", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.tick_params(bottom=axes in cells[-1])
    for name, axes in zip(columns, cells[0], strict=True):
        shown = one_line(name)
        axes.set_title(shown.replace("-", "-\n", 1) if len(shown) > SHORT else shown, fontsize=9)
    for name, axes in zip(rows, cells[:, 0], strict=True):
        axes.set_ylabel(one_line(name), fontweight="bold", color=INK)
    return figure, [list(row) for row in cells]


def key_of(figure: Figure, entries: Sequence[tuple[str, Artist]]) -> None:
    """What the lines and markers of all panels mean, above them on the right."""
    labels, artists = zip(*entries, strict=True)
    columns = len(entries) if len(entries) < 5 and figure.get_figwidth() > NARROWEST else -(-len(entries) // 2)
    place = {"loc": "outside upper right", "ncols": columns, "frameon": False, "fontsize": 9}
    figure.legend(artists, labels, handlelength=1.6, columnspacing=1.4, borderpad=0, **place)


def label_x(figure: Figure, text: str) -> None:
    """One label for the horizontal axes of all panels."""
    figure.supxlabel(text, fontsize=9.5, color="#333333")


def finish(figure: Figure, title: str) -> bytes:
    """The figure as SVG bytes, the same for the same numbers on every day."""
    figure.suptitle(title, x=0.005, ha="left", fontsize=12, fontweight="bold", color=INK)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return lean(buffer.getvalue())


def lean(svg: bytes) -> bytes:
    """The same picture in fewer bytes: no comments, names or indentation, and positions in hundredths of a point."""
    plain = re.sub(rb"<!--.*?-->", b"", svg, flags=re.DOTALL).replace(b"DejaVuSans-", b"g")
    unnamed = re.sub(rb'<g id="[^"]*"', b"<g", plain)
    # A scale is a factor: its decimals are kept.
    rounded = re.sub(rb"scale\([^)]*\)|(\.\d\d)\d+", lambda found: found[1] or found[0], unnamed)
    return re.sub(rb"\n\s*(?=<)", b"\n", rounded)


def ribbon(axes: Axes, x: Sequence[float], estimates: Sequence[Estimate], colour: str, **line) -> None:
    """A line through the values with its 95% intervals as a ribbon."""
    axes.fill_between(x, [e.low for e in estimates], [e.high for e in estimates], color=colour, alpha=0.18, linewidth=0)
    axes.plot(x, [e.value for e in estimates], color=colour, linewidth=1.6, marker="o", markersize=3.2, **line)


def spread(labels: Sequence[tuple[float, str, str]]) -> float:
    """How far apart the heights of some labels lie: a key is best read where the curves part."""
    heights = [height for height, _, _ in labels]
    return max(heights) - min(heights)


def label_ends(axes: Axes, labels: Sequence[tuple[float, str, str]], gap: float) -> None:
    """Write (height, text, colour) labels right of the axes, pushed apart to at least `gap` in data units."""
    placed: list[float] = []
    for height, text, colour in sorted(labels):
        placed.append(max(height, placed[-1] + gap) if placed else height)
        note(axes, placed[-1], text, colour)


def note(axes: Axes, height: int | float, text: str, colour: str) -> None:
    """Write right of the axes, at a height in data units."""
    place = {"xy": (1.03, height), "xycoords": ("axes fraction", "data")}
    axes.annotate(text, **place, color=colour, va="center", annotation_clip=False)


def dot(axes: Axes, row: int | float, estimate: Estimate, colour: str, marker: str = "o", filled: bool = True) -> None:
    """One value with its interval, on a horizontal row."""
    axes.plot([estimate.low, estimate.high], [row, row], color=colour, linewidth=1.8, solid_capstyle="butt")
    face = colour if filled else "white"
    axes.plot([estimate.value], [row], marker, color=colour, markersize=6, markerfacecolor=face)
