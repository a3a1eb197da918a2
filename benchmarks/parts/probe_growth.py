"""What a permutation null costs as texts, features, points and permutations grow, beside one fit a permutation."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial

import numpy as np

from benchmarks.parts.clock import cpu_seconds
from benchmarks.parts.probe_null import FOLDS, activations, exact, make_tasks, null, ridge, scikit_learn

VARIANTS = ("ridge", "exact", "scikit_learn")
LONGEST_EXACT = 10_000
"""Permutations over all points; exact fits are not given more, because their time is known to be proportional."""


@dataclass(frozen=True)
class Size:
    """What is varied, one at a time."""

    texts: int = 270
    dim: int = 4096
    points: int = 1
    permutations: int = 1000


VARIED = {
    "texts": (90, 270, 810),
    "dim": (256, 1024, 4096, 16384),
    "points": (1, 4, 16),
    "permutations": (10, 100, 1000, 10_000),
}
Row = dict[str, float]
"""The fields of a size, and CPU seconds of the variants that were measured there."""


def growth(rounds: int) -> list[Row]:
    """Median CPU seconds at every size, over interleaved rounds; scikit-learn's are those of one fit, multiplied."""
    sizes = dict.fromkeys(replace(Size(), **{field: value}) for field in VARIED for value in VARIED[field])
    times = [{size: _seconds(size) for size in sizes} for _ in range(rounds)]
    return [
        {
            **asdict(size),
            **{name: float(np.median([seconds[size][name] for seconds in times])) for name in times[0][size]},
        }
        for size in sizes
    ]


def curve(rows: Sequence[Row], field: str, variant: str) -> tuple[list[float], list[float]]:
    """Sizes and seconds where only this field varies."""
    others = asdict(Size())
    del others[field]
    found = [row for row in rows if variant in row and all(row[name] == value for name, value in others.items())]
    found.sort(key=lambda row: row[field])
    return [row[field] for row in found], [row[variant] for row in found]


def exponents(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Slopes of seconds against each size on logarithmic axes, by least squares: 1 is proportional, 2 quadratic."""

    def slope(field: str, variant: str) -> float:
        sizes, seconds = curve(rows, field, variant)
        return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])

    return {field: {variant: slope(field, variant) for variant in VARIANTS} for field in VARIED}


def _seconds(size: Size) -> dict[str, float]:
    features = activations(size.texts, size.dim, seed=0)
    tasks = make_tasks(size.texts, 1, size.permutations)
    (task,) = tasks
    one_fit = partial(scikit_learn, features.astype(float), task.columns[:, 1], *task.fold(0))

    def at_every_point(work: Callable[[], object]) -> None:
        for _ in range(size.points):
            work()

    seconds = {
        "ridge": cpu_seconds(lambda: at_every_point(partial(null, features, tasks, ridge))),
        "scikit_learn": cpu_seconds(one_fit) * FOLDS * size.points * size.permutations,
    }
    if size.points * size.permutations <= LONGEST_EXACT:
        seconds["exact"] = cpu_seconds(lambda: at_every_point(partial(null, features, tasks, exact)))
    return seconds
