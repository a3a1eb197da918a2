"""Everything that probes read off one model: tasks at every point, controls, and the earlier study's numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from empathy_core.contracts import ActivationSet, Estimate, TextSet
from empathy_core.datasets.splits import grouped_folds
from empathy_core.probes.controls.measure import controls
from empathy_core.probes.cross_validation import ProbeSettings
from empathy_core.probes.evaluate import estimates
from empathy_core.probes.read_out import ReadOut, read_outs
from empathy_core.probes.replication import replication
from empathy_core.probes.tasks import reading_task
from empathy_core.stats import holm

FAMILY_WISE = "/max/p"


@dataclass(frozen=True)
class ReadingSettings:
    """What is read, and how often labels are permuted."""

    folds: int = 5
    permutations: int = 1000
    seed: int = 0

    @property
    def probes(self) -> ProbeSettings:
        """The settings of every probe."""
        return ProbeSettings(permutations=self.permutations, seed=self.seed)


@dataclass(frozen=True)
class Reading:
    """Estimates of one model's read-outs, and the scores behind them."""

    estimates: tuple[Estimate, ...]
    read_outs: tuple[ReadOut, ...]

    @property
    def inexact(self) -> tuple[str, ...]:
        """Tasks and points whose fits did not reach the accuracy promised."""
        return tuple(f"{one.task} at point {point}" for one in self.read_outs for point in one.inexact)


def read_model(
    read_point: Callable[[int], Float[np.ndarray, "text dim"]],
    activations: ActivationSet,
    texts: TextSet,
    settings: ReadingSettings,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Reading:
    """Probe every task at every residual point; names begin with `{texts}/{model}/read`.

    Raises `BadInput` as `read_outs` does.
    """
    folds = grouped_folds(texts, settings.folds, settings.seed)
    found = read_outs(read_point, activations.points, texts, folds, settings.probes, progress)
    prefix = f"{texts.name}/{activations.model.name}"
    return Reading(tuple(estimate for read_out in found for estimate in estimates(prefix, read_out)), found)


def control_model(
    read_point_of: Callable[[str], Callable[[int], Float[np.ndarray, "text dim"]]],
    pool: str,
    activations: ActivationSet,
    texts: TextSet,
    reading: Reading,
    point: int,
    settings: ReadingSettings,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Estimate, ...]:
    """Controls of the deciding task, and the earlier study's numbers at one point; names `{texts}/{model}/control`, …

    `read_point_of` gives the reader of a pool, `pool` is the one that was probed.
    """
    prefix, main = f"{texts.name}/{activations.model.name}", texts.column("role") == "main"
    deciding = next(one for one in reading.read_outs if one.task == reading_task(texts.main_styles))
    folds = grouped_folds(texts, settings.folds, settings.seed)
    return (
        *controls(prefix, read_point_of, pool, activations.pools, texts, folds, deciding, settings.probes, progress),
        *replication(prefix, read_point_of(pool)(point)[main], texts.rows(main), settings.seed),
    )


def holm_over_models(found: Sequence[Estimate]) -> tuple[Estimate, ...]:
    """Family-wise p of every task, adjusted for having asked several models (Holm 1979), as `…/max/p-holm`.

    The adjustment is monotone, so the Monte-Carlo bounds of p are adjusted as p is.
    """
    by_task: dict[str, list[Estimate]] = {}
    for estimate in found:
        if estimate.name.endswith(FAMILY_WISE):
            task = estimate.name.removesuffix(FAMILY_WISE).rsplit("/", 1)[1]
            by_task.setdefault(task, []).append(estimate)
    adjusted = []
    for of_models in by_task.values():
        bounds = zip(
            *(holm(np.array([getattr(e, at) for e in of_models])) for at in ("value", "low", "high")), strict=True
        )
        for estimate, (value, low, high) in zip(of_models, bounds, strict=True):
            adjusted.append(
                replace(
                    estimate,
                    name=f"{estimate.name}-holm",
                    value=float(value),
                    low=float(low),
                    high=float(high),
                    method="probes.reading.holm_over_models",
                )
            )
    return tuple(adjusted)
