"""Folds that keep what must not leak on one side: whole scenarios, and lexical families."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int, Shaped
from sklearn.model_selection import GroupKFold

from empathy_core.contracts import BadInput, TextSet


@dataclass(frozen=True)
class Fold:
    """Row numbers of one train/test division."""

    train: Int[np.ndarray, " train"]
    test: Int[np.ndarray, " test"]


def grouped_folds(texts: TextSet, n_folds: int = 5, seed: int = 0) -> tuple[Fold, ...]:
    """Divide `texts` into folds of whole scenarios: one a lexical family of the main texts, or `n_folds` if it is one.

    A family's scenarios are tested on what was learnt from the other families. A text of no main family stands with the
    main texts of its scenario, and where there are none, scenarios are divided at random. Raises `BadInput` when a main
    style has fewer scenarios than folds, or than two in a family.
    """
    families, main = texts.column("family"), texts.column("role") == "main"
    names = np.unique(families[main])
    if len(names) < 2:
        _enough_scenarios(texts, n_folds, "as there are folds")
        return scenario_folds(texts, n_folds, seed)
    _enough_scenarios(texts, 2, "in each lexical family")
    fold_of_family = {name: number for number, name in enumerate(names.tolist())}
    family_of_scenario = dict(zip(texts.column("scenario_id")[main].tolist(), families[main].tolist(), strict=True))
    known = zip(families.tolist(), texts.column("scenario_id").tolist(), strict=True)
    number = np.array([fold_of_family.get(f, fold_of_family.get(family_of_scenario.get(s), -1)) for f, s in known])
    free, scenario = np.unique(texts.column("scenario_id")[number < 0], return_inverse=True)
    number[number < 0] = np.random.default_rng(seed).permutation(len(free))[scenario] % len(names)
    return held_out(number, np.arange(len(names)))


def scenario_folds(texts: TextSet, n_folds: int = 5, seed: int = 0) -> tuple[Fold, ...]:
    """Divide `texts` at random into folds of whole scenarios, whatever their families; at most one a scenario."""
    scenarios = texts.column("scenario_id")
    splitter = GroupKFold(min(n_folds, len(np.unique(scenarios))), shuffle=True, random_state=seed)
    return tuple(Fold(train, test) for train, test in splitter.split(scenarios, groups=scenarios))


def held_out(groups: Shaped[np.ndarray, " text"], names: Shaped[np.ndarray, " name"]) -> tuple[Fold, ...]:
    """One fold per named value of a column (family, domain, register): tested on what all other rows taught."""
    return tuple(Fold(np.flatnonzero(groups != name), np.flatnonzero(groups == name)) for name in names)


def renumbered(folds: Sequence[Fold], rows: Int[np.ndarray, " kept"]) -> tuple[Fold, ...]:
    """The folds of a set, as row numbers of the subset `rows` of it; a fold that tests none of the subset drops out."""
    inner = (
        Fold(np.flatnonzero(np.isin(rows, fold.train)), np.flatnonzero(np.isin(rows, fold.test))) for fold in folds
    )
    return tuple(fold for fold in inner if len(fold.test))


def fold_numbers(folds: Sequence[Fold], n: int) -> Int[np.ndarray, " text"]:
    """Which fold tests each of `n` rows; -1 for a row that none does."""
    numbers = np.full(n, -1)
    for number, fold in enumerate(folds):
        numbers[fold.test] = number
    return numbers


def _enough_scenarios(texts: TextSet, least: int, reason: str) -> None:
    scenarios, roles = defaultdict(set), set(texts.column("role").tolist())
    for text in texts.texts:
        # A subset may hold no main text: pairs, say, which then are what is divided.
        if text.role == "main" or "main" not in roles:
            scenarios[text.style, text.family].add(text.scenario_id)
    (style, family), fewest = min(scenarios.items(), key=lambda item: len(item[1]))
    if len(fewest) < least:
        raise BadInput(
            f"Every style needs at least as many scenarios {reason} ({least}).",
            f"{len(fewest)} scenarios for style {style!r}" + (f" in family {family!r}" if family else ""),
            "a small or unbalanced data set",
            "add scenarios, lower the number of folds, or leave the family column empty",
        )
