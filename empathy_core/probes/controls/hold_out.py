"""Whole contexts, registers or lexical families held out: asked about texts of a kind that was never taught."""

import numpy as np

from empathy_core.contracts import Estimate
from empathy_core.datasets.splits import Fold, held_out
from empathy_core.probes.controls.lessons import Answered, Lesson, make_lessons
from empathy_core.probes.controls.question import CHANCE, Question
from empathy_core.probes.held_out import auroc_with_interval, held_out_texts
from empathy_core.stats import varies_within

COLUMNS = ("context", "register", "family")


def hold_out_lessons(question: Question) -> dict[str, tuple[Lesson, ...]]:
    """Of each column, one lesson a value: taught on the main texts with any other value, asked those with it.

    A column is left out where it is blank somewhere or has one value, where it varies within scenarios (the other
    replies to a scenario would give away which style is missing), and where a value holds too few texts to teach or ask
    every class.
    """
    main = np.flatnonzero(question.labels >= 0)
    scenarios, found = question.texts.column("scenario_id")[main], {}
    for column in COLUMNS:
        values = question.texts.column(column)[main]
        if "" in values or len(np.unique(values)) < 2 or varies_within(values, scenarios):
            continue
        folds = [Fold(main[fold.train], main[fold.test]) for fold in held_out(values, np.unique(values))]
        found[column] = make_lessons(folds, question)
    return {column: lessons for column, lessons in found.items() if lessons}


def held_out_auroc(stem: str, question: Question, answered: Answered) -> Estimate:
    """AUROC over the values held out in turn, each at the point that its training texts chose; the null is chance.

    Where the folds of the read-out are families already, that column asks the same again, but chooses the point on
    scenarios and not on families.
    """
    folds = [lesson.fold for lesson in answered.lessons]
    drawn = question.tested.draws, question.tested.seed
    tested = held_out_texts(folds, question.labels, question.n_classes, question.texts, *drawn)
    return Estimate(
        f"{stem}/nested/auroc",
        *auroc_with_interval(tested, answered.nested(len(question.texts))[tested.rows]),
        tested.n,
        CHANCE,
        method="probes.controls.hold_out.held_out_auroc",
    )
