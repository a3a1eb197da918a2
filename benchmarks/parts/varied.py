"""Sizes of which one thing at a time is varied, and what seconds at those sizes say."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

Row = dict[str, float]
"""The fields of a size, and CPU seconds of the variants that were measured there."""


@dataclass(frozen=True)
class Varied:
    """What is varied, about which size, and which variants are timed there."""

    base: Any
    """A frozen dataclass of integers."""
    values: Mapping[str, tuple[int, ...]]
    """By field of the size."""
    variants: tuple[str, ...]

    def sizes(self) -> list[Any]:
        """Every size once, in order."""
        found = (replace(self.base, **{field: value}) for field, values in self.values.items() for value in values)
        return list(dict.fromkeys(found))

    def medians(self, rounds: Sequence[Mapping[Any, Mapping[str, float]]]) -> list[Row]:
        """One row a size, from the seconds of every round by size and variant."""
        return [
            {**asdict(size), **{name: float(np.median([seconds[size][name] for seconds in rounds])) for name in names}}
            for size, names in rounds[0].items()
        ]

    def curve(self, rows: Sequence[Row], field: str, variant: str) -> tuple[list[float], list[float]]:
        """Sizes and seconds where only this field varies."""
        others = asdict(self.base)
        del others[field]
        found = [row for row in rows if variant in row and all(row[name] == value for name, value in others.items())]
        found.sort(key=lambda row: row[field])
        return [row[field] for row in found], [row[variant] for row in found]

    def exponents(self, rows: Sequence[Row]) -> dict[str, dict[str, float]]:
        """Slopes of seconds against each size on logarithmic axes, by least squares: 1 proportional, 2 quadratic."""

        def slope(field: str, variant: str) -> float:
            sizes, seconds = self.curve(rows, field, variant)
            return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])

        return {field: {variant: slope(field, variant) for variant in self.variants} for field in self.values}
