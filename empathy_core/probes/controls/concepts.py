"""The concepts that may stand behind style: register of the main texts, emotion and valence of texts of their own."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int, Shaped

from empathy_core.probes.controls.question import Question

POSITIVE = ("happy", "positive")
"""Names of emotions that are pleasant; without one of them a set says nothing about valence."""
MIN_SCENARIOS = 16
"""Scenarios that each class needs: four in each of the parts that check an erasure."""


@dataclass(frozen=True)
class Concept:
    """A classification of texts that is to be erased. Rows are those of the question."""

    name: str
    rows: Int[np.ndarray, " concept"]
    labels: Int[np.ndarray, " concept"]
    """Class codes, from 0."""

    @property
    def rank(self) -> int:
        """Dimensions that its erasure takes."""
        return int(self.labels.max())


def concepts(question: Question) -> tuple[Concept, ...]:
    """`register` of the main texts where it has two values; `emotion` and `valence` of the texts of role `emotion`.

    Valence sets the emotion named happy or positive against the others. A concept is left out where a class has fewer
    than `MIN_SCENARIOS` scenarios, or a fold's training rows lack one.
    """
    texts = question.texts
    role, register, style = (texts.column(field) for field in ("role", "register", "style"))
    main, emotion = np.flatnonzero(role == "main"), np.flatnonzero(role == "emotion")
    pleasant = np.where(np.isin(style, POSITIVE), "pleasant", "unpleasant")
    found = []
    if "" not in register[main] and len(np.unique(register[main])) == 2:
        found.append(_concept("register", main, register))
    if len(np.unique(style[emotion])) > 1:
        found.append(_concept("emotion", emotion, style))
    if len(np.unique(pleasant[emotion])) > 1:
        found.append(_concept("valence", emotion, pleasant))
    return tuple(concept for concept in found if _large_enough(concept, question))


def _concept(name: str, rows: Int[np.ndarray, " concept"], labels: Shaped[np.ndarray, " text"]) -> Concept:
    return Concept(name, rows, np.unique(labels[rows], return_inverse=True)[1])


def _large_enough(concept: Concept, question: Question) -> bool:
    scenarios = question.texts.column("scenario_id")[concept.rows]
    fewest = min(len(np.unique(scenarios[concept.labels == code])) for code in range(concept.rank + 1))
    trained = [np.unique(concept.labels[np.isin(concept.rows, fold.train)]) for fold in question.with_all_roles]
    return fewest >= MIN_SCENARIOS and all(len(classes) == concept.rank + 1 for classes in trained)
