"""What steering does to text without the concept: how far predictions move, and how much they lose."""

import numpy as np

from empathy_core.contracts import BadInput, Estimate, TextSet
from empathy_core.stats import bootstrap_mean, percentile_interval
from empathy_core.steering.pushes import Pushed, PushPlan
from empathy_core.steering.range import BAND

NEUTRAL_ROLES = ("neutral", "valence_stripped", "non_empathic")
BOOTSTRAP_DRAWS = 1000


def neutral_texts(texts: TextSet) -> TextSet:
    """Held-out texts without the concept: neutral, valence-stripped and non-empathic ones, else the main replies.

    Raises `BadInput` if fewer than two scenarios are held out.
    """
    held_out = texts.rows(texts.column("split") == "test")
    roles = held_out.column("role")
    neutral = held_out.rows(np.isin(roles, NEUTRAL_ROLES) if set(roles) & set(NEUTRAL_ROLES) else roles == "main")
    n = len(set(neutral.column("scenario_id")))
    if n < 2:
        raise BadInput(
            "Side effects are measured on two held-out scenarios or more.",
            f"{n} in the test split of {texts.name}",
            "a file whose rows all say `train`",
            "give some whole scenarios the split `test`",
        )
    return neutral


def side_effect_estimates(prefix: str, plan: PushPlan, pushed: Pushed, seed: int) -> tuple[Estimate, ...]:
    """Divergence and perplexity ratio under every push; whole scenarios are resampled.

    `pushed` holds, of every text, KL(untouched ‖ steered) of the next-token distributions and the change in
    log-likelihood, in nats per token. A perplexity ratio is exp(−change), the geometric mean over texts. The null of
    either is the 95 % quantile over random directions of equal length.
    """
    rng = np.random.default_rng(seed)
    clusters = plan.texts.column("scenario_id")
    estimates = []
    for push, found in zip(plan.pushes, pushed.steered, strict=True):
        rows = [row for row, other in enumerate(plan.random_pushes) if other.strength == abs(push.strength)]
        random = pushed.random[rows].mean(axis=-1)
        for quantity, (values, nulls, scale) in {
            "kl": (found[0], random[:, 0], np.positive),
            "perplexity-ratio": (-found[1], -random[:, 1], np.exp),
        }.items():
            draws = bootstrap_mean(values, clusters, BOOTSTRAP_DRAWS, rng)
            estimates.append(
                Estimate(
                    f"{prefix}/write/{push.concept}/side-effects/alpha={push.strength:g}/{quantity}",
                    float(scale(values.mean())),
                    *percentile_interval(scale(draws)),
                    len(np.unique(clusters)),
                    float(np.quantile(scale(nulls), BAND)),
                    method="steering.side_effects.side_effect_estimates",
                )
            )
    return tuple(estimates)
