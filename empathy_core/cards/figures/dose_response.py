"""What steering does to the style of replies, against what it does to their coherence."""

from collections.abc import Sequence

import numpy as np
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
from empathy_core.cards.keys import Key
from empathy_core.cards.tables import interval, models_of
from empathy_core.contracts import Estimate
from empathy_core.probes.directions import REGISTERS
from empathy_core.steering.effects import CURVES
from empathy_core.steering.range import COHERENT_SHARE

REGISTER = REGISTERS[1]
"""The control concept; its unsteered rate is about one half, so it has a band of its own."""


Label = tuple[float, str, str]
"""Height, text and colour."""


@house_style
def dose_response(estimates: Sequence[Estimate]) -> Drawing:
    """Per model: share of sentences in the pushed style over strength, above the share of coherent replies."""
    found = select(estimates, is_curve, "steering")
    models = models_of([one for _, one in found])
    styles = list(dict.fromkeys(key.what[0] for key, _ in found))
    colours = style_colours(styles)
    figure, stacks = panels(models, height=4.2, heights=(3.0, 2.0))
    ends = []
    for model, (effect, coherence) in zip(models, stacks, strict=True):
        mine = [(key, one) for key, one in found if key.model == model]
        labels = draw_random_band(effect, mine, colours.get(REGISTER, SOFT))
        for style in dict.fromkeys(key.what[0] for key, _ in mine):
            labels += draw_arm(effect, mine, style, "share", colours[style])
            draw_arm(coherence, mine, style, "coherent", colours[style])
        unsteered = max(one.value for key, one in mine if key.what[-1] == "coherent" and key.at("alpha") == 0)
        coherence.axhline(COHERENT_SHARE * unsteered, color="#777777", linewidth=0.8, linestyle=(0, (4, 2)))
        ends.append((effect, labels))
        for axes in (effect, coherence):
            axes.axvline(0, color="#777777", linewidth=0.8, zorder=0)
            axes.set_ylim(-0.03, 1.03)
    label_ends(*max(ends, key=lambda panel: spread(panel[1])), gap=0.1)
    label_ends(coherence, [(COHERENT_SHARE * unsteered, "range ends", SOFT)], gap=0.1)
    stacks[0][0].set_ylabel("share of sentences\nin the pushed style")
    stacks[0][1].set_ylabel("share of\ncoherent replies")
    both = is_both_ways(found)
    against = " (negative: away from the style)" if both else ""
    label_x(figure, f"steering strength α, in mean residual norms at the steered point{against}")
    steered = [(key, one) for key, one in found if key.what[1] == "steered"]
    return Drawing(
        name="dose-response",
        caption=(
            "Top: share of sentences in the style that is pushed towards, on held-out prompts (for a register: share "
            "of replies)"
            + ("; left of 0, when pushed away from it" if both else "")
            + ". "
            + random_words(found)
            + "Bottom: share of replies that stay coherent under the same intervention; where it falls below "
            f"{COHERENT_SHARE:g} of the unsteered share (dashed), the steering range ends. Ribbons: 95% intervals by "
            f"bootstrap over prompts, {ns(steered)}. An effect counts outside its band and where replies are coherent."
        ),
        alt="At the largest strength: " + "; ".join(strongest(found)) + ".",
        svg=finish(figure, "What does steering do, and what does it cost?"),
    )


def is_curve(key: Key) -> bool:
    """Whether a number stands on the curve of an arm over strengths."""
    return key.stage == "write" and key.at("alpha") is not None and key.what[1] in (*CURVES, "random")


def is_effect(key: Key) -> bool:
    """Whether a number is what a judge saw of steering at some strength."""
    return is_curve(key) and key.what[-1] == "share"


def is_both_ways(found: Found) -> bool:
    """Whether concepts were also pushed away from."""
    return any(key.what[1] == "opposed" for key, _ in found)


def arm(found: Found, style: str, names: Sequence[str], what: str) -> list[tuple[float, Estimate]]:
    """Some arms' estimates of one model in order of strength: `what` is share or coherent."""
    wanted = [(k, e) for k, e in found if k.what[0] == style and k.what[1] in names and k.what[-1] == what]
    return by_number(wanted, "alpha")


def draw_arm(axes: Axes, found: Found, style: str, what: str, colour: str) -> list[Label]:
    """Draw a style's curve, from the strongest push away to the strongest push towards; gives a label for its end."""
    curve = arm(found, style, CURVES, what)
    ribbon(axes, [alpha for alpha, _ in curve], [one for _, one in curve], colour)
    return [(one.value, one_line(style), colour) for _, one in curve[-1:]]


def draw_random_band(axes: Axes, found: Found, register_colour: str) -> list[Label]:
    """Shade what random directions reach over the styles, and dot its outer end for the register, whose base differs.

    A random direction's opposite is as random, so the band stands on both sides. Gives a label for its right end.
    """
    reached: dict[float, list[Estimate]] = {}
    for style in dict.fromkeys(key.what[0] for key, _ in found if key.what[0] != REGISTER):
        for alpha, one in arm(found, style, ["random"], "share"):
            reached.setdefault(alpha, []).append(one)
    alphas = np.array(sorted(reached))
    low = [min(one.low for one in reached[alpha]) for alpha in alphas]
    high = [max(one.high for one in reached[alpha]) for alpha in alphas]
    register = arm(found, REGISTER, ["random"], "share")
    for sign in (1, -1) if is_both_ways(found) else (1,):
        axes.fill_between(sign * alphas, low, high, color=RANDOM, alpha=0.3, linewidth=0)
        outer = [one.high if sign > 0 else one.low for _, one in register]
        axes.plot([sign * alpha for alpha, _ in register], outer, ":", color=register_colour)
    return [((low[-1] + high[-1]) / 2, "random", SOFT)] if reached else []


def random_words(found: Found) -> str:
    """What the band is, where random directions were judged."""
    random = [(key, one) for key, one in found if key.what[1] == "random"]
    if not random:
        return ""
    return (
        f"Grey: where 95% of random directions of equal norm end up, {ns(random)} directions (dotted: the outer end of "
        "the same for the register). "
    )


def strongest(found: Found) -> list[str]:
    """The share at the largest strength for every model and style, in words."""
    shares = [(key, one) for key, one in found if (key.what[1], key.what[-1]) == ("steered", "share")]
    largest, _ = by_number(shares, "alpha")[-1]
    return [f"{k.model} {k.what[0]} {interval(one)}" for k, one in shares if k.at("alpha") == largest]
