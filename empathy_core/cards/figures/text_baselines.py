"""What words alone give away, and what a probe adds to it."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from empathy_core.cards.figures.canvas import (
    PROBE,
    WORDS_ALONE,
    Drawing,
    Found,
    dot,
    finish,
    house_style,
    label_ends,
    label_x,
    ns,
    one_line,
    panels,
    select,
)
from empathy_core.cards.keys import Key
from empathy_core.cards.tables import describe, interval, models_of
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
def probe_against_words(estimates: Sequence[Estimate]) -> Drawing:
    """For every task and model: AUROC of the probe at its nested-chosen point beside that of words alone."""
    wanted = (("nested", "auroc"), ("tfidf", "auroc"))
    found = select(estimates, lambda key: key.stage == "read" and key.what[1:] in wanted, "held-out probes and words")
    models = models_of([one for _, one in found])
    tasks = list(dict.fromkeys(key.what[0] for key, _ in found))[::-1]
    figure, stacks = panels(models, height=0.9 + 0.28 * len(tasks))
    for key, one in found:
        axes = stacks[models.index(key.model)][0]
        if key.what[1] == "nested":
            dot(axes, tasks.index(key.what[0]) + 0.12, one, PROBE)
        else:
            dot(axes, tasks.index(key.what[0]) - 0.12, one, WORDS_ALONE, marker="D", filled=False)
    mark_chance(figure, stacks, tasks, found)
    top = len(tasks) - 1
    label_ends(stacks[-1][0], [(top - 0.3, "words alone", WORDS_ALONE), (top + 0.3, "probe", PROBE)], gap=0.6)
    probes = [f"{key.model} {key.what[0]} {interval(one)}" for key, one in found if key.what[1] == "nested"]
    return Drawing(
        name="probe-against-words",
        caption=(
            "Filled: probe at the point chosen on training folds. Open: words alone (TF-IDF). Same folds, 95% "
            f"intervals by cluster bootstrap over scenarios, {ns(found)}. Where the two coincide, the probe shows no "
            "more than the words do."
        ),
        alt="Probe: " + "; ".join(probes) + ".",
        svg=finish(figure, "Does a probe read more than words give away?"),
    )


@house_style
def text_baselines(estimates: Sequence[Estimate]) -> Drawing:
    """AUROC that each surface cue of the texts reaches for each pair of styles, one panel a cue."""
    found = select(estimates, is_cue, "text baselines")
    cues = [cue for cue in CUES if any("/".join(key.what[:-1]) == cue for key, _ in found)]
    pairs = list(dict.fromkeys(key.what[-1] for key, _ in found))[::-1]
    figure, stacks = panels([CUES[cue] for cue in cues], height=0.9 + 0.28 * len(pairs))
    for key, one in found:
        axes = stacks[cues.index("/".join(key.what[:-1]))][0]
        dot(axes, pairs.index(key.what[-1]), one, WORDS_ALONE, marker="D", filled=False)
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
