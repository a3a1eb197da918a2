"""Ablation: does a reply that has begun in one style go on in it when style directions are projected out?"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Shaped

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
    openings: tuple[str, ...]
    """Style of each text's first sentence."""
    judgements: dict[str, tuple[Judgement, ...]]
    without: dict[str, tuple[Judgement, ...]]
    """Per style whose direction alone was ablated."""


def opened_rows(texts: TextSet, prompts: Sequence[Prompt]) -> tuple[list[Row], tuple[str, ...]]:
    """One row per text, of any style, to the scenarios of `prompts`, with its first sentence given; and its style."""
    seeds = {prompt.scenario_id: prompt.seed for prompt in prompts}
    answered = [text for text in texts.texts if text.scenario_id in seeds]
    rows = [Row(text.scenario, seeds[text.scenario_id], opening=_first_sentence(text.response)) for text in answered]
    return rows, tuple(text.style for text in answered)


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
    random_rate = float(_kept(continuations.judgements["random"]).mean())
    estimates = []
    for arm in ARMS:
        judgements = continuations.judgements[arm]
        scenarios = np.resize(np.array(continuations.scenarios), len(judgements))
        measures = {
            "persistence": _kept(judgements),
            "switches": np.array([judgement.switches_style for judgement in judgements], dtype=float),
            "parses": np.array([judgement.parses for judgement in judgements], dtype=float),
            "casual": np.array([judgement.casual for judgement in judgements], dtype=float),
        }
        for measure, values in measures.items():
            null = random_rate if (arm, measure) == ("style", "persistence") else None
            estimates.append(
                Estimate(
                    f"{prefix}/ablate/{arm}/{measure}",
                    float(values.mean()),
                    *percentile_interval(bootstrap_mean(values, scenarios, BOOTSTRAP_DRAWS, rng)),
                    len(np.unique(scenarios)),
                    null,
                    method="steering.persistence.persistence_estimates",
                )
            )
    return tuple(estimates)


def single_style_estimates(prefix: str, continuations: Continuations, seed: int) -> tuple[Estimate, ...]:
    """With one style's direction ablated: how often replies keep their style, by the style they opened in.

    The null is the same under random subspaces, which take out more than this one direction. `own` is how much more
    persistence replies in the ablated style lose, against nothing ablated, than replies in the other styles on average;
    an ablation that does nothing, or hits all alike, gives 0.
    """
    scenarios, openings = np.array(continuations.scenarios), np.array(continuations.openings)
    before, random = _kept(continuations.judgements["none"]), _kept(continuations.judgements["random"])
    random_openings = np.resize(openings, len(random))
    estimates = []
    for style, judgements in continuations.without.items():
        after = _kept(judgements)
        for opening in dict.fromkeys(continuations.openings):
            there = openings == opening
            draws = bootstrap_mean(after[there], scenarios[there], BOOTSTRAP_DRAWS, np.random.default_rng(seed))
            estimates.append(
                Estimate(
                    f"{prefix}/ablate/{style}/persistence/{opening}",
                    float(after[there].mean()),
                    *percentile_interval(draws),
                    len(np.unique(scenarios[there])),
                    float(random[random_openings == opening].mean()),
                    method="steering.persistence.single_style_estimates",
                )
            )
        own = _own_loss(before - after, openings == style, scenarios, seed)
        estimates.append(
            Estimate(
                f"{prefix}/ablate/{style}/own",
                float(own[0]),
                *percentile_interval(own[1:]),
                len(np.unique(scenarios)),
                0.0,
                method="steering.persistence.single_style_estimates",
            )
        )
    return tuple(estimates)


def whole_replies(rows: Sequence[Row], continuations: Sequence[str]) -> tuple[str, ...]:
    """Opening and continuation joined, as the judge reads them."""
    return tuple(f"{row.opening} {text}" for row, text in zip(rows, continuations, strict=True))


def _own_loss(
    loss: Float[np.ndarray, " text"],
    own: Bool[np.ndarray, " text"],
    scenarios: Shaped[np.ndarray, " text"],
    seed: int,
) -> Float[np.ndarray, " draw"]:
    """Mean loss of the own style's texts minus that of the others; the sample first, then draws of scenarios."""
    halves = [
        np.append(
            loss[rows].mean(),
            # Every scenario is answered in every style, so equal seeds resample the same scenarios.
            bootstrap_mean(loss[rows], scenarios[rows], BOOTSTRAP_DRAWS, np.random.default_rng(seed)),
        )
        for rows in (own, ~own)
    ]
    return halves[0] - halves[1]


def _kept(judgements: Sequence[Judgement]) -> Float[np.ndarray, " text"]:
    return np.array([judgement.keeps_style for judgement in judgements], dtype=float)


def _first_sentence(response: str) -> str:
    found = re.match(r".+?[.!?](?=\s|$)", response, re.DOTALL)
    return found.group(0) if found else response
