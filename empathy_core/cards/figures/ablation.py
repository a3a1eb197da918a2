"""Whether a model needs the style directions to carry a style on."""

import itertools
from collections.abc import Sequence

from matplotlib.axes import Axes

from empathy_core.cards.figures.canvas import (
    INK,
    PROBE,
    RANDOM,
    Drawing,
    Found,
    dot,
    finish,
    house_style,
    key_of,
    label_x,
    marker,
    ns,
    one_line,
    panels,
    select,
    style_colours,
)
from empathy_core.cards.keys import Key
from empathy_core.cards.tables import interval, models_of
from empathy_core.cards.words import is_single_style
from empathy_core.contracts import Estimate

ARMS = {"none": ("nothing", INK), "random": ("random subspace", RANDOM), "style": ("all styles", PROBE)}
"""Each arm's label and colour, from top to bottom."""
SLOT = 0.165
"""Inches of a dot of one opening; arms and the space between rows take more."""


@house_style
def ablation(estimates: Sequence[Estimate]) -> Drawing:
    """Persistence of the style with nothing, a random subspace, all styles or one style ablated, one panel a model."""
    found = select(estimates, is_persistence, "ablation")
    models = models_of([one for _, one in found])
    rows = [*ARMS, *dict.fromkeys(key.what[0] for key, _ in found if is_single_style(key))][::-1]
    openings = list(dict.fromkeys(key.what[2] for key, _ in found if is_single_style(key)))
    colours = style_colours(openings)
    centres = middles([1 if row in ARMS else len(openings) for row in rows])
    figure, stacks = panels(models, height=1.0 + SLOT * (centres[-1] + 1.5))
    for model, (axes,) in zip(models, stacks, strict=True):
        mine = [(key, one) for key, one in found if key.model == model]
        draw_model(axes, mine, dict(zip(rows, centres, strict=True)), colours)
        axes.set_ylim(-1.0, centres[-1] + 1.5)
    labels = [ARMS[row][0] if row in ARMS else f"{one_line(row)} alone" for row in rows]
    stacks[0][0].set_yticks(centres, labels)
    label_x(figure, "share of second sentences that keep the first one's style")
    if openings:
        key_of(figure, [(f"opened as {one_line(style)}", marker("o", colours[style])) for style in openings])
    return Drawing(
        name="ablation",
        caption=(
            "How often the second sentence keeps the first one's style when what the row names is projected out at "
            f"every residual point. 95% intervals by bootstrap over prompts, {ns(found)}. The styles' subspace is "
            "needed where its dot falls to the left of the random subspace of equal rank."
            + (SINGLE if openings else "")
        ),
        alt="; ".join(f"{key.model}, {row_label(key)}: {interval(one)}" for key, one in found) + ".",
        svg=finish(figure, "Does the model need the style directions?"),
    )


SINGLE = (
    " With one style's direction projected out alone, a colour is the style that the reply was opened in, and grey "
    "marks are random subspaces: a direction carries its own style where the dot of that style (filled) moves alone."
)


def is_persistence(key: Key) -> bool:
    """Whether a number says how often a style is kept under an ablation."""
    return key.stage == "ablate" and key.what[1] == "persistence"


def middles(slots: Sequence[int]) -> list[float]:
    """The heights of rows that take up so many slots each, a slot apart, the lowest first."""
    ends = list(itertools.accumulate(size + 1 for size in slots))
    return [end - 1 - size / 2 for end, size in zip(ends, slots, strict=True)]


def draw_model(axes: Axes, found: Found, centres: dict[str, float], colours: dict[str, str]) -> None:
    """Draw one model's arms as single dots, and single styles as one dot an opening beside its null."""
    styles = list(colours)
    for key, one in found:
        name = key.what[0]
        if name in ARMS:
            dot(axes, centres[name], one, ARMS[name][1], filled=name != "none")
            continue
        height = centres[name] + (len(styles) - 1) / 2 - styles.index(key.what[2])
        if one.null is not None:
            axes.plot([one.null] * 2, [height - 0.45, height + 0.45], color=RANDOM, linewidth=2.2)
        dot(axes, height, one, colours[key.what[2]], filled=key.what[2] == name)
    axes.set_xlim(-0.03, 1.03)
    axes.grid(axis="x", color="#E6E6E6", linewidth=0.7)
    axes.grid(axis="y", visible=False)


def row_label(key: Key) -> str:
    """What was ablated, and of which replies a number speaks."""
    name = key.what[0]
    return f"{name} alone, opened as {key.what[2]}" if is_single_style(key) else ARMS[name][0]
