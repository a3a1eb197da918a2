"""What every measure of a set of texts shares: its record, its interval over scenarios, and sets without one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from empathy_core.contracts import Estimate, TextSet
from empathy_core.stats import percentile_interval

DRAWS = 2000


@dataclass(frozen=True)
class Measured:
    """One property of a set of texts, with what to look at first."""

    name: str
    estimate: Estimate
    detail: str = ""


def whole(texts: TextSet, name: str, value: float | int, method: str, detail: str = "") -> Measured:
    """A property of the whole set rather than of a sample: its interval has no width, n is its number of scenarios."""
    return measured(texts, name, float(value), (float(value),) * 2, n_scenarios(texts), method, detail=detail)


def sampled(
    texts: TextSet,
    name: str,
    value: float,
    draws: Float[np.ndarray, " draw"],
    n: int,
    method: str,
    null: float | None = None,
    detail: str = "",
) -> Measured:
    """A property with the central 95 % of its bootstrap draws over `n` scenarios as interval."""
    return measured(texts, name, value, percentile_interval(draws), n, method, null, detail)


def measured(
    texts: TextSet,
    name: str,
    value: float,
    interval: tuple[float, float],
    n: int,
    method: str,
    null: float | None = None,
    detail: str = "",
) -> Measured:
    """A property with an interval of its own making, under the key `{texts}/quality/{name}`."""
    low, high = interval
    estimate = Estimate(f"{texts.name}/quality/{name}", float(value), float(low), float(high), n, null, method)
    # Details come out of arrays too, and a card shows no numpy string.
    return Measured(name, estimate, str(detail))


def n_scenarios(texts: TextSet) -> int:
    """Number of scenarios."""
    return len({text.scenario_id for text in texts.texts})


def by_scenario(values: Sequence[float], texts: TextSet) -> Float[np.ndarray, "scenario style"]:
    """Values of the texts as one row a scenario and one column a main style.

    Several replies of one style to one scenario are averaged; NaN where a scenario lacks a style.
    """
    _, row = np.unique(texts.column("scenario_id"), return_inverse=True)
    cell = row * len(texts.main_styles) + [texts.main_styles.index(text.style) for text in texts.texts]
    size = (row.max() + 1) * len(texts.main_styles)
    counts, sums = np.bincount(cell, minlength=size), np.bincount(cell, values, size)
    means = np.divide(sums, counts, out=np.full(size, np.nan), where=counts > 0)
    return means.reshape(-1, len(texts.main_styles))


def resampled(table: Float[np.ndarray, "scenario style"], rng: np.random.Generator) -> Float[np.ndarray, "draw s t"]:
    """Whole scenarios of a table drawn with replacement."""
    return table[rng.integers(len(table), size=(DRAWS, len(table)))]


def moments(tables: Float[np.ndarray, "draw scenario style"]) -> tuple[Float[np.ndarray, "draw style"], ...]:
    """Count, mean and variance of each style over the scenarios that have it; all 0 for a style that none has."""
    present = np.isfinite(tables)
    counts = present.sum(axis=1).astype(float)
    divisor = np.maximum(counts, 1)
    means = np.where(present, tables, 0).sum(axis=1) / divisor
    variances = np.where(present, (tables - means[:, None]) ** 2, 0).sum(axis=1) / divisor
    return counts, means, variances


def largest_gap(texts: TextSet, name: str, values: Sequence[float], method: str, rng: np.random.Generator) -> Measured:
    """Largest difference between the means of two styles; interval by bootstrap over scenarios."""
    table = by_scenario(values, texts)
    means, draws = moments(table[None])[1][0], np.ptp(moments(resampled(table, rng))[1], axis=1)
    detail = ", ".join(f"{style} {mean:.0%}" for style, mean in zip(texts.main_styles, means, strict=True))
    return sampled(texts, name, np.ptp(means), draws, n_scenarios(texts), method, detail=detail)
