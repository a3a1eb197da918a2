"""The questions that probes are asked of a data set: which texts, which classes."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Int, Shaped

from empathy_core.contracts import TextSet
from empathy_core.stats import varies_within


@dataclass(frozen=True)
class Task:
    """One classification of the main texts."""

    name: str
    classes: tuple[str, ...]
    rows: Int[np.ndarray, " text"]
    """Row numbers in the data set, ascending."""
    labels: Int[np.ndarray, " text"]
    """Number of each row's class in `classes`."""
    varies_within_scenarios: bool
    """Decides the null: labels are permuted inside scenarios, or over whole scenarios if none holds two classes."""


def tasks(texts: TextSet) -> tuple[Task, ...]:
    """Every pair of main styles, all of them at once if there are more than two, and register if the set has two."""
    styles, main = texts.main_styles, texts.column("role") == "main"
    style, register = texts.column("style"), texts.column("register")
    found = [_task(f"{a}-{b}", (a, b), texts, style, main) for a, b in combinations(styles, 2)]
    if len(styles) > 2:
        found.append(_task("three-way" if len(styles) == 3 else "all-styles", styles, texts, style, main))
    registers = tuple(sorted(set(register[main])))
    if len(registers) == 2 and "" not in registers:
        found.append(_task("register", registers, texts, register, main))
    return tuple(found)


def _task(
    name: str,
    classes: tuple[str, ...],
    texts: TextSet,
    labels: Shaped[np.ndarray, " text"],
    main: Shaped[np.ndarray, " text"],
) -> Task:
    rows = np.flatnonzero(main & np.isin(labels, classes))
    codes = np.array([classes.index(label) for label in labels[rows]])
    scenarios = texts.column("scenario_id")[rows]
    varies = varies_within(codes, scenarios)
    return Task(name, tuple(str(label) for label in classes), rows, codes, varies)
