"""How well the styles can be read at each depth of each model."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from empathy_core.cards.figures.canvas import (
    PROBE,
    RANDOM,
    WORDS_ALONE,
    Drawing,
    Found,
    by_number,
    finish,
    grid,
    house_style,
    key_of,
    label_x,
    ns,
    ribbon,
    select,
)
from empathy_core.cards.keys import parse_key
from empathy_core.cards.reading import deciding, in_order, on_foils, rank, readings
from empathy_core.cards.tables import interval, models_of
from empathy_core.contracts import Estimate

DRAWN = (0, 1, 3)
"""Kinds of task (`reading.rank`) that have curves: all styles at once, pairs and register."""
MOST = 6
"""Panels side by side; where there are more tasks, the pairs that come last are left to the tables."""
FOILS = {"linestyle": (0, (3, 1.5)), "markerfacecolor": "white"}
"""How the probe's line on foils differs from that on the main texts."""
TEXT = {"color": WORDS_ALONE, "linewidth": 1.4, "linestyle": (0, (4, 2))}


@house_style
def layer_curves(estimates: Sequence[Estimate]) -> Drawing:
    """AUROC of the probe at every residual point, a row for each model and a column for each task."""
    tasks = curve_tasks(estimates)
    found = select(estimates, lambda key: key.stage == "read" and key.what[0] in tasks, "probes over points")
    models = models_of([one for _, one in found])
    figure, cells = grid(models, tasks, height=1.7)
    for model, row in zip(models, cells, strict=True):
        for task, axes in zip(tasks, row, strict=True):
            draw_task(axes, [(key, one) for key, one in found if (key.model, key.what[0]) == (model, task)])
    curves = [(key, one) for key, one in found if key.at("point") is not None]
    cells[0][0].set_ylim(min(0.4, *(one.low - 0.02 for _, one in curves)), 1.04)
    cells[0][0].xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    label_x(figure, "residual point (0 = input of the first block, l = output of block l)")
    figure.supylabel("held-out AUROC", fontsize=9.5, color="#333333")
    has_foils = any(on_foils(key) for key, _ in found)
    key_of(figure, [entry for entry in KEY if has_foils or entry[0] != "probe on foils"])
    return Drawing(
        name="layer-curves",
        caption=(
            "AUROC of a probe at every residual point on held-out scenarios, with 95% intervals (cluster bootstrap "
            f"over scenarios, {ns(curves)}). Grey: from chance to the 95% bound of the best point under permuted "
            "labels. Orange: the best classifier that sees only the text, with its interval, on the same folds. "
            + ("Open: the same probes on foils, where the words belong to another style. " if has_foils else "")
            + "A probe shows something of the model where it stands above both. Other tasks stand in the tables."
        ),
        alt="Best point: " + "; ".join(best_points(curves, models, deciding(readings(estimates)))) + ".",
        svg=finish(figure, "Where can the styles be read?"),
    )


KEY = [
    ("probe", Line2D([], [], color=PROBE, linewidth=1.6, marker="o", markersize=3.2)),
    ("probe on foils", Line2D([], [], color=PROBE, linewidth=1.2, marker="o", markersize=3.2, **FOILS)),
    ("best text baseline", Line2D([], [], **TEXT)),
    ("permuted labels", Patch(color=RANDOM, alpha=0.25, linewidth=0)),
]


def curve_tasks(estimates: Sequence[Estimate]) -> tuple[str, ...]:
    """The tasks that are drawn, the deciding one first and register last."""
    found = readings(estimates)
    keys = [parse_key(estimate.name) for estimate in estimates]
    curved = {key.what[0] for key in keys if key.stage == "read" and key.at("point") is not None}
    tasks = [task for task in in_order(one.task for one in found) if task in curved and rank(task) in DRAWN]
    control = [task for task in tasks if task == "register"]
    ordered = sorted((task for task in tasks if task not in control), key=lambda task: task != deciding(found))
    return (*ordered[: MOST - len(control)], *control)


def draw_task(axes: Axes, found: Found) -> None:
    """Draw the curves of one model and task over their null and the best text baseline."""
    main = [(key, one) for key, one in found if not on_foils(key)]
    curve = by_number(main, "point")
    if not curve:
        return
    points, values = [point for point, _ in curve], [one for _, one in curve]
    nulls = np.array([one.null for one in values], dtype=float)
    axes.fill_between(points, 0.5, nulls, color=RANDOM, alpha=0.25, linewidth=0)
    text = max((one for key, one in main if key.what[1] == "text"), key=lambda one: one.value)
    axes.axhspan(text.low, text.high, color=WORDS_ALONE, alpha=0.12, linewidth=0)
    axes.axhline(text.value, **TEXT)
    foils = by_number([(key, one) for key, one in found if on_foils(key)], "point")
    if foils:
        ribbon(axes, [point for point, _ in foils], [one for _, one in foils], PROBE, **FOILS)
    ribbon(axes, points, values, PROBE)


def best_points(curves: Found, models: Sequence[str], task: str | None) -> list[str]:
    """The best point of the deciding task in each model, in words."""
    said = []
    for model in models:
        mine = [(k, e) for k, e in curves if (k.model, k.what[0]) == (model, task) and not on_foils(k)]
        if mine:
            point, best = max(by_number(mine, "point"), key=lambda pair: pair[1].value)
            said.append(f"{model} {task} point {point:g} {interval(best)}")
    return said
