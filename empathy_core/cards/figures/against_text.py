"""Whether a probe reads more than the text gives away, task by task."""

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from empathy_core.cards.figures.canvas import (
    PROBE,
    RANDOM,
    WORDS_ALONE,
    Drawing,
    dot,
    finish,
    house_style,
    key_of,
    label_x,
    marker,
    one_line,
    panels,
    sizes,
)
from empathy_core.cards.reading import TaskReading, in_order, readings
from empathy_core.cards.tables import interval
from empathy_core.contracts import BadInput, Estimate


@house_style
def probe_against_text(estimates: Sequence[Estimate]) -> Drawing:
    """For every task and model: AUROC of the probe, its null, and AUROC of the best text baseline."""
    found = needed(estimates)
    figure, place = task_panels(found)
    for one in found:
        axes, row = place(one)
        if one.main.probe.null is not None:
            axes.plot([one.main.probe.null] * 2, [row, row + 0.36], color=RANDOM, linewidth=1.6)
        dot(axes, row + 0.18, one.main.probe, PROBE)
        dot(axes, row - 0.18, one.main.text, WORDS_ALONE, marker="D")
    for axes in figure.axes:
        axes.axvline(0.5, color="#777777", linewidth=0.8)
        axes.set_xlim(min(0.4, *(min(one.main.probe.low, one.main.text.low) - 0.02 for one in found)), 1.03)
    label_x(figure, "held-out AUROC (line at chance, .5)")
    key_of(
        figure,
        [
            ("probe", marker("o", PROBE)),
            ("best text baseline", marker("D", WORDS_ALONE)),
            ("permuted labels", Line2D([], [], color=RANDOM, marker="|", linestyle="none", markersize=9)),
        ],
    )
    both = (
        f"{one.model} {one.task}: probe {interval(one.main.probe)}, text {interval(one.main.text)}" for one in found
    )
    return Drawing(
        name="probe-against-text",
        caption=(
            "Probe at the point chosen on training folds, beside the best of five classifiers that see only the text "
            "(length, opening words, function words, all words, character n-grams), on the same folds. Grey mark: the "
            "95% bound of the best point under permuted labels. 95% intervals by cluster bootstrap over scenarios, "
            f"{sizes([one.main.probe for one in found])}. Where the two coincide, the probe shows no more than the "
            "text does, however high both are."
        ),
        alt="; ".join(both) + ".",
        svg=finish(figure, "Does a probe read more than the text gives away?"),
    )


@house_style
def excess_forest(estimates: Sequence[Estimate]) -> Drawing:
    """Probe minus the best text baseline for every task and model, on main texts and on foils."""
    found = needed(estimates)
    figure, place = task_panels(found)
    for one in found:
        axes, row = place(one)
        dot(axes, row + 0.16, one.main.excess, PROBE)
        if one.foils:
            dot(axes, row - 0.16, one.foils.excess, PROBE, filled=False)
    for axes in figure.axes:
        axes.axvline(0, color="#777777", linewidth=0.8)
    label_x(figure, "AUROC of the probe minus AUROC of the best text baseline (line at no difference)")
    foils = [("on foils", marker("o", PROBE, filled=False))] if any(one.foils for one in found) else []
    key_of(figure, [("on the main texts", marker("o", PROBE)), *foils])
    return Drawing(
        name="excess",
        caption=(
            "What the probe knows beyond the text: the difference on the same texts, with 95% intervals by cluster "
            f"bootstrap over scenarios, {sizes([one.main.excess for one in found])}. A probe shows something of the "
            "model where its interval lies to the right of 0. The best text baseline is chosen anew in every "
            "resampling, which favours the text. Foils are texts with one style's stance in another's words."
        ),
        alt="; ".join(f"{one.model} {one.task}: {interval(one.main.excess)}" for one in found) + ".",
        svg=finish(figure, "How much does the probe add to the text?"),
    )


def needed(estimates: Sequence[Estimate]) -> tuple[TaskReading, ...]:
    """The readings that a figure draws; raises BadInput when there are none."""
    found = readings(estimates)
    if not found:
        raise BadInput(
            "A figure of read-outs needs a probe and text baselines.",
            got=f"{len(estimates)} estimates without both",
            cause="no model was probed on these texts",
        )
    return found


def task_panels(
    found: Sequence[TaskReading],
) -> tuple[Figure, Callable[[TaskReading], tuple[Axes, int]]]:
    """A panel for each model and a row for each task; the second gives the panel and the row of a reading."""
    models = list(dict.fromkeys(one.model for one in found))
    tasks = in_order(one.task for one in found)[::-1]
    figure, stacks = panels(models, height=0.9 + 0.3 * len(tasks))
    for (axes,) in stacks:
        axes.set_ylim(-0.6, len(tasks) - 0.4)
        if axes.get_subplotspec().is_first_col():
            axes.set_yticks(range(len(tasks)), [one_line(task) for task in tasks])
    return figure, lambda one: (stacks[models.index(one.model)][0], tasks.index(one.task))
