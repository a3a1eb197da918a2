"""A crossed data set: every scenario answered in every style, with features that hold what a test plants."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from empathy_core.contracts import Text, TextSet

WORDS = np.array([f"word{i}" for i in range(60)])


@dataclass(frozen=True)
class Crossed:
    """Texts and the sources that features can be mixed from."""

    texts: TextSet
    style: np.ndarray
    register: np.ndarray
    scenario: np.ndarray
    rng: np.random.Generator

    def features(self, dim: int = 40, style: float = 0.0, register: float = 0.0, scenario: float = 1.0) -> np.ndarray:
        """Unit noise plus a random direction per style, register and scenario, each of the given size."""
        mixed = self.rng.standard_normal((len(self.texts), dim))
        for codes, size in ((self.style, style), (self.register, register), (self.scenario, scenario)):
            mixed += size * self.rng.standard_normal((codes.max() + 1, dim))[codes]
        return mixed


@pytest.fixture
def crossed() -> Callable[..., Crossed]:
    """Build `n` scenarios × `styles`, with register varied within scenarios or fixed in each."""

    def build(
        n=30, styles=("a", "b", "c"), seed=0, register_within=True, families=1, registers=("casual", "formal")
    ) -> Crossed:
        rng = np.random.default_rng(seed)
        scenario, style = np.repeat(np.arange(n), len(styles)), np.tile(np.arange(len(styles)), n)
        # Two scenarios share a register and then the next two, so that families and registers are crossed.
        register = ((scenario // 2 + style) if register_within else scenario // 2) % len(registers)
        texts = tuple(
            Text(
                id=f"{s}-{styles[k]}",
                scenario_id=f"s{s}",
                context=f"context {s % 5}",
                style=styles[k],
                scenario=f"Scenario {s}.",
                response=" ".join(rng.choice(WORDS, 15)),
                register=registers[r],
                family=f"family {s % families}" if families > 1 else "",
            )
            for s, k, r in zip(scenario, style, register, strict=True)
        )
        return Crossed(TextSet("toy", "measured", texts), style, register, scenario, rng)

    return build
