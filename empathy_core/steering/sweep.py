"""A steering experiment: which arms, at which strengths, on which prompts, and the replies that came back."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from empathy_core.contracts import BadInput, TextSet
from empathy_core.probes.directions import DirectionSet
from empathy_core.steering.coherence import FEWEST_UNSTEERED
from empathy_core.steering.contexts import ContextDirections
from empathy_core.steering.sampling import Reply, Row

SEED_STRIDE, REPEAT_STRIDE = 1_000_003, 7_919
"""Primes that keep the seeds of prompts, repeats and runs apart."""


@dataclass(frozen=True)
class SweepSettings:
    """Size of the experiment."""

    strengths: tuple[float, ...] = (0.15, 0.3, 0.45, 0.6)
    """Units of the mean residual norm at the steering point; strength 0 is the arm `none`, always included."""
    prompts: int = 28
    """Held-out prompts, the same for every direction; scenarios are reused with new seeds when there are fewer."""
    repeats: int = 3
    """Replies per prompt in the arms that a steering range or an effect is read off: `none` and `steered`."""
    side_repeats: int = 1
    """Replies per prompt in the arms beside them: `opposed`, `ablated`, `prompted` and those of other contexts."""
    random_directions: int = 20
    """Each gets one reply per prompt and strength. Their opposites are as random, so one band serves both signs."""
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.strengths or not all(low < high for low, high in pairwise((0.0, *self.strengths))):
            raise BadInput(
                "Steering strengths are positive and increasing; strength 0 and the opposite signs come by themselves.",
                ", ".join(f"{strength:g}" for strength in self.strengths) or "none",
                fix="for example --strengths 0.15,0.3,0.45,0.6",
            )
        if self.side_repeats < 1 or self.random_directions < 1:
            raise BadInput(
                "Every arm has a reply per prompt, and the null a random direction.",
                f"{self.side_repeats} replies in the side arms, {self.random_directions} random directions",
            )
        if self.prompts * self.repeats < FEWEST_UNSTEERED:
            raise BadInput(
                f"Coherence is calibrated on at least {FEWEST_UNSTEERED} unsteered replies.",
                f"{self.prompts} prompts with {self.repeats} replies each",
                fix=f"raise --prompts to {-(-FEWEST_UNSTEERED // self.repeats)} or more",
            )

    @property
    def middle(self) -> float:
        """The strength of comparisons that are made at one strength only."""
        return self.strengths[len(self.strengths) // 2]


def strengths(stated: str) -> tuple[float, ...]:
    """The strengths in a text such as `0.15,0.3`. Raises `BadInput` for what is no number."""
    try:
        return tuple(float(part) for part in stated.split(","))
    except ValueError as error:
        raise BadInput(
            "Steering strengths are numbers separated by commas.", repr(stated), fix="for example --strengths 0.15,0.3"
        ) from error


@dataclass(frozen=True)
class Trial:
    """One generated reply: one prompt under one arm at one strength."""

    arm: str
    """`none`, `steered`, `opposed`, `random`, `permuted`, `ablated`, `prompted`, `own context` or `other context`."""
    target: str
    """Concept the direction stands for; empty for `none` and `random`, which are read for every concept."""
    draw: int
    """Which null direction, or which repeat of the other arms."""
    strength: float
    """Negative in the arm `opposed`; 0 where nothing is added."""
    prompt: int


@dataclass(frozen=True)
class Prompt:
    """A held-out scenario and the seed that all arms share on it."""

    scenario_id: str
    scenario: str
    context: str
    seed: int

    def seed_of(self, repeat: int) -> int:
        """Repeats differ in their random numbers only."""
        return self.seed + repeat * REPEAT_STRIDE


@dataclass(frozen=True)
class Experiment:
    """Generated replies and how likely the unsteered model finds them; nothing is judged yet."""

    settings: SweepSettings
    prompts: tuple[Prompt, ...]
    trials: tuple[Trial, ...]
    replies: tuple[Reply, ...]
    """One per trial."""
    surprise: Float[np.ndarray, " trial"]
    """Mean negative log-likelihood per token (nats) of each reply under the unsteered model; NaN where nobody asks."""
    opened: tuple[Row, ...]
    """Prompts with a given first sentence, for ablation; empty where no judge could read the continuations."""
    openings: tuple[str, ...]
    """Style of each given first sentence."""
    continuations: dict[str, tuple[Reply, ...]]
    """Per ablation arm, one reply per opened row and subspace."""
    continuations_without: dict[str, tuple[Reply, ...]]
    """Per style whose direction alone was ablated, one reply per opened row."""
    notes: tuple[str, ...] = ()
    """What was left out, and why."""


def held_out_prompts(texts: TextSet, settings: SweepSettings) -> tuple[Prompt, ...]:
    """`settings.prompts` prompts from the test split, in a seeded order, going round again where scenarios run out.

    Raises `BadInput` if no scenario is held out, or one that is also has texts in the training split.
    """
    scenarios = sorted(
        {
            (text.scenario_id, text.scenario, text.context)
            for text in texts.texts
            if text.split == "test" and text.role == "main"
        }
    )
    if not scenarios:
        raise BadInput(
            "Steering is scored on held-out scenarios.",
            f"no text of {texts.name} in the test split",
            "a file whose rows all say `train`",
            "give some whole scenarios the split `test`",
        )
    _check_held_out(texts, {scenario_id for scenario_id, _, _ in scenarios})
    order = np.random.default_rng(settings.seed).permutation(len(scenarios))
    return tuple(
        Prompt(*scenarios[order[index % len(scenarios)]], seed=settings.seed * SEED_STRIDE + index)
        for index in range(settings.prompts)
    )


def plan(
    directions: DirectionSet,
    prompts: Sequence[Prompt],
    settings: SweepSettings,
    with_nulls: bool,
    prompted: Sequence[str] = (),
    contexts: ContextDirections | None = None,
) -> tuple[Trial, ...]:
    """Every trial of the experiment; without a judge there is no effect to compare, so `none` and `steered` are all.

    Permuted-label directions, and those of other contexts, are comparisons and not thresholds: one strength is enough
    for them. `prompted` are the concepts that words can ask for.
    """
    names = [direction.concept for direction in directions.steered]
    everywhere, opposite = range(len(prompts)), tuple(-strength for strength in settings.strengths)
    repeats, once, middle = range(settings.repeats), range(settings.side_repeats), (settings.middle,)
    arms = [("none", "", repeats, (0.0,), everywhere)]
    arms += [("steered", name, repeats, settings.strengths, everywhere) for name in names]
    if with_nulls:
        arms += [("opposed", name, once, opposite, everywhere) for name in names]
        arms += [("random", "", range(settings.random_directions), settings.strengths, everywhere)]
        arms += [("permuted", name, range(len(directions.permuted)), middle, everywhere) for name in names]
        arms += [("ablated", name, once, (0.0,), everywhere) for name in names]
        arms += [("prompted", name, once, (0.0,), everywhere) for name in prompted]
    if with_nulls and contexts:
        known = [number for number, prompt in enumerate(prompts) if prompt.context in contexts.contexts]
        of_contexts = [direction.concept for direction in contexts.directions[0]]
        arms += [(arm, name, once, middle, known) for arm in ("own context", "other context") for name in of_contexts]
    return tuple(
        Trial(arm, target, draw, strength, prompt)
        for arm, target, draws, strengths, asked in arms
        for draw in draws
        for strength in strengths
        for prompt in asked
    )


def _check_held_out(texts: TextSet, held_out: set[str]) -> None:
    if both := sorted(held_out & {text.scenario_id for text in texts.texts if text.split == "train"}):
        raise BadInput(
            "Whole scenarios are held out: none that steering is scored on made a direction.",
            f"{len(both)} scenarios in both splits, one of them {both[0]}",
            "a split drawn over texts instead of scenarios",
            "give all texts of a scenario the same split",
        )
