"""All controls of one read-out, in one pass over the points of every pool."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from jaxtyping import Float

from empathy_core.contracts import Estimate, TextSet
from empathy_core.datasets.splits import Fold
from empathy_core.probes.controls.at_point import AtPoint, control_point
from empathy_core.probes.controls.concepts import concepts
from empathy_core.probes.controls.emergence import emergence
from empathy_core.probes.controls.erasure import Erased, erasure_aurocs, joined_draws
from empathy_core.probes.controls.hold_out import held_out_auroc, hold_out_lessons
from empathy_core.probes.controls.left_over import left_over_aurocs, middle_chosen
from empathy_core.probes.controls.length import length_aurocs
from empathy_core.probes.controls.lessons import Answered, Lesson, ask
from empathy_core.probes.controls.positions import own_pool_aurocs, pool_aurocs, pool_lessons
from empathy_core.probes.controls.question import Question, make_question
from empathy_core.probes.controls.transfer import (
    across_lessons,
    mean_transfer,
    transfer_aurocs,
    transfer_cells,
    within_lessons,
)
from empathy_core.probes.cross_validation import ProbeSettings, check_finite
from empathy_core.probes.read_out import ReadOut

ReadPoint = Callable[[int], Float[np.ndarray, "text dim"]]


def controls(
    prefix: str,
    read_point_of: Callable[[str], ReadPoint],
    pool: str,
    pools: Sequence[str],
    texts: TextSet,
    folds: Sequence[Fold],
    read_out: ReadOut,
    settings: ProbeSettings,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Estimate, ...]:
    """Every control of the deciding read-out, named `{prefix}/control/…`; n is the number of scenarios asked.

    `read_out` was made from `pool` with these folds and settings; `pools` are those to set beside it, and may name it.
    `read_point_of` gives a pool's reader of points, which is called once for every point of the read-out; `progress` is
    told how many calls are done with. Raises `BadInput` for a read-out of another task, and for a feature that is not
    finite.
    """
    question = make_question(texts, folds, read_out, settings)
    own, *others = dict.fromkeys((pool, *pools))
    stem, total = f"{prefix}/control", len(question.points) * (1 + len(others))

    def heard(name: str, number: int) -> Iterator[Float[np.ndarray, "text dim"]]:
        """Features of one pool, point by point."""
        read_point = read_point_of(name)
        for position, point in enumerate(question.points):
            yield _features(read_point, point, question)
            progress(number * len(question.points) + position + 1, total)

    found = [*own_pool(stem, heard(own, 0), question, read_out)]
    found += own_pool_aurocs(f"{stem}/pool={own}", question, read_out)
    for number, name in enumerate(others, 1):
        found += other_pool(f"{stem}/pool={name}", heard(name, number), question)
    return (*found, *emergence(f"{stem}/emergence", read_out))


def own_pool(
    stem: str, by_point: Iterable[Float[np.ndarray, "text dim"]], question: Question, read_out: ReadOut
) -> Iterator[Estimate]:
    """Length, erasure, transfer and hold-outs, from the activations that the read-out was made from."""
    erasable = concepts(question)
    within, across, columns = within_lessons(question), across_lessons(question), hold_out_lessons(question)
    lessons = _named("within", within) | _named("across", across) | _named("held-out", columns)
    found = [
        control_point(features, position, erasable, lessons, question) for position, features in enumerate(by_point)
    ]
    residualised = np.array([at_point.residualised for at_point in found])
    yield from length_aurocs(stem, question, residualised, read_out)
    for concept in erasable:
        yield from _erasure(f"{stem}/erase-{concept.name}", concept.name, found, question)
    answered = {
        name: Answered(each, tuple(at_point.answers[name] for at_point in found)) for name, each in lessons.items()
    }
    cells = transfer_cells(
        question, *({name: answered[kind, name] for name in within} for kind in ("within", "across"))
    )
    yield from transfer_aurocs(f"{stem}/transfer", cells)
    if cells:
        yield mean_transfer(f"{stem}/transfer", cells)
    for column in columns:
        yield held_out_auroc(f"{stem}/held-out-{column}", question, answered["held-out", column])


def other_pool(
    stem: str, by_point: Iterable[Float[np.ndarray, "text dim"]], question: Question
) -> tuple[Estimate, ...]:
    """The read-out from another pool."""
    lessons = pool_lessons(question)
    answers = tuple(tuple(ask(features, lesson, question) for lesson in lessons) for features in by_point)
    return pool_aurocs(stem, question, Answered(lessons, answers))


def _erasure(stem: str, concept: str, found: Sequence[AtPoint], question: Question) -> Iterator[Estimate]:
    drawn = {
        number: scores for at_point in found for (name, number), scores in at_point.random.items() if name == concept
    }
    erased = Erased(np.array([at_point.erased[concept] for at_point in found]), joined_draws(drawn, question))
    yield from erasure_aurocs(stem, question, erased)
    yield from left_over_aurocs(stem, found[middle_chosen(question)].left[concept])


def _features(read_point: ReadPoint, point: int, question: Question) -> Float[np.ndarray, "text dim"]:
    features = read_point(point)[question.rows]
    check_finite(features, point, question.texts)
    return features


def _named(kind: str, lessons: dict[str, tuple[Lesson, ...]]) -> dict[tuple[str, str], tuple[Lesson, ...]]:
    return {(kind, name): each for name, each in lessons.items()}
