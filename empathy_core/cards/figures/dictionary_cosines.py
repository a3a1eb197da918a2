"""Whether decoder vectors of sparse dictionaries point where the styles' means do."""

from collections.abc import Sequence

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from empathy_core.cards.figures.canvas import (
    INK,
    PROBE,
    RANDOM,
    Drawing,
    dot,
    finish,
    house_style,
    key_of,
    label_x,
    ns,
    one_line,
    panels,
    select,
    style_colours,
)
from empathy_core.cards.figures.dictionary_features import mark_null
from empathy_core.cards.keys import Key
from empathy_core.cards.tables import interval, models_of
from empathy_core.cards.words import describe
from empathy_core.contracts import Estimate
from empathy_core.saes.convergence import ceiling

MEAN = "mean of styles"


@house_style
def dictionary_cosines(estimates: Sequence[Estimate]) -> Drawing:
    """Largest cosine of a decoder vector with each style's difference of means, one panel a model."""
    found = select(estimates, is_cosine, "cosines with dictionaries")
    models = models_of([one for _, one in found])
    styles = sorted({key.what[0] for key, _ in found if len(key.what) == 2})
    rows, colours, most = [MEAN, *styles[::-1]], style_colours(styles), ceiling(len(styles))
    figure, stacks = panels(models, height=1.0 + 0.36 * len(rows))
    for key, one in found:
        name = key.what[0] if len(key.what) == 2 else MEAN
        axes, row = stacks[models.index(key.model)][0], rows.index(name)
        mark_null(axes, row, one, low=0.0)
        dot(axes, row, one, colours.get(name, PROBE))
    for (axes,) in stacks:
        axes.axvline(most, color=INK, linewidth=0.9, linestyle="--")
        axes.set_xlim(0, 1.03)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        if axes.get_subplotspec().is_first_col():
            axes.set_yticks(range(len(rows)), [one_line(row) for row in rows])
    label_x(figure, "largest |cosine| of a decoder vector with the style's difference of means")
    key_of(
        figure,
        [
            ("up to permuted labels", Patch(color=RANDOM, alpha=0.25, linewidth=0)),
            ("orthogonal styles", Line2D([], [], color=INK, linewidth=0.9, linestyle="--")),
        ],
    )
    return Drawing(
        name="dictionary-cosines",
        caption=(
            "Largest absolute cosine of any decoder vector with each style's difference of means, mean over "
            f"dictionaries; 95% intervals over training scenarios and dictionaries, {ns(found)}. The grey bar ends at "
            "the 95% bound of the same maximum for labels permuted within scenarios. The dashed line is what a perfect "
            f"feature reaches where {len(styles)} styles have orthogonal features: {most:.3f}, because a difference of "
            "means also points away from the others."
        ),
        alt="; ".join(f"{key.model} {describe(one.name)} {interval(one)}" for key, one in found) + ".",
        svg=finish(figure, "Do features point where the styles' means do?"),
    )


def is_cosine(key: Key) -> bool:
    """Whether a number is a cosine of decoder vectors with differences of means."""
    return key.stage == "sae" and key.what[-1] == "cosine"
