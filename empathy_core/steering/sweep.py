"""A steering experiment: which arms, at which strengths, on which prompts, and the replies that came back."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from empathy_core.contracts import BadInput, TextSet
from empathy_core.probes.directions import DirectionSet
from empathy_core.steering.coherence import FEWEST_UNSTEERED
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
    """Replies per prompt in the arms `none` and `steered`; a null direction, one of many, gets one."""
    random_directions: int = 20
    seed: int = 0

    def __post_init__(self) -> None:
        if self.prompts * self.repeats < FEWEST_UNSTEERED:
            raise BadInput(
                f"Coherence is calibrated on at least {FEWEST_UNSTEERED} unsteered replies.",
                f"{self.prompts} prompts with {self.repeats} replies each",
                fix=f"raise --prompts to {-(-FEWEST_UNSTEERED // self.repeats)} or more",
            )


@dataclass(frozen=True)
class Trial:
    """One generated reply: one prompt under one arm at one strength."""

    arm: str
    """`none`, `steered`, `permuted` or `random`."""
    target: str
    """Concept the direction stands for; empty for `none` and `random`, which are read for every concept."""
    draw: int
    """Which null direction, or which repeat of `none` and `steered`."""
    strength: float
    prompt: int


@dataclass(frozen=True)
class Prompt:
    """A held-out scenario and the seed that all arms share on it."""

    scenario_id: str
    scenario: str
    seed: int

    def row(self, repeat: int = 0) -> Row:
        """What generation starts from; repeats differ in their random numbers only."""
        return Row(self.scenario, self.seed + repeat * REPEAT_STRIDE)


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
    continuations: dict[str, tuple[Reply, ...]]
    """Per ablation arm, one reply per opened row and subspace."""


def held_out_prompts(texts: TextSet, settings: SweepSettings) -> tuple[Prompt, ...]:
    """`settings.prompts` prompts from the test split, in a seeded order, going round again where scenarios run out.

    Raises `BadInput` if no scenario is held out.
    """
    scenarios = sorted(
        {(text.scenario_id, text.scenario) for text in texts.texts if text.split == "test" and text.role == "main"}
    )
    if not scenarios:
        raise BadInput(
            "Steering is scored on held-out scenarios.",
            f"no text of {texts.name} in the test split",
            "a file whose rows all say `train`",
            "give some whole scenarios the split `test`",
        )
    order = np.random.default_rng(settings.seed).permutation(len(scenarios))
    return tuple(
        Prompt(*scenarios[order[index % len(scenarios)]], seed=settings.seed * SEED_STRIDE + index)
        for index in range(settings.prompts)
    )


def plan(directions: DirectionSet, settings: SweepSettings, with_nulls: bool) -> tuple[Trial, ...]:
    """Every trial of the experiment; without a judge there is no effect to compare, so the null arms are left out.

    Permuted-label directions are a comparison and not a threshold: one strength is enough for them.
    """
    names = [direction.concept for direction in directions.steered]
    arms = [("none", "", range(settings.repeats), (0.0,))]
    arms += [("steered", name, range(settings.repeats), settings.strengths) for name in names]
    if with_nulls:
        arms += [("random", "", range(settings.random_directions), settings.strengths)]
        middle = settings.strengths[len(settings.strengths) // 2 :][:1]
        arms += [("permuted", name, range(len(directions.permuted)), middle) for name in names]
    return tuple(
        Trial(arm, target, draw, strength, prompt)
        for arm, target, draws, strengths in arms
        for draw in draws
        for strength in strengths
        for prompt in range(settings.prompts)
    )


def additions(
    trials: Sequence[Trial], directions: DirectionSet, settings: SweepSettings
) -> Float[np.ndarray, "row dim"]:
    """The vector each trial adds, in units of the residual stream: strength × mean residual norm × unit direction."""
    width, rng = len(directions.steered[0].vector), np.random.default_rng(settings.seed)
    units = {("none", "", repeat): np.zeros(width) for repeat in range(settings.repeats)}
    for repeat in range(settings.repeats):
        units |= {("steered", d.concept, repeat): d.vector for d in directions.steered}
    for draw, permuted in enumerate(directions.permuted):
        units |= {("permuted", d.concept, draw): d.vector for d in permuted}
    for draw in range(settings.random_directions):
        gaussian = rng.standard_normal(width)
        units["random", "", draw] = gaussian / np.linalg.norm(gaussian)
    scale = directions.steered[0].residual_norm
    return np.stack([trial.strength * scale * units[trial.arm, trial.target, trial.draw] for trial in trials])


def rows(trials: Sequence[Trial], prompts: Sequence[Prompt]) -> list[Row]:
    """The generation rows of `trials`."""
    repeated = ("none", "steered")
    return [prompts[trial.prompt].row(trial.draw if trial.arm in repeated else 0) for trial in trials]
