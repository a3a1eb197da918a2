"""Whether what a probe learns in one context holds in the others."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from empathy_core.cards.figures.canvas import (
    WIDTH,
    Drawing,
    Found,
    finish,
    house_style,
    label_x,
    ns,
    one_line,
    select,
)
from empathy_core.cards.keys import Key
from empathy_core.cards.tables import interval, models_of, number
from empathy_core.contracts import Estimate

SMALL = 5
"""Up to so many contexts, four matrices stand side by side, otherwise two."""


@house_style
def transfer(estimates: Sequence[Estimate]) -> Drawing:
    """AUROC of the deciding task from each context to each other, one matrix a model."""
    found = select(estimates, is_transfer, "transfer")
    models = models_of([one for _, one in found])
    contexts = list(dict.fromkeys(key.named(role) or "" for role in ("train", "test") for key, _ in found))
    figure, panels = matrices(models, len(contexts))
    for model, axes in zip(models, panels, strict=True):
        cells = [(key, one) for key, one in found if key.model == model]
        image = draw_matrix(axes, cells, contexts)
        axes.set_title(one_line(model))
    figure.colorbar(image, ax=panels, shrink=0.6, label="AUROC (white at chance, .5)")
    label_x(figure, "context of the texts asked")
    figure.supylabel("context of the texts taught", fontsize=9.5, color="#333333")
    across = [(k, e) for k, e in found if k.named("train") != k.named("test")]
    widest = max((e.high - e.low for _, e in across), default=0.0)
    means = select(estimates, is_mean, "the mean of transfer")
    said = "; ".join(f"{key.model} {interval(one)}" for key, one in means)
    return Drawing(
        name="transfer",
        caption=(
            "A probe taught on all texts of one context (row) and asked those of another (column); on the diagonal, "
            "cross-validated inside the context. In brackets: the 95% interval (bootstrap over scenarios, "
            f"{ns(found)}) holds chance, .5, which is the null; the widest interval off the diagonal spans "
            f"{number(widest, 2)}. Mean off the diagonal: {said}. Every interval stands in the list of all numbers."
        ),
        alt=f"Mean off the diagonal: {said}.",
        svg=finish(figure, "Does a probe carry over to other contexts?"),
    )


def is_transfer(key: Key) -> bool:
    """Whether a number is a cell of the matrix."""
    return key.stage == "control" and key.named("train") is not None


def is_mean(key: Key) -> bool:
    """Whether a number is the mean of the cells off the diagonal."""
    return key.stage == "control" and key.what[:2] == ("transfer", "off-diagonal")


def matrices(models: Sequence[str], n_contexts: int) -> tuple[Figure, list[Axes]]:
    """A square panel for each model."""
    columns = min(len(models), 4 if n_contexts <= SMALL else 2)
    bands = -(-len(models) // columns)
    side = (WIDTH - 1.6) / max(columns, 2)
    figure = Figure(figsize=(side * columns + 1.9, side * bands * 0.95 + 1.2), layout="constrained")
    grid = figure.subplots(bands, columns, sharex=True, sharey=True, squeeze=False)
    for spare in grid.flat[len(models) :]:
        spare.remove()
    return figure, list(grid.flat[: len(models)])


def draw_matrix(axes: Axes, cells: Found, contexts: Sequence[str]) -> AxesImage:
    """Colour every cell by its AUROC and write it there, in brackets where chance is not excluded."""
    values = np.full((len(contexts), len(contexts)), np.nan)
    for key, one in cells:
        at = contexts.index(key.named("train")), contexts.index(key.named("test"))
        values[at] = one.value
        colour = "white" if abs(one.value - 0.5) > 0.3 else "#222222"
        figures = number(one.value, 2).removeprefix("0")
        text = f"({figures})" if one.low <= 0.5 <= one.high else figures
        axes.text(at[1], at[0], text, ha="center", va="center", color=colour, fontsize=7)
    image = axes.imshow(values, cmap="RdBu", norm=TwoSlopeNorm(0.5, 0, 1))
    names = [one_line(context) for context in contexts]
    axes.set_xticks(range(len(contexts)), names, rotation=90, fontsize=8)
    axes.set_yticks(range(len(contexts)), names, fontsize=8)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return image
