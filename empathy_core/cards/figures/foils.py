"""What a probe and the text baselines follow where words mislead."""

from collections.abc import Sequence

from empathy_core.cards.figures.canvas import (
    PROBE,
    SOFT,
    WORDS_ALONE,
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
from empathy_core.cards.reading import deciding, on_foils, readings
from empathy_core.cards.tables import interval, models_of
from empathy_core.cards.words import ORDER, called
from empathy_core.contracts import Estimate

APART = 0.16
"""Rows between a dot of the main texts and one of the foils."""


@house_style
def foil_transfer(estimates: Sequence[Estimate]) -> Drawing:
    """AUROC of the probe and of every text baseline on main texts and on foils, of the deciding task."""
    task = deciding([one for one in readings(estimates) if one.foils])
    found = select(estimates, lambda key: key.stage == "read" and key.what[0] == task and is_reader(key), "foils")
    models = models_of([one for _, one in found])
    readers = sorted({reader(key) for key, _ in found}, key=lambda name: ORDER.get(name, -1), reverse=True)
    figure, stacks = panels(models, height=0.9 + 0.38 * len(readers))
    values: dict[tuple[str, str], dict[bool, float]] = {}
    for key, one in found:
        foil, row = on_foils(key), readers.index(reader(key))
        colour, shape = (PROBE, "o") if reader(key) == "nested" else (WORDS_ALONE, "D")
        dot(stacks[models.index(key.model)][0], row + APART * (-1 if foil else 1), one, colour, shape, not foil)
        values.setdefault((key.model, reader(key)), {})[foil] = one.value
    for (model, name), both in values.items():
        row, axes = readers.index(name), stacks[models.index(model)][0]
        axes.plot([both[False], both[True]], [row + APART, row - APART], color=SOFT, linewidth=0.7, zorder=0)
    for (axes,) in stacks:
        axes.axvline(0.5, color="#777777", linewidth=0.8)
        axes.set_xlim(-0.03, 1.03)
        axes.set_ylim(-0.6, len(readers) - 0.4)
    names = ["probe" if name == "nested" else called("read", name) for name in readers]
    stacks[0][0].set_yticks(range(len(readers)), names)
    label_x(figure, "held-out AUROC (line at chance, .5)")
    key_of(figure, [("on the main texts", marker("o", PROBE)), ("on foils", marker("o", PROBE, filled=False))])
    foils = [(key, one) for key, one in found if on_foils(key)]
    return Drawing(
        name="foil-transfer",
        caption=(
            f"Task {task}. Filled: held-out main texts. Open: foils of the same held-out scenarios, with one style's "
            "stance in another's words. Blue: the probe; orange: classifiers that see only the text. 95% intervals by "
            f"cluster bootstrap over scenarios, {ns(foils)} on foils. Left of .5, a reader goes by the words; a probe "
            "that stays right of .5 follows the stance."
        ),
        alt="On foils: "
        + "; ".join(f"{key.model} {called('read', reader(key))} {interval(e)}" for key, e in foils)
        + ".",
        svg=finish(figure, "What is followed where words mislead?"),
    )


def is_reader(key: Key) -> bool:
    """Whether a number is the AUROC of the nested probe or of a text baseline."""
    return key.what[-1] == "auroc" and key.at("point") is None


def reader(key: Key) -> str:
    """Who reads: `nested` for the probe, or the kind of text baseline."""
    return key.what[-2]
