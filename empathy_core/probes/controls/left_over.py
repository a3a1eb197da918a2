"""Whether an erased concept is gone from new texts, which the texts that the erasure was fitted on cannot tell."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from sklearn.model_selection import StratifiedGroupKFold

from empathy_core.contracts import Estimate
from empathy_core.datasets.splits import Fold
from empathy_core.probes.controls.concepts import Concept
from empathy_core.probes.controls.correction import RESOLUTION
from empathy_core.probes.controls.erasure import erased_gram
from empathy_core.probes.controls.question import CHANCE, Question
from empathy_core.probes.held_out import HeldOutTexts, auroc_with_interval, held_out_scores, held_out_texts
from empathy_core.probes.kernel import standardised_gram
from empathy_core.probes.leace import concept_columns

PARTS = 4
"""Parts of the concept's scenarios: two fit the erasure, one teaches a probe of the concept, one is asked."""


@dataclass(frozen=True)
class LeftOver:
    """Scores for the concept itself by probes that share no scenario with the erasure."""

    tested: HeldOutTexts
    before: Float[np.ndarray, "concept class"]
    after: Float[np.ndarray, "concept class"]


def left_over(features: Float[np.ndarray, "text dim"], concept: Concept, question: Question) -> LeftOver:
    """Teach a probe the concept on new texts, before and after an erasure that other texts were used for.

    Each part of the scenarios is asked once. On the texts that fitted an erasure nothing is left by construction; with
    fewer of them than features a probe taught on other texts may still find something, and this says how much. The
    erasure here rests on half of the concept's texts, and so leaves more than that of the control itself.
    """
    texts, settings, labels = question.texts.rows(concept.rows), question.settings, concept.labels
    divider = StratifiedGroupKFold(PARTS, shuffle=True, random_state=settings.seed)
    parts = [part for _, part in divider.split(labels, labels, texts.column("scenario_id"))]
    folds, before, after = [], [], []
    for number, asked in enumerate(parts):
        taught, *fitting = (parts[(number + step) % PARTS] for step in range(1, PARTS))
        fitted = np.concatenate(fitting)
        gram = standardised_gram(features[concept.rows], np.concatenate([fitted, taught]))
        folds.append(Fold(taught, asked))
        before.append(gram)
        after.append(erased_gram(gram, fitted, concept_columns(labels[fitted])))
    tested = held_out_texts(folds, labels, concept.rank + 1, texts, question.tested.draws, settings.seed)
    scores = (held_out_scores(grams, folds, labels, tested.n_classes, settings.C) for grams in (before, after))
    return LeftOver(tested, *(np.round(each, RESOLUTION) for each in scores))


def middle_chosen(question: Question) -> int:
    """Position of the point that the middle one of the folds has chosen: a concept's own folds chose none."""
    return int(np.sort(question.chosen)[len(question.chosen) // 2])


def left_over_aurocs(stem: str, found: LeftOver) -> tuple[Estimate, ...]:
    """AUROC of the concept itself at the middle of the chosen points, before and after; the null is chance."""
    return tuple(
        Estimate(
            f"{stem}/{when}/nested/auroc",
            *auroc_with_interval(found.tested, scores),
            found.tested.n,
            CHANCE,
            method="probes.controls.left_over.left_over_aurocs",
        )
        for when, scores in (("before", found.before), ("left", found.after))
    )
