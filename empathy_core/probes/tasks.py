"""The questions that probes are asked of a data set: which texts, which classes."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Int, Shaped

from empathy_core.contracts import TextSet
from empathy_core.stats import varies_within

OWN_CONCEPTS = ("main", "foil", "pair", "register", "emotion")
"""Roles that are no contrast to the main texts: their other styles, or texts about another concept."""


@dataclass(frozen=True)
class Task:
    """One classification of texts."""

    name: str
    classes: tuple[str, ...]
    rows: Int[np.ndarray, " text"]
    """Row numbers in the data set, ascending."""
    labels: Int[np.ndarray, " text"]
    """Number of each row's class in `classes`."""
    foil_rows: Int[np.ndarray, " foil"]
    """Foils, which wear another class's words; never trained on. Empty where the classes are not the main styles."""
    foil_labels: Int[np.ndarray, " foil"]
    varies_within_scenarios: bool
    """Decides the null: labels are permuted inside scenarios, or over whole scenarios if none holds two classes."""


def tasks(texts: TextSet) -> tuple[Task, ...]:
    """Everything that a data set allows to be asked.

    Of the main texts: every pair of styles, all of them at once, each against the others, and register if there are
    two. Of others: the main texts against each kind of control text (`main-{role}`), and empathetic against neutral
    replies (texts of role `pair`).
    """
    styles, style, role = texts.main_styles, texts.column("style"), texts.column("role")
    main = role == "main"
    found = [_of_styles(f"{a}-{b}", (a, b), style, texts) for a, b in combinations(styles, 2)]
    if len(styles) > 2:
        found.append(_of_styles("three-way" if len(styles) == 3 else "all-styles", styles, style, texts))
        for name in styles:
            against = np.where(style == name, name, "rest")
            found.append(_of_styles(f"{name}-rest", ("rest", name), against, texts))
    found += _two_valued("register", texts.column("register"), main, texts)
    found += _two_valued("", style, role == "pair", texts)
    for name in dict.fromkeys(role[~np.isin(role, OWN_CONCEPTS)].tolist()):
        found += _two_valued(f"main-{name}", role, main | (role == name), texts)
    return tuple(found)


def reading_task(styles: tuple[str, ...]) -> str:
    """The task that decides about a data set: all main styles at once, or the only pair."""
    return f"{styles[0]}-{styles[1]}" if len(styles) == 2 else "three-way" if len(styles) == 3 else "all-styles"


def _of_styles(name: str, classes: tuple[str, ...], labels: Shaped[np.ndarray, " text"], texts: TextSet) -> Task:
    role, known = texts.column("role"), np.isin(labels, classes) & np.isin(texts.column("style"), texts.main_styles)
    return _task(name, classes, labels, known & (role == "main"), known & (role == "foil"), texts)


def _two_valued(
    name: str, labels: Shaped[np.ndarray, " text"], among: Bool[np.ndarray, " text"], texts: TextSet
) -> list[Task]:
    """The task that tells two values of a column apart, if it has two."""
    classes = tuple(sorted(set(labels[among].tolist())))
    if len(classes) != 2 or "" in classes:
        return []
    return [_task(name or "-".join(classes), classes, labels, among, np.zeros(len(texts), bool), texts)]


def _task(
    name: str,
    classes: tuple[str, ...],
    labels: Shaped[np.ndarray, " text"],
    among: Bool[np.ndarray, " text"],
    foils: Bool[np.ndarray, " text"],
    texts: TextSet,
) -> Task:
    code = {label: number for number, label in enumerate(classes)}
    codes = np.array([code.get(label, -1) for label in labels.tolist()])
    rows, foil_rows = np.flatnonzero(among), np.flatnonzero(foils)
    varies = varies_within(codes[rows], texts.column("scenario_id")[rows])
    return Task(name, classes, rows, codes[rows], foil_rows, codes[foil_rows], varies)
