"""Planted defects: replies spoilt on purpose, and sound ones beside them, to judge the judge."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from empathy_core.contracts import BadInput, Text, TextSet
from empathy_core.datasets.generation.judge import RUBRICS, Item

PER_KIND = 10
WARMTH = (
    "Oh, this aches to read, and you are so dear for telling it. ",
    "What a tender, sore thing to carry; there is a warm hand on your shoulder all the while. ",
    "It hurts along with you, it truly does, and you are held in every bit of it. ",
)
GENERALITIES = (
    "There are many ways to deal with something like this. The main thing is to stay positive and to find what works.",
    "Every situation is different, and the right steps will become clear. Taking action is what matters in the end.",
    "It helps to make a plan and then to follow it. With the right attitude, most things can be improved over time.",
)


@dataclass(frozen=True)
class Planted:
    """One reply with a known answer."""

    item: Item
    defect: str
    """Kind of the defect; empty for a sound reply."""


def planted_defects(texts: TextSet, seed: int) -> tuple[Planted, ...]:
    """Sixty spoilt replies of six kinds and sixty sound ones, made from the main `texts`, in an order of no meaning.

    Raises `BadInput` when the texts lack a style, or have fewer than 20 replies in one, or one domain only.
    """
    rng, pools = np.random.default_rng(seed), _pools(texts)
    spoilt = [
        (_as_item(*spoil(text, pools, rng)), kind)
        for kind, (styles, spoil) in DEFECTS.items()
        for text in _drawn(pools, styles, PER_KIND, rng)
    ]
    sound = [(_as_item(text, text.style), "") for text in _drawn(pools, tuple(RUBRICS), len(spoilt), rng)]
    order = rng.permutation(len(spoilt) * 2)
    return tuple(
        Planted(replace(item, id=f"planted-{number}"), kind)
        for number, (item, kind) in enumerate([*spoilt, *sound][row] for row in order)
    )


_Pools = dict[str, list[Text]]
_Spoilt = tuple[Text, str]
"""A text and the style it is judged as."""


def _other_style(text: Text, pools: _Pools, rng: np.random.Generator) -> _Spoilt:
    return text, str(rng.choice([style for style in pools if style != text.style]))


def _warmth_added(text: Text, pools: _Pools, rng: np.random.Generator) -> _Spoilt:
    return replace(text, response=str(rng.choice(WARMTH)) + text.response), text.style


def _advice_emptied(text: Text, pools: _Pools, rng: np.random.Generator) -> _Spoilt:
    return replace(text, response=str(rng.choice(GENERALITIES))), text.style


def _other_scenario(text: Text, pools: _Pools, rng: np.random.Generator) -> _Spoilt:
    strangers = [other.response for other in pools[text.style] if other.context != text.context]
    return replace(text, response=str(rng.choice(strangers))), text.style


def _cut_off(text: Text, pools: _Pools, rng: np.random.Generator) -> _Spoilt:
    spoken = text.response.split()
    return replace(text, response=" ".join(spoken[: len(spoken) * 3 // 5]).rstrip(".,;:!?")), text.style


def _repeated(text: Text, pools: _Pools, rng: np.random.Generator) -> _Spoilt:
    first = text.response[: text.response.index(".") + 1] if "." in text.response else text.response
    return replace(text, response=f"{first} {first} {text.response}"), text.style


_Spoil = Callable[[Text, _Pools, np.random.Generator], _Spoilt]
DEFECTS: dict[str, tuple[tuple[str, ...], _Spoil]] = {
    "another style": (tuple(RUBRICS), _other_style),
    "warmth added to advice": (("instrumental",), _warmth_added),
    "advice emptied": (("instrumental",), _advice_emptied),
    "reply to another scenario": (tuple(RUBRICS), _other_scenario),
    "cut off": (tuple(RUBRICS), _cut_off),
    "repeated sentence": (tuple(RUBRICS), _repeated),
}
"""Each kind of defect: the styles it is made from, and how."""


def _as_item(text: Text, target: str) -> Item:
    return Item("", text.scenario, text.response, target)


def _pools(texts: TextSet) -> _Pools:
    pools = {style: [text for text in texts.texts if (text.role, text.style) == ("main", style)] for style in RUBRICS}
    needed, fewest = len(DEFECTS) * PER_KIND // len(RUBRICS), min(map(len, pools.values()))
    if fewest < needed or len({text.context for text in texts.texts if text.role == "main"}) < 2:
        raise BadInput(
            f"A judge is tested on spoilt copies of sound texts: {needed} replies in each of {', '.join(RUBRICS)}, "
            "from at least two domains.",
            f"{fewest} in one of them in {texts.name}",
            "another set than the bundled one",
        )
    return pools


def _drawn(pools: _Pools, styles: tuple[str, ...], n: int, rng: np.random.Generator) -> list[Text]:
    """`n` texts, as evenly over the styles as can be, none twice."""
    shares = [n // len(styles) + (place < n % len(styles)) for place in range(len(styles))]
    return [
        pools[style][row]
        for style, share in zip(styles, shares, strict=True)
        for row in rng.permutation(len(pools[style]))[:share]
    ]
