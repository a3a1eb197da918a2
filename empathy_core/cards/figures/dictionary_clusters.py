"""Whether the codes of sparse dictionaries fall into clusters, and whether these are styles or topics."""

from collections.abc import Sequence

from empathy_core.cards.figures.canvas import (
    PROBE,
    RANDOM,
    WORDS_ALONE,
    Drawing,
    by_number,
    finish,
    house_style,
    key_of,
    label_x,
    marker,
    ns,
    panels,
    ribbon,
    select,
)
from empathy_core.cards.keys import Key
from empathy_core.cards.tables import interval, models_of
from empathy_core.cards.words import describe
from empathy_core.contracts import Estimate

CURVES = {
    "ari-style": ("agreement with style", PROBE),
    "ari-context": ("with context", WORDS_ALONE),
    "silhouette": ("silhouette", RANDOM),
}


@house_style
def dictionary_clusters(estimates: Sequence[Estimate]) -> Drawing:
    """Adjusted Rand index with style and with context, and silhouette, over numbers of clusters, one panel a model."""
    found = select(estimates, is_cluster_curve, "clusters of codes")
    models = models_of([one for _, one in found])
    figure, stacks = panels(models, height=2.4)
    for model, (axes,) in zip(models, stacks, strict=True):
        for what, (_, colour) in CURVES.items():
            curve = by_number(
                [(key, one) for key, one in found if (key.model, key.what[-1]) == (model, what)], "clusters"
            )
            ribbon(axes, [k for k, _ in curve], [one for _, one in curve], colour)
        axes.axhline(0, color="#777777", linewidth=0.8)
        axes.set_ylim(-0.15, 1.05)
    label_x(figure, "number of clusters")
    key_of(figure, [(name, marker("o", colour)) for name, colour in CURVES.values()])
    return Drawing(
        name="dictionary-clusters",
        caption=(
            "k-means on codes about their scenario's mean (unsupervised, but aware of the design): centres from "
            "training scenarios, held-out replies given to the nearest. Adjusted Rand index with style and with "
            "context (0 by chance, 1 for the same partition) and silhouette; ribbons: 95% over resampled scenarios, "
            f"{ns(found)}. "
            "Separated or stable clusters need not be styles: only the agreement says which."
        ),
        alt="; ".join(f"{key.model} {describe(one.name)} {interval(one)}" for key, one in found) + ".",
        svg=finish(figure, "Do replies cluster by style without labels?"),
    )


def is_cluster_curve(key: Key) -> bool:
    """Whether a number is drawn as a curve over numbers of clusters."""
    return key.stage == "sae" and key.named("clusters") is not None and key.what[-1] in CURVES
