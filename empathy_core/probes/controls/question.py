"""The deciding read-out, laid out so that it can be asked again under control."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from empathy_core.contracts import BadInput, Estimate, TextSet
from empathy_core.datasets.splits import Fold
from empathy_core.probes.cross_validation import ProbeSettings, make_plan
from empathy_core.probes.held_out import HeldOutTexts, auroc_with_interval
from empathy_core.probes.kernel import standardised_gram
from empathy_core.probes.read_out import ReadOut
from empathy_core.probes.tasks import reading_task, tasks

ROLES = ("main", "emotion")
"""Roles whose texts the controls use."""
CHANCE = 0.5
"""The null of every AUROC here: controls are read beside the read-out itself, whose null is that of permuted labels."""


@dataclass(frozen=True)
class Question:
    """Texts, labels and folds of the deciding task. Rows are those of `texts`, unless stated."""

    texts: TextSet
    """The main texts and those of the control concepts."""
    rows: Int[np.ndarray, " text"]
    """Their rows in the data set, and in its features."""
    labels: Int[np.ndarray, " text"]
    """Class codes; -1 for texts that are not main."""
    n_classes: int
    folds: tuple[Fold, ...]
    """Main texts only."""
    inner: tuple[tuple[Fold, ...], ...]
    """Per fold, folds of its training rows."""
    with_all_roles: tuple[Fold, ...]
    """The same folds with the texts of every role."""
    tested: HeldOutTexts
    points: tuple[int, ...]
    chosen: Int[np.ndarray, " fold"]
    """Position in `points` of the point that each fold's training rows chose."""
    settings: ProbeSettings

    def grams(self, features: Float[np.ndarray, "text dim"]) -> list[Float[np.ndarray, "text text"]]:
        """One Gram matrix a fold, standardised on its training rows."""
        return [standardised_gram(features, fold.train) for fold in self.folds]

    def has_every_class(self, rows: Int[np.ndarray, " row"]) -> bool:
        """Whether the rows hold a text of each class."""
        return len(np.unique(self.labels[rows])) == self.n_classes

    def at(
        self, chosen: Int[np.ndarray, " fold"], scores: Float[np.ndarray, "point tested class"]
    ) -> Float[np.ndarray, "tested class"]:
        """Every tested text's scores at the position that its fold has chosen."""
        return scores[chosen[self.tested.folds], np.arange(len(self.tested.labels))]


def make_question(texts: TextSet, folds: Sequence[Fold], read_out: ReadOut, settings: ProbeSettings) -> Question:
    """Keep the rows that controls need; `folds` and `settings` are those of the read-out.

    Raises `BadInput` if the read-out is not that of the deciding task.
    """
    name = reading_task(texts.main_styles)
    if read_out.task != name:
        raise BadInput(
            "Controls are those of the task that decides about a data set.",
            f"a read-out of {read_out.task}",
            "the first read-out taken instead of the deciding one",
            f"give that of {name}",
        )
    rows = np.flatnonzero(np.isin(texts.column("role"), ROLES))
    # Not `renumbered`: a fold that tests none of these rows keeps its number, since the read-out counts it.
    kept = tuple(Fold(np.flatnonzero(np.isin(rows, f.train)), np.flatnonzero(np.isin(rows, f.test))) for f in folds)
    few = texts.rows(rows)
    task = next(task for task in tasks(few) if task.name == name)
    plan = make_plan(task, few, kept, replace(settings, permutations=0))
    return Question(
        texts=few,
        rows=rows,
        labels=plan.columns[:, 0],
        n_classes=len(task.classes),
        folds=plan.folds,
        inner=plan.inner,
        with_all_roles=kept,
        tested=replace(read_out.main.tested, rows=np.searchsorted(rows, read_out.main.tested.rows)),
        points=read_out.points,
        chosen=read_out.chosen,
        settings=settings,
    )


def auroc_curve(
    stem: str, question: Question, scores: Float[np.ndarray, "point tested class"], chosen: Int[np.ndarray, " fold"]
) -> tuple[Estimate, ...]:
    """AUROC at every point, and with each fold at the point it has chosen; the null is chance.

    Macro one-versus-rest for more than two classes. Interval: bootstrap over scenarios.
    """
    tested = question.tested
    by_place = {f"point={point}": of_point for point, of_point in zip(question.points, scores, strict=True)}
    return tuple(
        Estimate(
            f"{stem}/{place}/auroc",
            *auroc_with_interval(tested, found),
            tested.n,
            CHANCE,
            method="probes.controls.question.auroc_curve",
        )
        for place, found in (by_place | {"nested": question.at(chosen, scores)}).items()
    )
