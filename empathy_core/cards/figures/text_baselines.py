"""What the surface of the texts gives away, without any model."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from empathy_core.cards.figures.canvas import (
    WORDS_ALONE,
    Drawing,
    Found,
    dot,
    finish,
    house_style,
    label_x,
    ns,
    one_line,
    panels,
    select,
)
from empathy_core.cards.keys import Key
from empathy_core.cards.tables import interval
from empathy_core.cards.words import describe
from empathy_core.contracts import Estimate

CUES = {
    "length": "length alone",
    "opener": "opening words",
    "person": "pronouns",
    "function-words": "function words",
    "tfidf": "all words (TF-IDF)",
    "foils/tfidf": "all words, on foils",
}
"""What the texts' quality gates call their cues, and what a reader calls them."""


@house_style
def text_baselines(estimates: Sequence[Estimate]) -> Drawing:
    """AUROC that each surface cue of the texts reaches for each pair of styles, one panel a cue."""
    found = select(estimates, is_cue, "text baselines")
    cues = [cue for cue in CUES if any("/".join(key.what[:-1]) == cue for key, _ in found)]
    pairs = list(dict.fromkeys(key.what[-1] for key, _ in found))[::-1]
    figure, stacks = panels([CUES[cue] for cue in cues], height=0.9 + 0.28 * len(pairs))
    for key, one in found:
        cue = "/".join(key.what[:-1])
        row = pairs.index(key.what[-1])
        dot(stacks[cues.index(cue)][0], row, one, WORDS_ALONE, marker="D", filled=not cue.startswith("foils"))
    mark_chance(figure, stacks, pairs, found)
    return Drawing(
        name="text-baselines",
        caption=(
            "AUROC with which a surface cue tells two styles apart on held-out scenarios, without any model; 95% "
            f"intervals by cluster bootstrap over scenarios, {ns(found)}. The further right, the more a probe must "
            "show before it counts. On foils, which wear another style's words, a cue learnt from the main replies "
            "should fall to chance or below."
        ),
        alt="; ".join(f"{describe(one.name)} {interval(one)}" for _, one in found) + ".",
        svg=finish(figure, "What do words alone give away?"),
    )


def is_cue(key: Key) -> bool:
    """Whether a number is the AUROC of a cue that is drawn."""
    return key.stage == "quality" and "/".join(key.what[:-1]) in CUES


def mark_chance(figure: Figure, stacks: list[list[Axes]], rows: Sequence[str], found: Found) -> None:
    """Label the rows, and draw chance and the same range of AUROC in every panel."""
    for (axes,) in stacks:
        axes.axvline(0.5, color="#777777", linewidth=0.8)
        axes.set_xlim(min(0.35, *(one.low - 0.02 for _, one in found)), 1.05)
        axes.set_ylim(-0.5, len(rows) - 0.5)
        if axes.get_subplotspec().is_first_col():
            axes.set_yticks(range(len(rows)), [one_line(row) for row in rows])
    label_x(figure, "held-out AUROC (line at chance, .5)")
