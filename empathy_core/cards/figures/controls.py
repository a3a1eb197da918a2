"""What remains of a read-out under each control."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from empathy_core.cards.figures.canvas import (
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
    panels,
    select,
)
from empathy_core.cards.keys import Key
from empathy_core.cards.reading import deciding, readings
from empathy_core.cards.tables import interval, models_of
from empathy_core.cards.words import called, reading_order
from empathy_core.contracts import Estimate

PLAIN = "plain"
"""The row of the probe without any control."""


@house_style
def control_forest(estimates: Sequence[Estimate]) -> Drawing:
    """AUROC of the deciding task without and under each control, and beside each erasure its random twin."""
    task = deciding(readings(estimates))
    plain = (task, "nested", "auroc")
    found = select(estimates, lambda key: is_control(key) or (key.stage, key.what) == ("read", plain), "controls")
    controls = sorted(
        {key.what[0] for key, _ in found if key.stage == "control"}, key=lambda name: reading_order((name,))
    )
    rows = [PLAIN, *controls][::-1]
    models = models_of([one for _, one in found])
    figure, stacks = panels(models, height=0.9 + 0.3 * len(rows))
    for model, (axes,) in zip(models, stacks, strict=True):
        draw_model(axes, [(key, one) for key, one in found if key.model == model], rows)
        axes.set_xlim(min(0.4, *(one.low - 0.02 for _, one in found)), 1.03)
        axes.set_ylim(-0.6, len(rows) - 0.4)
    stacks[0][0].set_yticks(range(len(rows)), ["no control", *(called("control", name) for name in controls)][::-1])
    label_x(figure, "held-out AUROC (solid line at chance, .5; dashed at the probe without control)")
    twins = any("random" in key.what for key, _ in found)
    key_of(figure, [("probe", marker("o", PROBE)), *([("random subspace erased", TWIN)] if twins else [])])
    return Drawing(
        name="controls",
        caption=(
            f"Task {task}, at the point chosen on training folds, under one control a row. 95% intervals by cluster "
            f"bootstrap over scenarios, {ns(found)}. What falls far to the left of the dashed line was carried by what "
            "the control took away. An erasure counts against its twin in grey, a random subspace of equal rank."
        ),
        alt="; ".join(f"{k.model}, {row_of(k)}: {interval(e)}" for k, e in found if "random" not in k.what) + ".",
        svg=finish(figure, "What is left under each control?"),
    )


TWIN = Line2D([], [], color=RANDOM, marker="s", markerfacecolor="white", linestyle="none")


def is_control(key: Key) -> bool:
    """Whether a number is an AUROC of the deciding task under a control, or of the random twin of an erasure."""
    if key.stage != "control" or key.at("point") is not None:
        return False
    return key.what[1:] in (("nested", "auroc"), ("random", "nested", "auroc"), ("off-diagonal", "auroc"))


def row_of(key: Key) -> str:
    """The row that a number stands in."""
    return key.what[0] if key.stage == "control" else PLAIN


def draw_model(axes: Axes, found: Found, rows: Sequence[str]) -> None:
    """Draw one model's controls, and lines at chance and at the probe without control."""
    axes.axvline(0.5, color="#777777", linewidth=0.8)
    twinned = {row_of(key) for key, _ in found if "random" in key.what}
    for key, one in found:
        row = rows.index(row_of(key))
        if "random" in key.what:
            dot(axes, row - 0.17, one, RANDOM, marker="s", filled=False)
        else:
            dot(axes, row + (0.17 if row_of(key) in twinned else 0), one, PROBE)
        if row_of(key) == PLAIN:
            axes.axvline(one.value, color=PROBE, linewidth=0.9, linestyle=(0, (4, 2)), zorder=0)
