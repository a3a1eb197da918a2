"""How well a concept can be read at each depth of each model."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from empathy_core.cards.figures.canvas import (
    PROBE,
    RANDOM,
    SOFT,
    WORDS_ALONE,
    Drawing,
    Found,
    by_number,
    finish,
    house_style,
    label_ends,
    label_x,
    ns,
    one_line,
    panels,
    ribbon,
    select,
    spread,
)
from empathy_core.cards.tables import interval, models_of
from empathy_core.contracts import Estimate

SAID = {"three-way": "the three styles", "all-styles": "all styles", "register": "the two registers (control)"}
"""How a title names a task; a pair of styles is named as it stands."""


@house_style
def layer_curves(estimates: Sequence[Estimate], task: str) -> Drawing:
    """AUROC of the probe at every residual point, one panel a model, over its null and beside words alone."""
    found = select(estimates, lambda key: key.stage == "read" and key.what[0] == task, f"the task {task!r}")
    models = models_of([one for _, one in found])
    floor = min(0.4, *(one.low - 0.02 for key, one in found if key.what[-1] == "auroc"))
    figure, stacks = panels(models, height=2.5)
    ends = []
    for model, (axes,) in zip(models, stacks, strict=True):
        ends.append((axes, draw_model(axes, [(key, one) for key, one in found if key.model == model])))
        axes.set_ylim(floor, 1.03)
    label_ends(*max(ends, key=lambda panel: spread(panel[1])), gap=(1.03 - floor) * 0.09)
    stacks[0][0].set_ylabel("held-out AUROC")
    label_x(figure, "residual point (0 = input of the first block, l = output of block l)")
    curves = [(key, one) for key, one in found if key.at("point") is not None]
    best = (max((one for key, one in curves if key.model == model), key=lambda one: one.value) for model in models)
    return Drawing(
        name=f"layer-curves-{'register' if task == 'register' else 'style'}",
        caption=(
            f"Reading {task}: AUROC of a probe at every residual point on held-out scenarios, with 95% intervals "
            f"(cluster bootstrap over scenarios, {ns(curves)}). Grey: from chance to the 95% bound of the best point "
            "under permuted labels. Orange: words alone (TF-IDF) on the same folds. A probe counts where it stands "
            "above both."
        ),
        alt="Best point: " + "; ".join(f"{m} {interval(b)}" for m, b in zip(models, best, strict=True)) + ".",
        svg=finish(figure, f"Can {SAID.get(task, one_line(task))} be told apart, and where?"),
    )


def draw_model(axes: Axes, found: Found) -> list[tuple[float, str, str]]:
    """Draw one model's curve, null and text baseline; gives the labels of their right ends."""
    curve = by_number(found, "point")
    points, values = [point for point, _ in curve], [one for _, one in curve]
    nulls = np.array([one.null for one in values], dtype=float)
    axes.fill_between(points, 0.5, nulls, color=RANDOM, alpha=0.25, linewidth=0)
    ribbon(axes, points, values, PROBE)
    words = next(one for key, one in found if key.what[1:] == ("tfidf", "auroc"))
    axes.axhspan(words.low, words.high, color=WORDS_ALONE, alpha=0.12, linewidth=0)
    axes.axhline(words.value, color=WORDS_ALONE, linewidth=1.4, linestyle=(0, (4, 2)))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    return [
        (values[-1].value, "probe", PROBE),
        (words.value, "words alone", WORDS_ALONE),
        (float(nulls[-1]), "permuted labels", SOFT),
    ]
