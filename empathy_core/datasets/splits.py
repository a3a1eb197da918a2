"""Folds that keep what must not leak on one side: whole scenarios, and lexical families."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from sklearn.model_selection import GroupKFold

from empathy_core.contracts import BadInput, TextSet


@dataclass(frozen=True)
class Fold:
    """Row numbers of one train/test division."""

    train: Int[np.ndarray, " train"]
    test: Int[np.ndarray, " test"]


def grouped_folds(texts: TextSet, n_folds: int = 5, seed: int = 0) -> tuple[Fold, ...]:
    """Divide `texts` into folds of whole scenarios: one per lexical family if there are several, else `n_folds`.

    A family's scenarios are tested on what was learnt from the other families. Raises `BadInput` when a main style has
    fewer scenarios than folds, or than two in a family.
    """
    families = texts.column("family")
    names = np.unique(families)
    if len(names) > 1:
        _enough_scenarios(texts, 2, "in each lexical family")
        return tuple(Fold(np.flatnonzero(families != name), np.flatnonzero(families == name)) for name in names)
    _enough_scenarios(texts, n_folds, "as there are folds")
    splitter = GroupKFold(n_folds, shuffle=True, random_state=seed)
    return tuple(Fold(train, test) for train, test in splitter.split(families, groups=texts.column("scenario_id")))


def _enough_scenarios(texts: TextSet, least: int, reason: str) -> None:
    scenarios = defaultdict(set)
    for text in texts.texts:
        if text.role == "main":
            scenarios[text.style, text.family].add(text.scenario_id)
    (style, family), fewest = min(scenarios.items(), key=lambda item: len(item[1]))
    if len(fewest) < least:
        raise BadInput(
            f"Every main style needs at least as many scenarios {reason} ({least}).",
            f"{len(fewest)} scenarios for style {style!r}" + (f" in family {family!r}" if family else ""),
            "a small or unbalanced data set",
            "add scenarios, lower the number of folds, or leave the family column empty",
        )
