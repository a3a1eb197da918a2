"""Ablation: does a reply that has begun in one style go on in it when the style directions are projected out?"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from empathy_core.contracts import Estimate, TextSet
from empathy_core.stats import bootstrap_mean, percentile_interval
from empathy_core.steering.judges import Judgement
from empathy_core.steering.sampling import Row
from empathy_core.steering.sweep import Prompt

ARMS = ("none", "style", "random")
RANDOM_SUBSPACES = 2
BOOTSTRAP_DRAWS = 1000


@dataclass(frozen=True)
class Continuations:
    """Judged replies that continue the first sentence of held-out texts, per arm; `random` holds all its subspaces."""

    scenarios: tuple[str, ...]
    """One per text; an arm with several subspaces repeats the texts in order."""
    judgements: dict[str, tuple[Judgement, ...]]


def opened_rows(texts: TextSet, prompts: Sequence[Prompt]) -> list[Row]:
    """One row per text, of any style, to the scenarios of `prompts`: its first sentence is the given opening."""
    seeds = {prompt.scenario_id: prompt.seed for prompt in prompts}
    return [
        Row(text.scenario, seeds[text.scenario_id], opening=_first_sentence(text.response))
        for text in texts.texts
        if text.scenario_id in seeds
    ]


def random_subspaces(
    subspaces: dict[int, Float[np.ndarray, "dim rank"]], seed: int
) -> tuple[dict[int, Float[np.ndarray, "dim rank"]], ...]:
    """Random orthonormal bases of the same ranks at the same points."""
    rng = np.random.default_rng(seed)
    return tuple(
        {point: np.linalg.qr(rng.standard_normal(basis.shape))[0] for point, basis in subspaces.items()}
        for _ in range(RANDOM_SUBSPACES)
    )


def persistence_estimates(prefix: str, continuations: Continuations, seed: int) -> tuple[Estimate, ...]:
    """Per arm: how often the second sentence keeps or switches the first one's style; replies that parse; casual ones.

    Whole scenarios are resampled. The style arm's null is the rate under random subspaces of equal rank.
    """
    rng = np.random.default_rng(seed)
    random_rate = float(np.mean([judgement.keeps_style for judgement in continuations.judgements["random"]]))
    estimates = []
    for arm in ARMS:
        judgements = continuations.judgements[arm]
        scenarios = np.resize(np.array(continuations.scenarios), len(judgements))
        measures = {
            "persistence": np.array([judgement.keeps_style for judgement in judgements], dtype=float),
            "switches": np.array([judgement.switches_style for judgement in judgements], dtype=float),
            "parses": np.array([judgement.parses for judgement in judgements], dtype=float),
            "casual": np.array([judgement.casual for judgement in judgements], dtype=float),
        }
        for measure, values in measures.items():
            low, high = percentile_interval(bootstrap_mean(values, scenarios, BOOTSTRAP_DRAWS, rng))
            null = random_rate if (arm, measure) == ("style", "persistence") else None
            estimates.append(
                Estimate(
                    f"{prefix}/ablate/{arm}/{measure}",
                    float(values.mean()),
                    low,
                    high,
                    len(np.unique(scenarios)),
                    null,
                    method="steering.persistence.persistence_estimates",
                )
            )
    return tuple(estimates)


def whole_replies(rows: Sequence[Row], continuations: Sequence[str]) -> tuple[str, ...]:
    """Opening and continuation joined, as the judge reads them."""
    return tuple(f"{row.opening} {text}" for row, text in zip(rows, continuations, strict=True))


def _first_sentence(response: str) -> str:
    found = re.match(r".+?[.!?](?=\s|$)", response, re.DOTALL)
    return found.group(0) if found else response
