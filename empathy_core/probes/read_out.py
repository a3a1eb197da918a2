"""What probes read at every residual point: scores of held-out texts and foils, beside text baselines and the null."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from empathy_core.contracts import TextSet
from empathy_core.datasets.lexical import Baseline, lexical_scores
from empathy_core.datasets.splits import Fold, renumbered
from empathy_core.probes.cross_validation import Plan, PointReading, ProbeSettings, check_finite, make_plan, read_task
from empathy_core.probes.held_out import HeldOutTexts, held_out_texts
from empathy_core.probes.kernel import standardised_gram
from empathy_core.probes.tasks import tasks

BASELINES: tuple[Baseline, ...] = ("length", "opener", "function-words", "tfidf", "character-ngrams")
"""What a probe has to exceed."""
NEGLIGIBLE = 0.01
"""The latest point whose inner AUROC is within this of the best is chosen: inside the training families words alone may
tell the classes apart, and the earliest points are nearest to the words."""


@dataclass(frozen=True)
class HeldOut:
    """Scores of one set of tested texts, and what they are compared with."""

    tested: HeldOutTexts
    scores: Float[np.ndarray, "point text class"]
    """Exact logistic decision values: log-odds of the second class, or one column a class if there are more."""
    text_scores: dict[str, Float[np.ndarray, "text class"]]
    """Decision values of each text baseline on the same folds."""
    observed: Float[np.ndarray, " point"]
    """Fold-averaged AUROC of the matched ridge probe."""
    null: Float[np.ndarray, "draw point"]
    """The same under permuted labels; a draw is one permutation, used at all points."""

    @property
    def null_bound(self) -> float:
        """95 % bound of the largest AUROC over points under permuted labels."""
        return float(np.quantile(self.null.max(axis=1), 0.95))

    def at(self, chosen: Int[np.ndarray, " fold"]) -> Float[np.ndarray, "text class"]:
        """Every text's scores at the position that its fold has chosen."""
        return self.scores[chosen[self.tested.folds], np.arange(len(self.tested.labels))]


@dataclass(frozen=True)
class ReadOut:
    """Everything that is estimated of one task, over all points."""

    task: str
    classes: tuple[str, ...]
    varies_within_scenarios: bool
    points: tuple[int, ...]
    main: HeldOut
    foils: HeldOut | None
    """Texts of the held-out scenarios that wear another class's words, where the set has them."""
    chosen: Int[np.ndarray, " fold"]
    """Position in `points` of the point that each fold's training rows chose."""
    inexact: tuple[int, ...]
    """Points where some logistic fit did not reach its optimum to the accuracy promised."""

    @property
    def nested(self) -> Float[np.ndarray, "text class"]:
        """Scores of the main texts at the point that their fold chose without seeing them."""
        return self.main.at(self.chosen)


def read_outs(
    read_point: Callable[[int], Float[np.ndarray, "text dim"]],
    points: Sequence[int],
    texts: TextSet,
    folds: Sequence[Fold],
    settings: ProbeSettings,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[ReadOut, ...]:
    """Probe every task at every point; `read_point` gives the features of all texts and is called once a point.

    Features are standardised on each fold's main training rows. Raises `BadInput` for a feature that is not finite, and
    whatever `make_plan` refuses, before any feature is read. `progress` is told how many points are done.
    """
    plans = [make_plan(task, texts, folds, settings) for task in tasks(texts)]
    words = [_text_scores(plan, texts) for plan in plans]
    scaled_on = scaling_rows(texts, folds)
    readings = []
    for point in points:
        features = read_point(point)
        check_finite(features, point, texts)
        grams = [standardised_gram(features, rows) for rows in scaled_on]
        readings.append([read_task(grams, plan, settings.C) for plan in plans])
        progress(len(readings), len(points))
    return tuple(
        _read_out(plan, tuple(points), of_task, of_words, texts, settings)
        for plan, of_task, of_words in zip(plans, zip(*readings, strict=True), words, strict=True)
    )


def scaling_rows(texts: TextSet, folds: Sequence[Fold]) -> list[Int[np.ndarray, " train"]]:
    """The rows that set each fold's standardisation: main texts that it trains on, whatever the task."""
    main = np.flatnonzero(texts.column("role") == "main")
    return [np.intersect1d(fold.train, main) for fold in folds]


def _text_scores(plan: Plan, texts: TextSet) -> dict[str, Float[np.ndarray, "row class"]]:
    """Decision values of every text baseline for all rows of the set; NaN where no fold tests the row."""
    both = [
        Fold(fold.train, np.union1d(fold.test, foils.test))
        for fold, foils in zip(plan.folds, plan.foil_folds, strict=True)
    ]
    rows = np.union1d(plan.task.rows, plan.task.foil_rows)
    responses, labels, folds = texts.column("response")[rows].tolist(), plan.columns[rows, 0], renumbered(both, rows)
    found = {}
    for kind in BASELINES:
        scores = lexical_scores(responses, labels, folds, kind)
        found[kind] = np.full((len(texts), scores.shape[1]), np.nan)
        found[kind][rows] = scores
    return found


def _read_out(
    plan: Plan,
    points: tuple[int, ...],
    readings: Sequence[PointReading],
    words: dict[str, Float[np.ndarray, "row class"]],
    texts: TextSet,
    settings: ProbeSettings,
) -> ReadOut:
    def held_out(folds: Sequence[Fold], ridge: Iterator[Float[np.ndarray, " column"]]) -> HeldOut:
        labels, n_classes = plan.columns[:, 0], len(plan.task.classes)
        tested = held_out_texts(folds, labels, n_classes, texts, settings.draws, settings.seed)
        by_point = np.array(list(ridge))
        return HeldOut(
            tested,
            np.array([reading.scores[tested.rows] for reading in readings]),
            {kind: scores[tested.rows] for kind, scores in words.items()},
            by_point[:, 0],
            by_point[:, 1:].T,
        )

    return ReadOut(
        task=plan.task.name,
        classes=plan.task.classes,
        varies_within_scenarios=plan.task.varies_within_scenarios,
        points=points,
        main=held_out(plan.folds, (reading.ridge for reading in readings)),
        foils=held_out(plan.foil_folds, (reading.foil_ridge for reading in readings))
        if len(plan.task.foil_rows)
        else None,
        chosen=latest_good_point(np.array([reading.inner for reading in readings])),
        inexact=tuple(point for point, reading in zip(points, readings, strict=True) if not reading.exact),
    )


def latest_good_point(inner: Float[np.ndarray, "point fold"]) -> Int[np.ndarray, " fold"]:
    """Of each fold, the position of the latest point that is as good as the best one on the inner folds."""
    good = inner >= inner.max(axis=0) - NEGLIGIBLE
    return len(inner) - 1 - good[::-1].argmax(axis=0)
