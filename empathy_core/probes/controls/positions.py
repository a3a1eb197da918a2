"""Positions: the same read-out from the last token, the mean and every quarter of a reply."""

from empathy_core.contracts import Estimate
from empathy_core.probes.controls.lessons import Answered, Lesson
from empathy_core.probes.controls.question import Question, auroc_curve
from empathy_core.probes.read_out import ReadOut


def pool_lessons(question: Question) -> tuple[Lesson, ...]:
    """The folds of the read-out, with its own inner folds."""
    return tuple(Lesson(fold, inner) for fold, inner in zip(question.folds, question.inner, strict=True))


def pool_aurocs(stem: str, question: Question, answered: Answered) -> tuple[Estimate, ...]:
    """AUROC of one pool at every point, and with each fold at the point that it chose in this pool."""
    scores = answered.by_point(len(question.texts))[:, question.tested.rows]
    return auroc_curve(stem, question, scores, answered.chosen)


def own_pool_aurocs(stem: str, question: Question, read_out: ReadOut) -> tuple[Estimate, ...]:
    """The pool of the read-out itself, from its own scores."""
    return auroc_curve(stem, question, read_out.main.scores, read_out.chosen)
