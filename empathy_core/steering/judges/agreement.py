"""How far judges agree: two models, several people, one person twice, or a model and people."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Shaped

from empathy_core.contracts import Estimate
from empathy_core.datasets.review.krippendorff import alpha
from empathy_core.stats import percentile_interval
from empathy_core.steering.judges.human import Rating, style_id
from empathy_core.steering.judges.interface import Exchange, Judgement

DRAWS = 1000
Ratings = Float[np.ndarray, "rater item"]


def agreement(
    prefix: str,
    judge: str,
    what: str,
    ratings: Mapping[str, Ratings],
    scenarios: Shaped[np.ndarray, " item"],
    seed: int,
) -> tuple[Estimate, ...]:
    """Krippendorff's ordinal alpha for every style: 1 is full agreement, 0 chance.

    NaN is a missing rating. The interval is a bootstrap over scenarios. Nothing where no reply has two ratings.
    """
    estimates = []
    for style, given in ratings.items():
        double = (~np.isnan(given)).sum(axis=0) > 1
        if double.any():
            draws = _bootstrap(given[:, double], scenarios[double], np.random.default_rng(seed))
            estimates.append(
                Estimate(
                    f"{prefix}/judge/{judge}/{what}/{style}",
                    alpha(given, "ordinal"),
                    *percentile_interval(draws),
                    n=len(np.unique(scenarios[double])),
                    null=0.0,
                    method="steering.judges.agreement.agreement",
                )
            )
    return tuple(estimates)


def between_judges(
    exchanges: Sequence[Exchange], first: Sequence[Judgement], second: Sequence[Judgement], styles: Sequence[str]
) -> tuple[dict[str, Ratings], Shaped[np.ndarray, " item"]]:
    """Two judges' shares of the same replies as ratings, by style, and the scenario of each reply.

    A missing verdict is a missing rating. Equal replies count once and empty ones not: no judge reads those.
    """
    items = {
        (exchange.scenario, exchange.reply): pair
        for exchange, *pair in zip(exchanges, first, second, strict=True)
        if exchange.reply.strip()
    }
    ratings = {
        style: np.array([[pair[row].shares[style] for pair in items.values()] for row in range(2)]) for style in styles
    }
    return ratings, np.array([scenario for scenario, _ in items])


def between_raters(
    ratings: Sequence[Rating], styles: Sequence[str]
) -> tuple[dict[str, Ratings], Shaped[np.ndarray, " item"]]:
    """Every person's first rating of each reply, by style, and the scenario of each reply."""
    first = [rating for rating in ratings if rating.showing == 0]
    return _table([(rating.rater, (rating.scenario, rating.reply), rating) for rating in first], styles)


def within_raters(
    ratings: Sequence[Rating], styles: Sequence[str]
) -> tuple[dict[str, Ratings], Shaped[np.ndarray, " item"]]:
    """The two showings of a reply to one person as two raters of one item, by style, and the scenario of each item."""
    cells = [(str(rating.showing), (rating.scenario, rating.reply, rating.rater), rating) for rating in ratings]
    return _table(cells, styles)


def _table(
    cells: Sequence[tuple[str, tuple[str, ...], Rating]], styles: Sequence[str]
) -> tuple[dict[str, Ratings], Shaped[np.ndarray, " item"]]:
    """Ratings by row and item, NaN where there is none; an item's first part is its scenario."""
    rows = sorted({row for row, _, _ in cells})
    items = sorted({item for _, item, _ in cells})
    place = {item: number for number, item in enumerate(items)}
    table = {style: np.full((len(rows), len(items)), np.nan) for style in styles}
    for row, item, rating in cells:
        for style in styles:
            table[style][rows.index(row), place[item]] = rating.places[style_id(style)]
    return table, np.array([scenario for scenario, *_ in items])


def _bootstrap(
    ratings: Ratings, scenarios: Shaped[np.ndarray, " item"], rng: np.random.Generator
) -> Float[np.ndarray, " draw"]:
    columns = [np.flatnonzero(scenarios == scenario) for scenario in np.unique(scenarios)]
    drawn = rng.integers(len(columns), size=(DRAWS, len(columns)))
    return np.array([alpha(ratings[:, np.concatenate([columns[i] for i in one])], "ordinal") for one in drawn])
