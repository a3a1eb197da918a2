"""What a push does to texts that have nothing to do with its concept."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from empathy_core.cards.figures.canvas import (
    RANDOM,
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
    select,
    style_colours,
)
from empathy_core.cards.keys import Key
from empathy_core.cards.tables import interval, models_of
from empathy_core.contracts import Estimate

NOTHING = {"kl": 0.0, "perplexity-ratio": 1.0}
"""The quantities, and what each is where a push does nothing."""


@house_style
def side_effects(estimates: Sequence[Estimate]) -> Drawing:
    """Divergence and loss of predictions on texts without the concept over strength, one stack of panels a model."""
    found = select(estimates, is_side_effect, "side effects")
    models = models_of([one for _, one in found])
    colours = style_colours([key.what[0] for key, _ in found])
    figure, stacks = panels(models, height=4.0, heights=(1.0, 1.0))
    for model, stack in zip(models, stacks, strict=True):
        mine = [(key, one) for key, one in found if key.model == model]
        for quantity, axes in zip(NOTHING, stack, strict=True):
            draw_quantity(axes, [(key, one) for key, one in mine if key.what[-1] == quantity], quantity, colours)
    label_last(stacks[-1][0], [(key, one) for key, one in found if key.model == models[-1]], colours)
    stacks[0][0].set_ylabel("divergence,\nnats per token")
    stacks[0][1].set_ylabel("perplexity, over that\nof the unsteered model")
    label_x(figure, "steering strength α, in mean residual norms at the steered point (negative: away)")
    return Drawing(
        name="side-effects",
        caption=(
            "Texts without the concept, read under a push. Top: how far the next-token predictions move (Kullback–"
            "Leibler divergence from the unsteered model). Bottom: how much worse the texts are predicted. 95% "
            f"intervals by bootstrap over scenarios, {ns(found)}. Grey: up to the 95% bound of random directions of "
            "equal length; a direction that disturbs other texts no more than they do stays in it."
        ),
        alt="; ".join(f"{k.model} {k.what[0]} α = {k.at('alpha'):g} {k.what[-1]} {interval(e)}" for k, e in found)
        + ".",
        svg=finish(figure, "What does steering do to other texts?"),
    )


def is_side_effect(key: Key) -> bool:
    """Whether a number is a side effect of a push at some strength."""
    return key.stage == "write" and key.what[1:2] == ("side-effects",)


def label_last(axes: Axes, found: Found, colours: dict[str, str]) -> None:
    """Name the concepts at the right ends of one model's curves of divergence."""
    labels = []
    for concept in dict.fromkeys(key.what[0] for key, _ in found):
        mine = [(key, one) for key, one in found if (key.what[0], key.what[-1]) == (concept, "kl")]
        labels += [(one.value, one_line(concept), colours[concept]) for _, one in by_number(mine, "alpha")[-1:]]
    bottom, top = axes.get_ylim()
    label_ends(axes, labels, gap=0.12 * (top - bottom))


def draw_quantity(axes: Axes, found: Found, quantity: str, colours: dict[str, str]) -> None:
    """Draw one quantity of every concept over the bound of random directions; at strength 0 a push is none."""
    nothing = NOTHING[quantity]
    bounds = {at: one.null for at, one in by_number(found, "alpha") if one.null is not None} | {0.0: nothing}
    strengths = sorted(bounds)
    axes.fill_between(strengths, nothing, [bounds[at] for at in strengths], color=RANDOM, alpha=0.3, linewidth=0)
    axes.axhline(nothing, color="#777777", linewidth=0.8)
    for concept in dict.fromkeys(key.what[0] for key, _ in found):
        curve = by_number([(key, one) for key, one in found if key.what[0] == concept], "alpha")
        ends = {at: (one.low, one.value, one.high) for at, one in curve} | {0.0: (nothing,) * 3}
        low, value, high = zip(*(ends[at] for at in sorted(ends)), strict=True)
        axes.fill_between(sorted(ends), low, high, color=colours[concept], alpha=0.18, linewidth=0)
        axes.plot(sorted(ends), value, color=colours[concept], linewidth=1.6, marker="o", markersize=3.2)
