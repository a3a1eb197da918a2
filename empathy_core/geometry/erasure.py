"""What of a concept can still be read in new scenarios once the dimensions that others showed of it are erased.

The means of C conditions differ along C - 1 dimensions, and least-squares erasure takes just these: no linear
classifier reads anything in the texts that it was fitted on. A probe taught on the same texts would have nothing to
learn, and score one half whatever the concept. So probes are taught and asked here on scenarios that the erasure never
saw, where something is left if the concept moves their texts along other dimensions, as where each lexical family has
its own.

Something is also left of a concept that is the same everywhere, because its dimensions are known only as well as the
fitting texts show them: little where they are many times as many as features, almost all where they are far fewer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Shaped
from sklearn.model_selection import StratifiedGroupKFold

from empathy_core.contracts import Estimate, TextSet
from empathy_core.datasets.splits import Fold, grouped_folds
from empathy_core.geometry.components import main_conditions
from empathy_core.probes.controls.correction import RESOLUTION
from empathy_core.probes.controls.erasure import erased_gram
from empathy_core.probes.controls.question import CHANCE
from empathy_core.probes.cross_validation import ProbeSettings
from empathy_core.probes.held_out import HeldOutTexts, auroc_with_interval, held_out_scores, held_out_texts
from empathy_core.probes.kernel import standardised_gram
from empathy_core.probes.leace import concept_columns

MIN_SCENARIOS = 4
"""Scenarios of each condition in the test rows of every fold: two that teach and two that are asked."""


@dataclass(frozen=True)
class ErasedConcept:
    """Scores for a concept by probes that share no scenario with its erasure."""

    tested: HeldOutTexts
    before: Float[np.ndarray, "tested class"]
    after: Float[np.ndarray, "tested class"]


def erased_concepts(
    features: Float[np.ndarray, "text dim"], texts: TextSet, seed: int, n_folds: int = 5
) -> dict[str, ErasedConcept]:
    """Erase `empathy`, and `register` where the set has both, on the folds that probes are tested on (`grouped_folds`).

    `features` are those of all texts; the main ones are used. A concept is left out where the test rows of some fold
    have fewer than `MIN_SCENARIOS` scenarios of a condition. Raises `BadInput` for texts that `grouped_folds` refuses.
    """
    main = texts.column("role") == "main"
    rows, settings = texts.rows(main), ProbeSettings(seed=seed)
    folds, scenarios = grouped_folds(rows, n_folds, seed), rows.column("scenario_id")
    return {
        concept: erase_concept(features[main], conditions, rows, folds, settings)
        for concept, conditions in main_conditions(rows).items()
        if all(_fewest_scenarios(conditions, scenarios, fold) >= MIN_SCENARIOS for fold in folds)
    }


def erase_concept(
    features: Float[np.ndarray, "text dim"],
    conditions: Shaped[np.ndarray, " text"],
    texts: TextSet,
    folds: Sequence[Fold],
    settings: ProbeSettings,
) -> ErasedConcept:
    """Fit the erasure on the training rows of each fold; halves of its test rows teach a probe and ask it in turn.

    The erasure takes one dimension less than there are conditions.
    """
    classes, labels = np.unique(conditions, return_inverse=True)
    scenarios, halves, before, after = texts.column("scenario_id"), [], [], []
    for fold in folds:
        gram = standardised_gram(features, fold.train)
        erased = erased_gram(gram, fold.train, concept_columns(labels[fold.train]))
        inner = _halves(fold.test, labels, scenarios, settings.seed)
        halves += inner
        before += [gram] * len(inner)
        after += [erased] * len(inner)
    tested = held_out_texts(halves, labels, len(classes), texts, settings.draws, settings.seed)
    scores = (held_out_scores(grams, halves, labels, len(classes), settings.C) for grams in (before, after))
    return ErasedConcept(tested, *(np.round(each[tested.rows], RESOLUTION) for each in scores))


def erasure_estimates(prefix: str, concepts: dict[str, ErasedConcept]) -> tuple[Estimate, ...]:
    """AUROC of each concept before and after, named `{prefix}/dimension/{concept}/erased/…`; the null is chance.

    Macro one-versus-rest for more than two conditions. Interval: bootstrap over scenarios.
    """
    return tuple(
        Estimate(
            f"{prefix}/dimension/{concept}/erased/{when}/auroc",
            *auroc_with_interval(found.tested, scores),
            found.tested.n,
            CHANCE,
            method="geometry.erasure.erasure_estimates",
        )
        for concept, found in concepts.items()
        for when, scores in (("before", found.before), ("after", found.after))
    )


def _halves(
    rows: Int[np.ndarray, " row"], labels: Int[np.ndarray, " text"], scenarios: Shaped[np.ndarray, " text"], seed: int
) -> list[Fold]:
    """Two divisions of these rows into scenarios that teach and scenarios that are asked, each condition in both."""
    divider = StratifiedGroupKFold(2, shuffle=True, random_state=seed)
    return [Fold(rows[taught], rows[asked]) for taught, asked in divider.split(rows, labels[rows], scenarios[rows])]


def _fewest_scenarios(
    conditions: Shaped[np.ndarray, " text"], scenarios: Shaped[np.ndarray, " text"], fold: Fold
) -> int:
    held = conditions[fold.test]
    return min(len(np.unique(scenarios[fold.test][held == each])) for each in np.unique(conditions))
