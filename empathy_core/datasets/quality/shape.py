"""Whether styles differ in length, readability or valence."""

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np
from jaxtyping import Float
from scipy.stats import t as student

from empathy_core.contracts import BadInput, TextSet
from empathy_core.datasets.quality.measured import (
    DRAWS,
    Measured,
    by_scenario,
    measured,
    moments,
    n_scenarios,
    resampled,
    sampled,
)
from empathy_core.datasets.surface import reading_grade, valence, word_length, words

UNITS: dict[str, Callable[[str], float]] = {"characters": len, "words": lambda text: len(words(text))}
FEATURES: dict[str, Callable[[str], float]] = {
    "characters": lambda text: float(len(text)),
    "reading-grade": reading_grade,
    "word-length": word_length,
    "valence": valence,
}


def length_spreads(texts: TextSet, rng: np.random.Generator) -> Iterator[Measured]:
    """(Longest - shortest) / mean length of the replies to one scenario: its median and its largest, in two units.

    Interval of the median: bootstrap over scenarios; the largest is a property of the whole set. Raises `BadInput` when
    no scenario has two replies.
    """
    scenarios, method = texts.column("scenario_id"), "datasets.quality.shape.length_spreads"
    for unit, size in UNITS.items():
        sizes = np.array([size(text.response) for text in texts.texts])
        groups = {name: sizes[scenarios == name] for name in np.unique(scenarios)}
        spreads = {name: np.ptp(group) / group.mean() for name, group in groups.items() if len(group) > 1}
        if not spreads:
            raise BadInput(
                "Styles are compared within scenarios, so scenarios need replies in two or more of them.",
                f"{len(groups)} scenarios with one reply each in {texts.name}",
                "every row has a scenario_id of its own",
                "give the replies to one scenario the same scenario_id",
            )
        values, n = np.array(list(spreads.values())), len(spreads)
        draws = np.median(rng.choice(values, (DRAWS, n)), axis=1)
        yield sampled(texts, f"length-spread/{unit}", np.median(values), draws, n, method)
        widest = max(spreads, key=spreads.__getitem__)
        yield measured(texts, f"longest-spread/{unit}", values.max(), (values.max(),) * 2, n, method, detail=widest)


def length_equivalence(texts: TextSet) -> Iterator[Measured]:
    """Mean paired difference of length between two styles over their mean length, with its 90 % t interval.

    An interval inside a margin is equivalence by two one-sided tests at 5 % (Schuirmann 1987): a difference that is
    merely not significant would not be.
    """
    table = by_scenario([float(len(text.response)) for text in texts.texts], texts)
    for (first, a), (second, b) in combinations(enumerate(texts.main_styles), 2):
        pairs = table[:, [first, second]]
        pairs = pairs[np.isfinite(pairs).all(axis=1)]
        shares = (pairs[:, 0] - pairs[:, 1]) / pairs.mean()
        n, mean = len(shares), shares.mean()
        half = student.ppf(0.95, n - 1) * shares.std(ddof=1) / np.sqrt(n) if n > 1 else np.inf
        name, method = f"length-difference/{a}-{b}", "datasets.quality.shape.length_equivalence"
        yield measured(texts, name, mean, (mean - half, mean + half), n, method, null=0.0, detail="90 % interval")


def style_effects(texts: TextSet, rng: np.random.Generator) -> Iterator[Measured]:
    """Share of a feature's variance that lies between styles (eta squared), for length, readability and valence.

    Null: (styles - 1) / (texts - 1), its mean when styles do not differ. Interval: bootstrap over scenarios.
    """
    null = (len(texts.main_styles) - 1) / max(len(texts) - 1, 1)
    for name, feature in FEATURES.items():
        table = by_scenario([feature(text.response) for text in texts.texts], texts)
        draws = eta_squared(resampled(table, rng))
        method, n = "datasets.quality.shape.style_effects", n_scenarios(texts)
        yield sampled(texts, f"style-effect/{name}", eta_squared(table[None])[0], draws, n, method, null)


def readability_difference(texts: TextSet, rng: np.random.Generator) -> Measured:
    """Largest Cohen's d of the reading grade between two styles; interval by bootstrap over scenarios."""
    table = by_scenario([reading_grade(text.response) for text in texts.texts], texts)
    pairs = list(combinations(range(len(texts.main_styles)), 2))

    def largest(tables: Float[np.ndarray, "draw scenario style"]) -> Float[np.ndarray, " draw"]:
        _, means, variances = moments(tables)
        apart = np.stack([np.abs(means[:, i] - means[:, j]) for i, j in pairs])
        spread = np.stack([np.sqrt((variances[:, i] + variances[:, j]) / 2) for i, j in pairs])
        return np.divide(apart, spread, out=np.zeros_like(apart), where=spread > 0).max(axis=0)

    method = "datasets.quality.shape.readability_difference"
    name, n, draws = "reading-grade-difference", n_scenarios(texts), largest(resampled(table, rng))
    return sampled(texts, name, largest(table[None])[0], draws, n, method)


def eta_squared(tables: Float[np.ndarray, "draw scenario style"]) -> Float[np.ndarray, " draw"]:
    """Between-style sum of squares over the total one, for each table; 0 when nothing varies; NaN is left out."""
    counts, means, variances = moments(tables)
    grand = (counts * means).sum(axis=1, keepdims=True) / counts.sum(axis=1, keepdims=True)
    between = (counts * (means - grand) ** 2).sum(axis=1)
    total = between + (counts * variances).sum(axis=1)
    return np.divide(between, total, out=np.zeros_like(total), where=total > 1e-12)
