"""What a permutation null costs as texts, features, points and permutations grow, beside one fit a permutation."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from benchmarks.parts.clock import cpu_seconds
from benchmarks.parts.probe_null import FOLDS, activations, exact, make_tasks, null, ridge, scikit_learn
from benchmarks.parts.varied import Row, Varied

LONGEST_EXACT = 10_000
"""Permutations over all points; exact fits are not given more, because their time is known to be proportional."""


@dataclass(frozen=True)
class Size:
    """What is varied, one at a time."""

    texts: int = 270
    dim: int = 4096
    points: int = 1
    permutations: int = 1000


VARIED = Varied(
    Size(),
    {
        "texts": (90, 270, 810),
        "dim": (256, 1024, 4096, 16384),
        "points": (1, 4, 16),
        "permutations": (10, 100, 1000, 10_000),
    },
    variants=("ridge", "exact", "scikit_learn"),
)


def growth(rounds: int) -> list[Row]:
    """Median CPU seconds at every size, over interleaved rounds; scikit-learn's are those of one fit, multiplied."""
    return VARIED.medians([{size: _seconds(size) for size in VARIED.sizes()} for _ in range(rounds)])


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
