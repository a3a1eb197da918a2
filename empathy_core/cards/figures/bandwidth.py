"""How much of a concept a model can be made to express, beside its null."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from empathy_core.cards.figures.canvas import (
    INK,
    PROBE,
    RANDOM,
    STYLE_COLOURS,
    Drawing,
    dot,
    finish,
    house_style,
    note,
    ns,
    one_line,
    select,
)
from empathy_core.cards.tables import interval
from empathy_core.contracts import Estimate


@house_style
def bandwidth_forest(estimates: Sequence[Estimate]) -> Drawing:
    """Bandwidth of every concept in every model: value, interval, and the bound from permuted labels."""
    found = select(estimates, lambda key: key.stage == "bandwidth", "bandwidth")
    figure = Figure(figsize=(6.6, 1.25 + 0.33 * len(found)), layout="constrained")
    axes = figure.subplots()
    for row, (key, one) in enumerate(reversed(found)):
        if one.null is not None:
            axes.barh(row, one.null, height=0.5, color=RANDOM, alpha=0.3, linewidth=0)
            axes.plot([one.null] * 2, [row - 0.3, row + 0.3], color=RANDOM, linewidth=1.6)
        dot(axes, row, one, STYLE_COLOURS.get(key.what[0], PROBE), filled=key.what[0] not in STYLE_COLOURS)
        note(axes, row, interval(one), INK)
    axes.set_yticks(range(len(found)), [f"{one_line(k.model)}, {one_line(k.what[0])}" for k, _ in reversed(found)])
    axes.set_xlim(left=-0.03 * max(one.high for _, one in found))
    axes.axvline(0, color="#777777", linewidth=0.8)
    axes.set_xlabel("bandwidth: effective dimension × steering range (α in mean residual norms)")
    return Drawing(
        name="bandwidth",
        caption=(
            "Bandwidth with 95% intervals (scenarios subsampled and prompts bootstrapped, draw by draw; "
            f"{ns(found)}). Grey: up to the 95% bound of the same procedure on permuted labels. A concept has "
            "bandwidth where its whole interval lies to the right of the grey. Open: the control concept, register."
        ),
        alt="; ".join(f"{key.model}, {key.what[0]}: {interval(one)}" for key, one in found) + ".",
        svg=finish(figure, "How much can be steered?"),
    )
