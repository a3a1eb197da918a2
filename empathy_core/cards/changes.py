"""Which numbers of two runs differ beyond their noise: pure functions of two lists of estimates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.stats import norm, t

from empathy_core.cards.keys import parse_key
from empathy_core.cards.numbers import check_numbers
from empathy_core.contracts import Estimate
from empathy_core.stats import holm

LEVEL = 0.05
"""Bound on the chance that any number is called changed where none has."""
HALF_WIDTH = float(norm.ppf(0.975))
"""Standard errors between a number and the end of its 95 % interval."""
ROUNDING = 1e-9
"""Widths and differences up to this, relative to numbers above 1, are the rounding of sums in another order."""
PROBABILITIES = ("p", "p-holm")
"""Last parts of the keys of p values: their intervals hold the error of few permutations, not that of few scenarios."""

Pair = tuple[Estimate, Estimate]
"""One number before and after."""


@dataclass(frozen=True)
class Change:
    """One number that two runs measured, each with an interval; where nothing changed, its difference is 0."""

    before: Estimate
    after: Estimate
    difference: float
    """After minus before."""
    low: float
    """Of the 95 % interval of the difference, not adjusted for other numbers."""
    high: float
    p: float
    """Two-sided."""
    p_holm: float
    """Adjusted for all numbers that the two runs share and that have intervals (Holm)."""

    @property
    def beyond_noise(self) -> bool:
        """Whether noise alone would seldom give so large a difference for any of the numbers compared."""
        return self.p_holm < LEVEL


@dataclass(frozen=True)
class Changes:
    """All numbers of two runs, each in one place."""

    measured: tuple[Change, ...]
    """Numbers with intervals in both runs, the smallest p first."""
    unmeasured: tuple[Pair, ...]
    """Numbers that differ and of which one has no interval (p values, counts), so nothing says by how much they may."""
    equal: int
    """Numbers that are the same to the last digit, with their intervals, nulls and n; also counted in `measured`."""
    shared: int
    """Numbers in both runs."""
    only_before: tuple[str, ...]
    """Keys."""
    only_after: tuple[str, ...]

    @property
    def beyond_noise(self) -> tuple[Change, ...]:
        """The numbers that changed."""
        return tuple(change for change in self.measured if change.beyond_noise)


def changes(before: Sequence[Estimate], after: Sequence[Estimate]) -> Changes:
    """Compare the numbers of two runs key by key, with Holm's adjustment over all that have an interval in both.

    Numbers that come out equal stay in the adjustment: to leave them out would be to choose the tests by their results.
    A p value, and a number whose interval has no width (a count, a share of 0, an AUROC of 1), is compared for equality
    up to rounding alone. Raises `BadInput` as `check_numbers` does.
    """
    check_numbers(before)
    check_numbers(after)
    earlier, later = ({one.name: one for one in run} for run in (before, after))
    pairs = [(one, later[name]) for name, one in earlier.items() if name in later]
    with_intervals = [pair for pair in pairs if all(map(has_interval, pair))]
    return Changes(
        measured=tuple(sorted(_tested(with_intervals), key=lambda change: (change.p, change.before.name))),
        unmeasured=tuple(pair for pair in pairs if not all(map(has_interval, pair)) and differ(*pair)),
        equal=sum(map(are_equal, pairs)),
        shared=len(pairs),
        only_before=tuple(name for name in earlier if name not in later),
        only_after=tuple(name for name in later if name not in earlier),
    )


def has_interval(estimate: Estimate) -> bool:
    """Whether an interval, and more than one scenario or prompt, say how much the number would vary over others."""
    if estimate.n < 2 or parse_key(estimate.name).what[-1] in PROBABILITIES:
        return False
    return estimate.high - estimate.low > ROUNDING * max(1, abs(estimate.value))


def differ(before: Estimate, after: Estimate) -> bool:
    """Whether two values differ by more than rounding."""
    return abs(after.value - before.value) > ROUNDING * max(1, abs(before.value), abs(after.value))


def are_equal(pair: Pair) -> bool:
    """Whether two estimates are the same to the last digit."""
    before, after = ((one.value, one.low, one.high, one.n, one.null) for one in pair)
    return before == after


def welch_difference(
    before: Float[np.ndarray, "key 4"], after: Float[np.ndarray, "key 4"]
) -> tuple[Float[np.ndarray, " key"], Float[np.ndarray, "key 2"], Float[np.ndarray, " key"]]:
    """Difference, 95 % interval and two-sided p of numbers given as rows of (value, low, high, n), with n above 1.

    Welch's t test (1947) with the longer arm of each interval as 1.96 standard errors and n - 1 degrees of freedom, and
    the two runs as independent. The t distribution matters: of a thousand unchanged numbers from nine scenarios each,
    normal tails call one changed in three comparisons of five. Longer arms and independence err towards no change: an
    interval that is cut at a bound (an AUROC near 1) or skewed counts as its longer side, and runs on the same texts
    share what is special about their scenarios, which cancels in the true difference.
    """
    difference = after[:, 0] - before[:, 0]
    variances = np.stack([_variances(before), _variances(after)])
    degrees = np.stack([before[:, 3], after[:, 3]]) - 1
    error = np.sqrt(variances.sum(axis=0))
    freedom = variances.sum(axis=0) ** 2 / (variances**2 / degrees).sum(axis=0)
    margin = t.ppf(0.975, freedom) * error
    interval = np.stack([difference - margin, difference + margin], axis=1)
    return difference, interval, 2 * t.sf(np.abs(difference) / error, freedom)


def _variances(numbers: Float[np.ndarray, "key 4"]) -> Float[np.ndarray, " key"]:
    value, low, high, _ = numbers.T
    return (np.maximum(value - low, high - value) / HALF_WIDTH) ** 2


def _tested(pairs: Sequence[Pair]) -> list[Change]:
    before, after = (
        np.array([(one.value, one.low, one.high, one.n) for one in run], dtype=float).reshape(-1, 4)
        for run in ([pair[0] for pair in pairs], [pair[1] for pair in pairs])
    )
    difference, interval, p = welch_difference(before, after)
    columns = (difference.tolist(), *interval.T.tolist(), p.tolist(), holm(p).tolist())
    return [Change(*pair, *row) for pair, *row in zip(pairs, *columns, strict=True)]
