"""Convergence as estimates: decoder vectors against difference-of-means directions, and against other seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from empathy_core.contracts import Estimate
from empathy_core.saes.codes import DictionaryCodes
from empathy_core.saes.convergence import best_cosines, class_weights, mean_directions, recurring
from empathy_core.saes.features import strongest
from empathy_core.saes.plan import TRAIN, Question
from empathy_core.stats import percentile_interval


@dataclass(frozen=True)
class Cosines:
    """Largest |cosine| of each style's direction with any decoder vector, dictionary by dictionary."""

    columns: Float[np.ndarray, "dictionary column class"]
    """Under the true labels, then under every permutation."""
    draws: Float[np.ndarray, "dictionary draw class"]
    """In resamplings of training scenarios."""
    n: int
    """Training scenarios."""


def cosines(
    dictionaries: Sequence[DictionaryCodes], features: Float[np.ndarray, "text dim"], question: Question
) -> Cosines:
    """Directions from the main texts of the training split, as steering makes them but among the main styles alone.

    Permuted labels are those of the probes. Random directions would be no null: a difference of means over shuffled
    labels already lies where the texts vary, and so do decoder vectors.
    """
    rows = question.rows(TRAIN)
    weights = class_weights(question.plan.columns[rows], len(question.classes))
    taught = features[rows].astype(np.float64)
    found = mean_directions(taught, weights)
    names, scenario = np.unique(question.scenarios(rows), return_inverse=True)
    rng = np.random.default_rng(question.settings.seed)
    counts = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=question.settings.draws)
    resampled = weights[0] * counts[:, None, scenario]
    # A resampling of very few scenarios may lack a style, and then has no direction.
    drawn = mean_directions(taught, resampled[resampled.any(axis=2).all(axis=1)])
    decoders = [one.decoder.astype(np.float64) for one in dictionaries]
    return Cosines(
        np.array([best_cosines(found, decoder) for decoder in decoders]),
        np.array([best_cosines(drawn, decoder) for decoder in decoders]),
        len(names),
    )


def cosine_estimates(stem: str, found: Cosines, classes: Sequence[str]) -> tuple[Estimate, ...]:
    """The convergence number, which is the mean over styles, and each style's own."""
    own = (cosine(f"{stem}/{style}/cosine", found, [number]) for number, style in enumerate(classes))
    return cosine(f"{stem}/cosine", found, range(len(classes))), *own


def cosine(name: str, found: Cosines, classes: Sequence[int]) -> Estimate:
    """Mean over some styles and over dictionaries of the largest |cosine|.

    Null: 95 % bound of the same mean of maxima, for labels permuted within scenarios. It is conservative where the
    styles are there: shuffled labels still differ along what varies most within scenarios, which is then style itself.
    """
    columns = found.columns[:, :, list(classes)].mean(axis=(0, 2))
    return Estimate(
        name,
        float(columns[0]),
        *percentile_interval(found.draws[:, :, list(classes)].mean(axis=2).ravel()),
        found.n,
        float(np.quantile(columns[1:], 0.95)),
        method="saes.cosine_estimates.cosine",
    )


def recurrence(stem: str, dictionaries: Sequence[DictionaryCodes], question: Question) -> tuple[Estimate, ...]:
    """Shares of latents that every other seed found as well: of all that fire, and of each style's best feature.

    None for a single dictionary.
    """
    if len(dictionaries) < 2:
        return ()
    again = recurring([one.decoder for one in dictionaries])
    rng = np.random.default_rng(question.settings.seed)
    # The null keeps every vector's entries and forgets their axes.
    elsewhere = recurring([one.decoder[:, rng.permutation(one.decoder.shape[1])] for one in dictionaries])
    taught = question.rows(TRAIN)
    labels = class_weights(question.plan.columns[taught, :1], len(question.classes))[0].T.astype(bool)
    best = [strongest(1)(one.dense[taught], labels)[:, 0] for one in dictionaries]
    return (
        recurring_share(f"{stem}/recurring", again, elsewhere),
        recurring_share(
            f"{stem}/best-feature/recurring",
            *([of[chosen] for of, chosen in zip(masks, best, strict=True)] for masks in (again, elsewhere)),
        ),
    )


def recurring_share(
    name: str, again: Sequence[Bool[np.ndarray, " _"]], elsewhere: Sequence[Bool[np.ndarray, " _"]]
) -> Estimate:
    """Mean share over seeds, with its range over seeds; n is their number, and the null the share for unlike axes."""
    shares = [float(of.mean()) for of in again]
    return Estimate(
        name,
        float(np.mean(shares)),
        min(shares),
        max(shares),
        len(again),
        float(np.mean([of.mean() for of in elsewhere])),
        method="saes.cosine_estimates.recurring_share",
    )
