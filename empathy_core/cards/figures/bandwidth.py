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
    one_line,
    select,
    sizes,
)
from empathy_core.cards.keys import Key
from empathy_core.cards.tables import interval
from empathy_core.cards.writing import CONCEPT, PERMUTED, bandwidth_groups, bandwidths
from empathy_core.contracts import Estimate


@house_style
def bandwidth_forest(estimates: Sequence[Estimate]) -> Drawing:
    """Bandwidth of every concept in every model: value, interval, and what permuted labels give."""
    select(estimates, is_bandwidth, "bandwidth")
    of_model, groups = bandwidths(estimates), bandwidth_groups(estimates)
    models = [*(model for group in groups for model in group), *(m for m in of_model if CONCEPT not in of_model[m])]
    rows = [(model, concept, one) for model in models for concept, one in in_order(of_model[model])]
    figure = Figure(figsize=(6.6, 1.25 + 0.31 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for height, (_, concept, one) in zip(range(len(rows) - 1, -1, -1), rows, strict=True):
        if one.null:
            axes.barh(height, one.null, height=0.5, color=RANDOM, alpha=0.3, linewidth=0)
            axes.plot([one.null] * 2, [height - 0.3, height + 0.3], color=RANDOM, linewidth=1.6)
        nothing, control = concept == PERMUTED, concept in STYLE_COLOURS
        colour = RANDOM if nothing else STYLE_COLOURS.get(concept, PROBE)
        dot(axes, height, one, colour, "s" if nothing else "o", filled=not (nothing or control))
        note(axes, height, interval(one), INK)
    ends = [max(i for i, row in enumerate(rows) if row[0] == group[-1]) for group in groups[:-1]]
    for end in ends:
        axes.axhline(len(rows) - 1.5 - end, color=INK, linewidth=1.0)
    named = [f"{one_line(model)}, {label(concept)}" for model, concept, _ in rows]
    axes.set_yticks(range(len(rows)), named[::-1])
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlim(left=-0.03 * max(one.high for _, _, one in rows) - 0.001)
    axes.axvline(0, color="#777777", linewidth=0.8)
    axes.set_xlabel("bandwidth: effective dimension × steering range (α in mean residual norms)")
    measured = [one for _, concept, one in rows if concept != PERMUTED]
    return Drawing(
        name="bandwidth",
        caption=(
            "Bandwidth with 95% intervals (scenarios subsampled and prompts bootstrapped, draw by draw; "
            f"{sizes(measured)}). Open: the control concept, register. Grey squares: the same product where dimension "
            "and range both come from permuted labels, with 95% of its values; grey bars: up to the 95% bound when "
            "only the dimension does. A concept has bandwidth where its whole interval lies to the right of both."
            + ranking(groups)
        ),
        alt="; ".join(f"{model}, {label(concept)}: {interval(one)}" for model, concept, one in rows) + ".",
        svg=finish(figure, "How much can be steered?"),
    )


def is_bandwidth(key: Key) -> bool:
    """Whether a number is a bandwidth in mean residual norms, which models can be compared in."""
    return key.stage == "bandwidth" and not key.what[0].endswith("-raw")


def in_order(found: dict[str, Estimate]) -> list[tuple[str, Estimate]]:
    """One model's bandwidths: the styles, the control concept, and permuted labels last."""
    return sorted(found.items(), key=lambda pair: (pair[0] == PERMUTED, pair[0] != CONCEPT))


def label(concept: str) -> str:
    """What a row is called."""
    return "permuted labels" if concept == PERMUTED else one_line(concept)


def ranking(groups: Sequence[Sequence[str]]) -> str:
    """Which models differ, in words; nothing to say of one."""
    if sum(map(len, groups)) < 2:
        return ""
    if len(groups) == 1:
        return " No model is told apart from all others: their intervals overlap."
    ranks = "; then ".join(", ".join(map(one_line, group)) for group in groups)
    return f" A line divides models whose intervals for the styles do not overlap: {ranks}."
