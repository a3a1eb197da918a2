"""Whether a push along one style raises that style alone: in generated replies, and in the likelihood of given ones."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from empathy_core.cards.figures.canvas import (
    COLUMNS,
    Drawing,
    Found,
    finish,
    house_style,
    label_x,
    ns,
    one_line,
    select,
)
from empathy_core.cards.keys import Key, parse_key
from empathy_core.cards.tables import decimals, interval, models_of, number
from empathy_core.cards.writing import in_order
from empathy_core.contracts import Estimate

SIDE = 2.35
"""Inches of a matrix."""
KINDS = {"write": "change of the share in replies", "likelihood": "likelihood shift, nats per token"}
"""The matrices, and what stands in their cells."""


@house_style
def selectivity(estimates: Sequence[Estimate]) -> Drawing:
    """Concept pushed by concept scored, per model: change in generated replies, and beside it the likelihood shift."""
    found = weakest_pushes(select(estimates, is_cell, "selectivity"))
    models = models_of([one for _, one in found])
    kinds = [kind for kind in KINDS if any(key.stage == kind for key, _ in found)]
    concepts = in_order(key.named(role) or "" for role in ("push", "score") for key, _ in found)
    both = [(model, kind) for model in models for kind in kinds]
    figure, axes_of = matrices(len(both), len(kinds))
    for (model, kind), axes in zip(both, axes_of, strict=True):
        largest = max(abs(one.value) for key, one in found if key.stage == kind)
        cells = [(key, one) for key, one in found if (key.model, key.stage) == (model, kind)]
        draw_matrix(axes, cells, concepts, largest)
        axes.set_title(f"{one_line(model)}\n{KINDS[kind]}", fontsize=8.5)
    label_x(figure, "scored as")
    figure.supylabel("pushed towards", fontsize=9.5, color="#333333")
    diagonals = [(key, one) for key, one in measured(estimates) if is_diagonal(key, found)]
    said = "; ".join(f"{key.model}, {KINDS[key.stage]}: {interval(one)}" for key, one in diagonals)
    return Drawing(
        name="selectivity",
        caption=(
            caption_of(found, kinds)
            + "In brackets: the 95% interval (bootstrap over scenarios, "
            + f"{ns(found)}) reaches into what 95% of random directions of that strength stay under. A selective push "
            "is blue on the diagonal and in brackets or red elsewhere. "
            + (f"Diagonal minus the other cells, of the styles alone: {said}. " if said else "")
            + "Every interval stands in the list of all numbers."
        ),
        alt=f"Diagonal minus the other cells: {said or 'not measured'}. " + diagonal_words(found) + ".",
        svg=finish(figure, "Does a push raise its own style alone?"),
    )


def caption_of(found: Found, kinds: Sequence[str]) -> str:
    """What stands in the cells of each kind of matrix."""
    said = ""
    if "write" in kinds:
        said += (
            "Replies: change of each concept's share against no intervention, when the concept of the row is pushed as "
            "hard as replies stay coherent. "
        )
    if "likelihood" in kinds:
        strength = max(at for key, _ in found if (at := key.at("alpha")) is not None)
        said += (
            f"Likelihood: at α = {strength:g}, how much likelier given held-out replies in the style of the column "
            "become than the others to the same scenario (for a register: than those in the other register). "
        )
    return said


def is_cell(key: Key) -> bool:
    """Whether a number is a cell of a matrix of pushes towards a concept, and scores."""
    return key.stage in KINDS and key.named("push") is not None and (key.at("alpha") or 1.0) > 0


def weakest_pushes(found: Found) -> Found:
    """Cells of the weakest push in every model, where pushes had several strengths.

    A likelihood shift grows in proportion to a weak push; a strong one disturbs every reply, each in its own way.
    """
    strengths = [(key.model, at) for key, _ in found if (at := key.at("alpha")) is not None]
    weakest = {model: min(at for other, at in strengths if other == model) for model, _ in strengths}
    return [(key, one) for key, one in found if key.at("alpha") in (None, weakest.get(key.model))]


def measured(estimates: Sequence[Estimate]) -> Found:
    """Every estimate with its key."""
    return [(parse_key(one.name), one) for one in estimates]


def is_diagonal(key: Key, drawn: Found) -> bool:
    """Whether a number is the diagonal minus the other cells of a matrix that is drawn."""
    strengths = {(cell.model, cell.stage, cell.at("alpha")) for cell, _ in drawn}
    return "diagonal" in key.what[:2] and (key.model, key.stage, key.at("alpha")) in strengths


def matrices(n: int, n_kinds: int) -> tuple[Figure, list[Axes]]:
    """`n` square panels, those of one model side by side."""
    columns = min(n, COLUMNS - COLUMNS % n_kinds)
    bands = -(-n // columns)
    figure = Figure(figsize=(max(SIDE * columns + 0.9, 4.6), (SIDE + 0.25) * bands + 0.9), layout="constrained")
    panels = figure.subplots(bands, columns, sharex=True, sharey=True, squeeze=False)
    for spare in panels.flat[n:]:
        spare.remove()
    return figure, list(panels.flat[:n])


def draw_matrix(axes: Axes, cells: Found, concepts: Sequence[str], largest: float) -> None:
    """Colour every cell by its value and write it there, in brackets where random directions are not excluded."""
    values = np.full((len(concepts), len(concepts)), np.nan)
    for key, one in cells:
        row, column = concepts.index(key.named("push") or ""), concepts.index(key.named("score") or "")
        values[row, column] = one.value
        text = number(one.value, max(2, decimals(0.0, largest))).replace("0.", ".", 1)
        colour = "white" if abs(one.value) > 0.6 * largest else "#222222"
        shown = f"({text})" if is_random(one) else text
        axes.text(column, row, shown, ha="center", va="center", color=colour, fontsize=7.5)
    axes.imshow(values, cmap="RdBu", norm=Normalize(-largest or -1.0, largest or 1.0), aspect="auto")
    names = [one_line(concept) for concept in concepts]
    axes.set_xticks(range(len(concepts)), names, rotation=45, ha="right", rotation_mode="anchor", fontsize=8)
    axes.set_yticks(range(len(concepts)), names, fontsize=8)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def is_random(one: Estimate) -> bool:
    """Whether an interval reaches into what random directions do, to either side of no change."""
    bound = abs(one.null or 0.0)
    return one.low <= bound and one.high >= -bound


def diagonal_words(found: Found) -> str:
    """Every model's cells on the diagonal, in words."""
    own = [(key, one) for key, one in found if key.named("push") == key.named("score")]
    return "; ".join(f"{key.model} {key.stage} {key.named('push')} {interval(one)}" for key, one in own)
