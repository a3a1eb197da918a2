"""What steering does to the style of replies, against what it does to their coherence."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from empathy_core.cards.figures.canvas import (
    RANDOM,
    SOFT,
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
    style_colours,
)
from empathy_core.cards.tables import interval, models_of
from empathy_core.contracts import Estimate
from empathy_core.probes.directions import REGISTERS
from empathy_core.steering.range import COHERENT_SHARE

REGISTER = REGISTERS[1]
"""The control concept; its unsteered rate is about one half, so it has a band of its own."""


@house_style
def dose_response(estimates: Sequence[Estimate]) -> Drawing:
    """Per model: share of sentences in the steered style over strength, above the share of coherent replies."""
    found = select(estimates, lambda key: key.stage == "write" and key.what[0] != "none", "steering")
    models = models_of([one for _, one in found])
    styles = list(dict.fromkeys(key.what[0] for key, _ in found))
    colours = style_colours(styles)
    figure, stacks = panels(models, height=4.2, heights=(3.0, 2.0))
    ends = []
    for model, (effect, coherence) in zip(models, stacks, strict=True):
        mine = [(key, one) for key, one in found if key.model == model]
        band = draw_random_band(effect, mine, colours.get(REGISTER, SOFT))
        labels = [(band, "random", SOFT)]
        for style in dict.fromkeys(key.what[0] for key, _ in mine):
            labels.append((draw_arm(effect, mine, style, "share", colours[style]), one_line(style), colours[style]))
            draw_arm(coherence, mine, style, "coherent", colours[style])
        unsteered = max(one.value for key, one in mine if key.what[-1] == "coherent" and key.at("alpha") == 0)
        coherence.axhline(COHERENT_SHARE * unsteered, color="#777777", linewidth=0.8, linestyle=(0, (4, 2)))
        ends.append((effect, labels))
        for axes in (effect, coherence):
            axes.set_ylim(-0.03, 1.03)
    label_ends(*max(ends, key=lambda panel: spread(panel[1])), gap=0.1)
    label_ends(coherence, [(COHERENT_SHARE * unsteered, "range ends", SOFT)], gap=0.1)
    stacks[0][0].set_ylabel("share of sentences\nin the steered style")
    stacks[0][1].set_ylabel("share of\ncoherent replies")
    label_x(figure, "steering strength α, in mean residual norms at the steered point")
    steered, random = ([(k, e) for k, e in found if k.what[1] == name] for name in ("steered", "random"))
    return Drawing(
        name="dose-response",
        caption=(
            "Top: share of sentences in the style that is steered towards, on held-out prompts (for a register: share "
            f"of replies). Grey: where 95% of random directions of equal norm end up, {ns(random)} directions (dotted: "
            "the upper end of the same for the register). "
            "Bottom: share of replies that stay coherent under the same intervention; where it falls below "
            f"{COHERENT_SHARE:g} of the unsteered share (dashed), the steering range ends. Ribbons: 95% intervals by "
            f"bootstrap over prompts, {ns(steered)}. An effect counts above its band and left of incoherence."
        ),
        alt="At the largest strength: " + "; ".join(strongest(found)) + ".",
        svg=finish(figure, "What does steering do, and what does it cost?"),
    )


def arm(found: Found, style: str, name: str, what: str) -> list[tuple[float, Estimate]]:
    """One arm's estimates of one model in order of strength: `what` is share or coherent."""
    wanted = [(k, e) for k, e in found if k.what[:2] == (style, name) and k.what[-1] == what]
    return by_number(wanted, "alpha")


def draw_arm(axes: Axes, found: Found, style: str, what: str, colour: str) -> float:
    """Draw the steered arm of one style; gives the height of its right end."""
    curve = arm(found, style, "steered", what)
    ribbon(axes, [alpha for alpha, _ in curve], [one for _, one in curve], colour)
    return curve[-1][1].value


def draw_random_band(axes: Axes, found: Found, register_colour: str) -> float:
    """Shade what random directions reach over the styles, and dot its upper end for the register, whose base differs.

    Gives the middle of the band's right end.
    """
    reached: dict[float, list[Estimate]] = {}
    for style in dict.fromkeys(key.what[0] for key, _ in found if key.what[0] != REGISTER):
        for alpha, one in arm(found, style, "random", "share"):
            reached.setdefault(alpha, []).append(one)
    alphas = sorted(reached)
    low = [min(one.low for one in reached[alpha]) for alpha in alphas]
    high = [max(one.high for one in reached[alpha]) for alpha in alphas]
    axes.fill_between(alphas, low, high, color=RANDOM, alpha=0.3, linewidth=0)
    register = arm(found, REGISTER, "random", "share")
    axes.plot([alpha for alpha, _ in register], [one.high for _, one in register], ":", color=register_colour)
    return (low[-1] + high[-1]) / 2


def strongest(found: Found) -> list[str]:
    """The share at the largest strength for every model and style, in words."""
    shares = [(key, one) for key, one in found if (key.what[1], key.what[-1]) == ("steered", "share")]
    largest, _ = by_number(shares, "alpha")[-1]
    return [f"{k.model} {k.what[0]} {interval(one)}" for k, one in shares if k.at("alpha") == largest]
