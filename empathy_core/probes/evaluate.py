"""What probes read at every residual point, as estimates: beside the permutation null and the text baseline."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Shaped

from empathy_core.contracts import Estimate, TextSet
from empathy_core.datasets.lexical import lexical_scores
from empathy_core.datasets.splits import Fold
from empathy_core.probes.cross_validation import (
    Plan,
    PointReading,
    ProbeSettings,
    check_finite,
    make_plan,
    one_versus_rest,
    read_task,
)
from empathy_core.probes.kernel import standardised_gram
from empathy_core.probes.tasks import tasks
from empathy_core.stats import (
    binomial_interval,
    bootstrap_mean,
    cluster_bootstrap_auroc,
    cluster_bootstrap_d_prime,
    d_prime,
    grouped_auroc,
    max_statistic_p,
    percentile_interval,
)

NEGLIGIBLE = 0.01
"""The latest point whose inner AUROC is within this of the best is chosen: inside the training families words alone may
tell the classes apart, and the earliest points are nearest to the words."""


@dataclass(frozen=True)
class ReadOut:
    """Out-of-fold scores of one task at every point, for the texts that a fold tests, and all its estimates need."""

    task: str
    classes: tuple[str, ...]
    points: tuple[int, ...]
    labels: Int[np.ndarray, " text"]
    scenarios: Shaped[np.ndarray, " text"]
    folds: Int[np.ndarray, " text"]
    """Number of the fold that tests each text."""
    scores: Float[np.ndarray, "point text class"]
    """Exact logistic decision values: log-odds of the second class, or one column a class if there are more."""
    chosen: Int[np.ndarray, " fold"]
    """Position in `points` of the point that each fold's training rows chose."""
    text_scores: Float[np.ndarray, "text class"]
    """TF-IDF decision values on the same folds."""
    observed: Float[np.ndarray, " point"]
    """Fold-averaged AUROC of the matched ridge probe."""
    null: Float[np.ndarray, "draw point"]
    """The same under permuted labels; a draw is one permutation, used at all points."""
    settings: ProbeSettings

    @property
    def nested_scores(self) -> Float[np.ndarray, "text class"]:
        """Every text's scores at the point that its fold chose without seeing it."""
        return self.scores[self.chosen[self.folds], np.arange(len(self.labels))]

    @property
    def n(self) -> int:
        """Number of scenarios."""
        return len(np.unique(self.scenarios))


def read_outs(
    read_point: Callable[[int], Float[np.ndarray, "text dim"]],
    points: Sequence[int],
    texts: TextSet,
    folds: Sequence[Fold],
    settings: ProbeSettings,
) -> tuple[ReadOut, ...]:
    """Probe every task at every point; `read_point` gives the features of all texts and is called once a point.

    Features are standardised on each fold's main training rows. Raises `BadInput` for a feature that is not finite, and
    whatever `make_plan` refuses, before any feature is read.
    """
    plans = [make_plan(task, texts, folds, settings) for task in tasks(texts)]
    text_scores = [_text_scores(plan, texts) for plan in plans]
    main = np.flatnonzero(texts.column("role") == "main")
    scaled_on = [np.intersect1d(fold.train, main) for fold in folds]
    readings = []
    for point in points:
        features = read_point(point)
        check_finite(features, point, texts)
        grams = [standardised_gram(features, rows) for rows in scaled_on]
        readings.append([read_task(grams, plan, settings.C) for plan in plans])
    return tuple(
        _read_out(plan, tuple(points), of_task, words, texts, settings)
        for plan, of_task, words in zip(plans, zip(*readings, strict=True), text_scores, strict=True)
    )


def estimates(prefix: str, read_out: ReadOut) -> tuple[Estimate, ...]:
    """Everything that is reported of one read-out, named `{prefix}/read/{task}/…`."""
    stem = f"{prefix}/read/{read_out.task}"
    return (
        *point_aurocs(stem, read_out),
        nested_auroc(stem, read_out),
        text_auroc(stem, read_out),
        excess(stem, read_out),
        family_wise_p(stem, read_out),
        nested_d_prime(stem, read_out),
        nested_accuracy(stem, read_out),
    )


def point_aurocs(stem: str, read_out: ReadOut) -> tuple[Estimate, ...]:
    """Fold-averaged AUROC of the exact logistic probe at every point (macro one-vs-rest for more than two classes).

    Interval: bootstrap over scenarios. Null: 95 % bound of the largest AUROC over points under permuted labels, drawn
    with the matched ridge probe, which ranks texts nearly as the logistic one does at a fraction of the cost.
    """
    null = _null_bound(read_out)
    return tuple(
        Estimate(
            f"{stem}/point={point}/auroc",
            *_auroc_with_interval(read_out, scores),
            read_out.n,
            null,
            method="probes.evaluate.point_aurocs",
        )
        for point, scores in zip(read_out.points, read_out.scores, strict=True)
    )


def nested_auroc(stem: str, read_out: ReadOut) -> Estimate:
    """AUROC with each fold read at the point that its own training rows chose, so that choosing is paid for.

    The null is that of `point_aurocs`: conservative, since the chosen point cannot beat the best one.
    """
    return Estimate(
        f"{stem}/nested/auroc",
        *_auroc_with_interval(read_out, read_out.nested_scores),
        read_out.n,
        _null_bound(read_out),
        method="probes.evaluate.nested_auroc",
    )


def text_auroc(stem: str, read_out: ReadOut) -> Estimate:
    """AUROC of a TF-IDF classifier on the same folds; its null is chance."""
    return Estimate(
        f"{stem}/tfidf/auroc",
        *_auroc_with_interval(read_out, read_out.text_scores),
        read_out.n,
        0.5,
        method="probes.evaluate.text_auroc",
    )


def excess(stem: str, read_out: ReadOut) -> Estimate:
    """AUROC of the nested probe minus that of TF-IDF, with both resampled on the same scenarios."""
    probe, words = read_out.nested_scores, read_out.text_scores
    return Estimate(
        f"{stem}/excess",
        _auroc(read_out, probe) - _auroc(read_out, words),
        *percentile_interval(_auroc_draws(read_out, probe) - _auroc_draws(read_out, words)),
        read_out.n,
        0.0,
        method="probes.evaluate.excess",
    )


def family_wise_p(stem: str, read_out: ReadOut) -> Estimate:
    """p of the best point against the best point under permuted labels; observed and null from the same ridge probe.

    The interval is the Monte-Carlo error of a finite number of permutations. Labels are permuted over scenarios: when
    probes are tested on an unseen lexical family, a chance likeness between the words of two families is not in this
    null, and with few families it can make p small.
    """
    best = read_out.null.max(axis=1)
    return Estimate(
        f"{stem}/max/p",
        max_statistic_p(read_out.observed, read_out.null),
        *binomial_interval(int((best >= read_out.observed.max()).sum()), len(best)),
        read_out.n,
        None,
        method="probes.evaluate.family_wise_p",
    )


def nested_d_prime(stem: str, read_out: ReadOut) -> Estimate:
    """Held-out d' at the nested point, from decision values pooled over folds (mean of one-vs-rest for many classes).

    Decision values are log-odds, so folds share a scale; what shifts between folds remains and lowers d'.
    """
    columns = list(zip(read_out.nested_scores.T, _binary_labels(read_out).T, strict=True))
    draws = [
        cluster_bootstrap_d_prime(scores, labels, read_out.scenarios, read_out.settings.draws, _rng(read_out))
        for scores, labels in columns
    ]
    return Estimate(
        f"{stem}/nested/d_prime",
        float(np.mean([d_prime(scores, labels) for scores, labels in columns])),
        *percentile_interval(np.mean(draws, axis=0)),
        read_out.n,
        0.0,
        method="probes.evaluate.nested_d_prime",
    )


def nested_accuracy(stem: str, read_out: ReadOut) -> Estimate:
    """Share of held-out texts classified right at the nested point; the null is the share of the largest class."""
    scores = read_out.nested_scores
    predicted = scores.argmax(axis=1) if scores.shape[1] > 1 else (scores[:, 0] > 0).astype(int)
    right = (predicted == read_out.labels).astype(float)
    draws = bootstrap_mean(right, read_out.scenarios, read_out.settings.draws, _rng(read_out))
    return Estimate(
        f"{stem}/nested/accuracy",
        float(right.mean()),
        *percentile_interval(draws),
        read_out.n,
        float(np.bincount(read_out.labels).max() / len(right)),
        method="probes.evaluate.nested_accuracy",
    )


def _text_scores(plan: Plan, texts: TextSet) -> Float[np.ndarray, "text class"]:
    """TF-IDF decision values of the task's rows."""
    rows = plan.task.rows
    folds = [Fold(np.searchsorted(rows, fold.train), np.searchsorted(rows, fold.test)) for fold in plan.folds]
    return lexical_scores(texts.column("response")[rows].tolist(), plan.task.labels, folds)


def _read_out(
    plan: Plan,
    points: tuple[int, ...],
    readings: Sequence[PointReading],
    text_scores: Float[np.ndarray, "task class"],
    texts: TextSet,
    settings: ProbeSettings,
) -> ReadOut:
    """Gather the points of one task, for the texts that a fold tests."""
    tested = np.sort(np.concatenate([fold.test for fold in plan.folds]))
    number = np.empty(len(texts), dtype=int)
    for index, fold in enumerate(plan.folds):
        number[fold.test] = index
    inner, ridge = np.array([reading.inner for reading in readings]), np.array([reading.ridge for reading in readings])
    return ReadOut(
        task=plan.task.name,
        classes=plan.task.classes,
        points=points,
        labels=plan.columns[tested, 0],
        scenarios=texts.column("scenario_id")[tested],
        folds=number[tested],
        scores=np.array([reading.scores[tested] for reading in readings]),
        chosen=_latest_good_point(inner),
        text_scores=text_scores[np.searchsorted(plan.task.rows, tested)],
        observed=ridge[:, 0],
        null=ridge[:, 1:].T,
        settings=settings,
    )


def _latest_good_point(inner: Float[np.ndarray, "point fold"]) -> Int[np.ndarray, " fold"]:
    good = inner >= inner.max(axis=0) - NEGLIGIBLE
    return len(inner) - 1 - good[::-1].argmax(axis=0)


def _binary_labels(read_out: ReadOut) -> Shaped[np.ndarray, "text class"]:
    return one_versus_rest(read_out.labels, len(read_out.classes))


def _auroc(read_out: ReadOut, scores: Float[np.ndarray, "text class"]) -> float:
    columns = zip(scores.T, _binary_labels(read_out).T, strict=True)
    return float(np.mean([grouped_auroc(values, labels, read_out.folds) for values, labels in columns]))


def _auroc_draws(read_out: ReadOut, scores: Float[np.ndarray, "text class"]) -> Float[np.ndarray, " draw"]:
    """Bootstrap draws of `_auroc`; every call resamples the same scenarios."""
    draws = [
        cluster_bootstrap_auroc(
            values, labels, read_out.scenarios, read_out.folds, read_out.settings.draws, _rng(read_out)
        )
        for values, labels in zip(scores.T, _binary_labels(read_out).T, strict=True)
    ]
    return np.mean(draws, axis=0)


def _auroc_with_interval(read_out: ReadOut, scores: Float[np.ndarray, "text class"]) -> tuple[float, float, float]:
    return _auroc(read_out, scores), *percentile_interval(_auroc_draws(read_out, scores))


def _rng(read_out: ReadOut) -> np.random.Generator:
    return np.random.default_rng(read_out.settings.seed)


def _null_bound(read_out: ReadOut) -> float:
    return float(np.quantile(read_out.null.max(axis=1), 0.95))
