"""Emergence: the first residual point that reads more than the words do, and more than the input of the first block.

Intervals are simultaneous over points and over both comparisons: studentised differences are resampled by scenario and
the 95 % quantile of the largest one, in either direction, is the half-width of all of them in standard errors (the
max-statistic; Westfall & Young 1993, Mandel & Betensky 2008). Then a point whose lower limits are all above 0 may be
named without paying again for having looked at many.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from empathy_core.contracts import Estimate
from empathy_core.probes.held_out import auroc_draws, mean_auroc
from empathy_core.probes.read_out import ReadOut

LEVEL = 0.95


@dataclass(frozen=True)
class Band:
    """Differences with limits that hold for all of them at once."""

    value: Float[np.ndarray, "point comparison"]
    low: Float[np.ndarray, "point comparison"]
    high: Float[np.ndarray, "point comparison"]


def emergence(stem: str, read_out: ReadOut) -> tuple[Estimate, ...]:
    """Everything about emergence, from the scores of the read-out itself."""
    band = emergence_band(read_out)
    return (*differences(stem, read_out, band), *first_point(stem, read_out, band))


def emergence_band(read_out: ReadOut) -> Band:
    """AUROC at every point minus that of the best text baseline, and minus that of the first point."""
    tested, scores = read_out.main.tested, read_out.main.scores
    words = list(read_out.main.text_scores.values())
    values = np.array([mean_auroc(tested, of_point) for of_point in scores])
    draws = np.array([auroc_draws(tested, of_point) for of_point in scores]).T
    best, best_draws = (
        max(mean_auroc(tested, s) for s in words),
        np.max([auroc_draws(tested, s) for s in words], axis=0),
    )
    return simultaneous_band(
        np.column_stack([values - best, values - values[0]]),
        np.stack([draws - best_draws[:, None], draws - draws[:, :1]], axis=2),
    )


def simultaneous_band(
    values: Float[np.ndarray, "point comparison"], draws: Float[np.ndarray, "draw point comparison"]
) -> Band:
    """The same number of standard errors about every value, so many that in 95 % of draws none lies outside."""
    error = draws.std(axis=0)
    deviations = np.abs(draws - values)
    in_errors = np.divide(deviations, error, out=np.zeros_like(deviations), where=error > 0)
    width = np.quantile(in_errors.max(axis=(1, 2)), LEVEL) * error
    return Band(values, values - width, values + width)


def differences(stem: str, read_out: ReadOut, band: Band) -> tuple[Estimate, ...]:
    """Both comparisons at every point; the first is not compared with itself. The null is no difference."""
    return tuple(
        Estimate(
            f"{stem}/point={point}/{name}",
            float(band.value[position, column]),
            float(band.low[position, column]),
            float(band.high[position, column]),
            read_out.main.tested.n,
            0.0,
            method="probes.controls.emergence.differences",
        )
        for position, point in enumerate(read_out.points)
        for column, name in enumerate(("over-text", "over-first"))
        if position or name == "over-text"
    )


def first_point(stem: str, read_out: ReadOut, band: Band) -> tuple[Estimate, ...]:
    """The first point where both lower limits are above 0, if there is one.

    The interval begins at the first point where both upper limits are: with 95 % confidence the first point that truly
    exceeds both words and the first point lies in it. There is no null.
    """
    shown, possible = ((limit > 0).all(axis=1) for limit in (band.low, band.high))
    if not shown.any():
        return ()
    first = float(read_out.points[shown.argmax()])
    return (
        Estimate(
            f"{stem}/first",
            first,
            float(read_out.points[possible.argmax()]),
            first,
            read_out.main.tested.n,
            None,
            method="probes.controls.emergence.first_point",
        ),
    )
