"""Transfer: probes taught in one context and asked in another, every pair of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from empathy_core.contracts import Estimate
from empathy_core.datasets.splits import Fold
from empathy_core.probes.controls.lessons import Answered, Lesson, folds_of_rows, inner_folds, make_lessons
from empathy_core.probes.controls.question import CHANCE, Question
from empathy_core.probes.held_out import HeldOutTexts, auroc_draws, auroc_with_interval, held_out_texts, mean_auroc
from empathy_core.stats import percentile_interval

MIN_SCENARIOS = 3
"""A context with fewer has no folds of its own."""


@dataclass(frozen=True)
class Cell:
    """What was taught in one context, asked in one."""

    taught: str
    asked: str
    tested: HeldOutTexts
    scores: Float[np.ndarray, "tested class"]


def within_lessons(question: Question) -> dict[str, tuple[Lesson, ...]]:
    """Of each context, the lessons that teach and ask inside it, by scenario."""
    seed = question.settings.seed
    return {
        name: make_lessons(folds_of_rows(question.texts, rows, MIN_SCENARIOS, seed), question)
        for name, rows in context_rows(question).items()
    }


def across_lessons(question: Question) -> dict[str, tuple[Lesson, ...]]:
    """Of each context, the one lesson that is taught on all of it and asked all others."""
    contexts = context_rows(question)
    everything = np.concatenate([np.empty(0, dtype=int), *contexts.values()])
    return {
        name: (Lesson(Fold(rows, np.setdiff1d(everything, rows)), inner_folds(rows, question)),)
        for name, rows in contexts.items()
    }


def context_rows(question: Question) -> dict[str, Int[np.ndarray, " row"]]:
    """Main texts of each context, those of scenarios that are answered in every class.

    Contexts with fewer than `MIN_SCENARIOS` such scenarios are left out, and all are unless two remain.
    """
    context, scenarios = (question.texts.column(field) for field in ("context", "scenario_id"))
    main, found = np.flatnonzero(question.labels >= 0), {}
    for name in np.unique(scenarios[main]):
        rows = main[scenarios[main] == name]
        if question.has_every_class(rows):
            found.setdefault(str(context[rows[0]]), []).append(rows)
    large = {name: np.sort(np.concatenate(rows)) for name, rows in found.items() if len(rows) >= MIN_SCENARIOS}
    return large if len(large) > 1 else {}


def transfer_cells(question: Question, within: Mapping[str, Answered], across: Mapping[str, Answered]) -> list[Cell]:
    """Every pair of contexts: across, the whole of one was taught; within, its other scenarios."""
    found, n = [], len(question.texts)
    for taught in within:
        for number, asked in enumerate(within):
            answered = within[taught] if taught == asked else across[taught]
            rows = np.concatenate([lesson.fold.test for lesson in within[asked].lessons])
            folds = [Fold(each.fold.train, np.intersect1d(each.fold.test, rows)) for each in answered.lessons]
            tested = held_out_texts(
                folds, question.labels, question.n_classes, question.texts, question.tested.draws, 0
            )
            # Contexts are resampled apart: the same draws of unlike scenarios would seem to move together.
            tested = replace(tested, seed=question.tested.seed + number)
            found.append(Cell(taught, asked, tested, answered.nested(n)[tested.rows]))
    return found


def transfer_aurocs(stem: str, cells: Sequence[Cell]) -> tuple[Estimate, ...]:
    """AUROC of every pair of contexts, every probe at the point that its training texts chose; the null is chance.

    Intervals resample the scenarios asked; that other texts might have been taught is not in them.
    """
    return tuple(
        Estimate(
            f"{stem}/train={_key(cell.taught)}/test={_key(cell.asked)}/auroc",
            *auroc_with_interval(cell.tested, cell.scores),
            cell.tested.n,
            CHANCE,
            method="probes.controls.transfer.transfer_aurocs",
        )
        for cell in cells
    )


def mean_transfer(stem: str, cells: Sequence[Cell]) -> Estimate:
    """Mean AUROC over pairs of two contexts; the scenarios of every context are resampled once for all pairs."""
    apart = [cell for cell in cells if cell.taught != cell.asked]
    return Estimate(
        f"{stem}/off-diagonal/auroc",
        float(np.mean([mean_auroc(cell.tested, cell.scores) for cell in apart])),
        *percentile_interval(np.mean([auroc_draws(cell.tested, cell.scores) for cell in apart], axis=0)),
        sum({cell.asked: cell.tested.n for cell in apart}.values()),
        CHANCE,
        method="probes.controls.transfer.mean_transfer",
    )


def _key(context: str) -> str:
    # A key's parts are divided by slashes; U+2215 looks like one.
    return context.replace("/", "∕")
