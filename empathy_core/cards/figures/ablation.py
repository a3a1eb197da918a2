"""Whether a model needs the style subspace to carry a style on."""

from collections.abc import Sequence

from empathy_core.cards.figures.canvas import (
    INK,
    PROBE,
    RANDOM,
    Drawing,
    dot,
    finish,
    house_style,
    label_x,
    ns,
    panels,
    select,
)
from empathy_core.cards.tables import interval, models_of
from empathy_core.contracts import Estimate

ARMS = {"none": ("no ablation", INK), "random": ("random subspace", RANDOM), "style": ("style subspace", PROBE)}
"""Each arm's label and colour, from top to bottom."""


@house_style
def ablation(estimates: Sequence[Estimate]) -> Drawing:
    """Persistence of the style under no ablation, a random subspace and the style subspace, one panel a model."""
    found = select(estimates, lambda key: key.stage == "ablate" and key.what[1:] == ("persistence",), "ablation")
    models = models_of([one for _, one in found])
    figure, stacks = panels(models, height=1.7)
    rows = list(ARMS)[::-1]
    for key, one in found:
        name = key.what[0]
        dot(stacks[models.index(key.model)][0], rows.index(name), one, ARMS[name][1], filled=name != "none")
    for (axes,) in stacks:
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.6, 2.6)
        axes.grid(axis="x", color="#E6E6E6", linewidth=0.7)
    stacks[0][0].set_yticks(range(len(rows)), [ARMS[name][0] for name in rows])
    label_x(figure, "share of second sentences that keep the first one's style")
    return Drawing(
        name="ablation",
        caption=(
            "How often the second sentence keeps the first one's style when a subspace is projected out at every "
            f"residual point. 95% intervals by bootstrap over prompts, {ns(found)}. The style subspace is needed "
            "where its dot falls to the left of the random subspace of equal rank."
        ),
        alt="; ".join(f"{key.model}, {ARMS[key.what[0]][0]}: {interval(one)}" for key, one in found) + ".",
        svg=finish(figure, "Does the model need the style subspace?"),
    )
