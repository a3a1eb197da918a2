"""Probes taught on some texts and asked others, each at the point that its own training texts chose."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from empathy_core.contracts import TextSet
from empathy_core.datasets.splits import Fold, scenario_folds
from empathy_core.probes.controls.question import Question
from empathy_core.probes.cross_validation import ridge_auroc
from empathy_core.probes.kernel import fold_kernel, standardised_gram
from empathy_core.probes.logistic import decision_values, fit_logistic
from empathy_core.probes.read_out import latest_good_point


@dataclass(frozen=True)
class Lesson:
    """Texts that a probe is taught and texts that it is asked. Rows are those of the question."""

    fold: Fold
    inner: tuple[Fold, ...]
    """Folds of the training rows, which choose the point."""


@dataclass(frozen=True)
class Answer:
    """What one lesson gives at one point."""

    scores: Float[np.ndarray, "asked class"]
    inner: float
    """AUROC of ridge probes on the inner folds."""


def make_lessons(folds: Sequence[Fold], question: Question) -> tuple[Lesson, ...]:
    """Lessons whose inner folds are whole scenarios; none at all where some rows lack a class."""
    lessons = tuple(Lesson(fold, inner_folds(fold.train, question)) for fold in folds)
    taught = [part.train for lesson in lessons for part in (lesson.fold, *lesson.inner)]
    rehearsed = all(any(question.has_every_class(part.test) for part in lesson.inner) for lesson in lessons)
    whole = all(question.has_every_class(rows) for rows in (*taught, *(fold.test for fold in folds)))
    return lessons if rehearsed and whole else ()


def inner_folds(train: Int[np.ndarray, " train"], question: Question) -> tuple[Fold, ...]:
    """Training rows in folds of whole scenarios."""
    settings = question.settings
    return folds_of_rows(question.texts, train, settings.inner_folds, settings.seed)


def folds_of_rows(texts: TextSet, rows: Int[np.ndarray, " row"], n_folds: int, seed: int) -> tuple[Fold, ...]:
    """Some rows of a set in folds of whole scenarios, as rows of the set; none if they are of a single scenario."""
    few = texts.rows(rows)
    if len(np.unique(few.column("scenario_id"))) < 2:
        return ()
    return tuple(Fold(rows[part.train], rows[part.test]) for part in scenario_folds(few, n_folds, seed))


def ask(features: Float[np.ndarray, "text dim"], lesson: Lesson, question: Question) -> Answer:
    """Teach and ask at one point; features are standardised on the training rows.

    The inner folds are scored by ridge probes that curve like the lesson's own logistic one.
    """
    rows = np.union1d(lesson.fold.train, lesson.fold.test)
    fold, *inner = (
        Fold(np.searchsorted(rows, part.train), np.searchsorted(rows, part.test))
        for part in (lesson.fold, *lesson.inner)
    )
    gram, labels, n_classes = (
        standardised_gram(features[rows], fold.train),
        question.labels[rows, None],
        question.n_classes,
    )
    kernel, *rehearsed = (fold_kernel(gram, part.train, part.test) for part in (fold, *inner))
    fit = fit_logistic(kernel, labels[fold.train], n_classes, question.settings.C)
    chosen_by = ridge_auroc(rehearsed, inner, labels, n_classes, 1 / float(fit.curvature[0]))
    return Answer(decision_values(kernel, fit)[:, 0], float(chosen_by[0]))


@dataclass(frozen=True)
class Answered:
    """Lessons, and what each gave at every point."""

    lessons: tuple[Lesson, ...]
    answers: tuple[tuple[Answer, ...], ...]
    """A row of lessons for every point."""

    @property
    def chosen(self) -> Int[np.ndarray, " lesson"]:
        """Position of the point that each lesson's training rows chose."""
        return latest_good_point(np.array([[answer.inner for answer in of_point] for of_point in self.answers]))

    def nested(self, n: int) -> Float[np.ndarray, "text class"]:
        """Scores of `n` rows by the lesson that asks them, at the point it chose; NaN for rows that none asks."""
        return self._scores([self.answers[point][number] for number, point in enumerate(self.chosen)], n)

    def by_point(self, n: int) -> Float[np.ndarray, "point text class"]:
        """The same at every point."""
        return np.array([self._scores(of_point, n) for of_point in self.answers])

    def _scores(self, answers: Sequence[Answer], n: int) -> Float[np.ndarray, "text class"]:
        scores = np.full((n, answers[0].scores.shape[1]), np.nan)
        for lesson, answer in zip(self.lessons, answers, strict=True):
            scores[lesson.fold.test] = answer.scores
        return scores
