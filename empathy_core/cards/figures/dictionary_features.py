"""What the features of sparse dictionaries read, beside random features and the dense probe."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from empathy_core.cards.figures.canvas import (
    PROBE,
    RANDOM,
    SOFT,
    Drawing,
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
from empathy_core.cards.tables import interval, models_of
from empathy_core.cards.words import describe
from empathy_core.contracts import Estimate

SHORT_NAMES = {"best-feature": "best feature", "dense": "dense probe"}


@house_style
def dictionary_features(estimates: Sequence[Estimate]) -> Drawing:
    """Held-out AUROC of the best feature, of a few, of random ones and of the dense probe, one panel a model."""
    found = select(estimates, is_feature_auroc, "features of dictionaries")
    models = models_of([one for _, one in found])
    readers = list(dict.fromkeys(key.what[0] for key, _ in found))[::-1]
    figure, stacks = panels(models, height=0.9 + 0.34 * len(readers))
    for key, one in found:
        axes, row = stacks[models.index(key.model)][0], readers.index(key.what[0])
        mark_null(axes, row, one, low=0.0)
        random, dense = key.what[0].startswith("random"), key.what[0] == "dense"
        dot(axes, row, one, RANDOM if random else PROBE, "s" if random else "o", filled=not dense)
    for (axes,) in stacks:
        axes.axvline(0.5, color="#777777", linewidth=0.8)
        axes.set_xlim(min(0.35, *(one.low - 0.02 for _, one in found)), 1.03)
        axes.set_ylim(-0.6, len(readers) - 0.4)
        if axes.get_subplotspec().is_first_col():
            axes.set_yticks(range(len(readers)), [short_name(reader) for reader in readers])
    label_x(figure, "held-out AUROC (line at chance, .5)")
    key_of(
        figure,
        [
            ("features chosen", marker("o", PROBE)),
            ("at random", marker("s", RANDOM)),
            ("dense", marker("o", PROBE, filled=False)),
        ],
    )
    return Drawing(
        name="dictionary-features",
        caption=(
            "AUROC with which features of sparse autoencoders tell the styles apart on scenarios that no dictionary "
            f"saw; 95% intervals over scenarios and dictionaries, {ns(found)}. Features are chosen on training "
            "scenarios; the grey bar ends at the 95% bound of the same search under permuted labels. Open: a probe on "
            "the whole residual, which shows how much there is to find. What a dictionary misses and the dense probe "
            "reads is not found by this dictionary; it is not absent."
        ),
        alt="; ".join(f"{key.model} {describe(one.name)} {interval(one)}" for key, one in found) + ".",
        svg=finish(figure, "Does a feature learnt without labels read the style?"),
    )


def is_feature_auroc(key: Key) -> bool:
    """Whether a number is the AUROC of a dictionary's features, or of the dense probe beside them."""
    return key.stage == "sae" and key.what[-1] == "auroc"


def mark_null(axes: Axes, row: int, estimate: Estimate, low: float) -> None:
    """A grey bar up to what the same search gives where there is nothing to find."""
    if estimate.null is not None:
        axes.barh(row, estimate.null - low, left=low, height=0.5, color=RANDOM, alpha=0.25, linewidth=0)
        axes.plot([estimate.null] * 2, [row - 0.3, row + 0.3], color=SOFT, linewidth=1.2)


def short_name(reader: str) -> str:
    """What a row is called where there is little room."""
    name, equals, k = reader.partition("=")
    if equals:
        return f"{k} random features" if name.startswith("random") else f"{k} features"
    return SHORT_NAMES[reader]
