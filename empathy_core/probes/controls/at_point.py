"""What the controls compute from the activations of one residual point, so that these can then be let go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from empathy_core.probes.controls.concepts import Concept
from empathy_core.probes.controls.erasure import erase_random, erase_style
from empathy_core.probes.controls.left_over import LeftOver, left_over, middle_chosen
from empathy_core.probes.controls.length import length_residualised_scores
from empathy_core.probes.controls.lessons import Answer, Lesson, ask
from empathy_core.probes.controls.question import Question


@dataclass(frozen=True)
class AtPoint:
    """Everything that needs one point."""

    residualised: Float[np.ndarray, "tested class"]
    """Style scores without what length tells."""
    erased: dict[str, Float[np.ndarray, "tested class"]]
    """Style scores without each concept."""
    random: dict[tuple[str, int], Float[np.ndarray, "draw asked class"]]
    """Style scores without random subspaces, by concept and number of the folds that chose this point."""
    left: dict[str, LeftOver]
    """What is left of each concept, at the point where that is asked; empty at the others."""
    answers: dict[tuple[str, str], tuple[Answer, ...]]
    """What each set of lessons gave."""


def control_point(
    features: Float[np.ndarray, "text dim"],
    position: int,
    concepts: Sequence[Concept],
    lessons: Mapping[tuple[str, str], Sequence[Lesson]],
    question: Question,
) -> AtPoint:
    """Ask the question again under every control at one point; `position` is that of the point in the read-out."""
    grams = question.grams(features)
    here = np.flatnonzero(question.chosen == position).tolist()
    return AtPoint(
        length_residualised_scores(grams, question),
        {concept.name: erase_style(grams, concept, question) for concept in concepts},
        {(c.name, number): erase_random(grams[number], c, question, number) for c in concepts for number in here},
        {c.name: left_over(features, c, question) for c in concepts if position == middle_chosen(question)},
        {name: tuple(ask(features, lesson, question) for lesson in each) for name, each in lessons.items()},
    )
