"""Folds that keep what must not leak on one side: whole scenarios, and lexical families."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from sklearn.model_selection import StratifiedGroupKFold

from empathy_core.contracts import BadInput, TextSet


@dataclass(frozen=True)
class Fold:
    """Row numbers of one train/test division; rows in neither take no part in it."""

    train: Int[np.ndarray, " train"]
    test: Int[np.ndarray, " test"]


def grouped_folds(texts: TextSet, n_folds: int = 5, seed: int = 0) -> tuple[Fold, ...]:
    """Divide `texts` into folds of whole scenarios; with several lexical families, test each on unseen ones only.

    With F ≥ 2 families each of the `n_folds` divisions becomes F folds: the test scenarios' rows of one family, trained
    on the other scenarios' rows of the other families. Raises `BadInput` when a main style, within a family, has fewer
    scenarios than folds.
    """
    families = texts.column("family")
    names = np.unique(families)
    _enough_scenarios(texts, n_folds)
    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    divisions = splitter.split(families, families, texts.column("scenario_id"))
    if len(names) == 1:
        return tuple(Fold(train, test) for train, test in divisions)
    return tuple(
        Fold(train[families[train] != name], test[families[test] == name])
        for train, test in divisions
        for name in names
    )


def _enough_scenarios(texts: TextSet, n_folds: int) -> None:
    scenarios = defaultdict(set)
    for text in texts.texts:
        if text.role == "main":
            scenarios[text.style, text.family].add(text.scenario_id)
    (style, family), fewest = min(scenarios.items(), key=lambda item: len(item[1]))
    if len(fewest) < n_folds:
        raise BadInput(
            f"Every main style needs at least as many scenarios as folds ({n_folds})"
            + (", within each lexical family." if family else "."),
            f"{len(fewest)} scenarios for style {style!r}" + (f" in family {family!r}" if family else ""),
            "a small or unbalanced data set",
            "add scenarios, or lower the number of folds",
        )
