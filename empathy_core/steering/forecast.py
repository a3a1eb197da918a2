"""What a steering experiment will generate, model by model, before anything is launched."""

from collections.abc import Mapping, Sequence

from empathy_core.contracts import ActivationSet, SteeringPlan, TextSet
from empathy_core.models.plan import UTILISATION, plan
from empathy_core.probes.directions import DirectionSet
from empathy_core.steering import sweep
from empathy_core.steering.judges import judge_for
from empathy_core.steering.persistence import RANDOM_SUBSPACES, opened_rows
from empathy_core.steering.prompted import askable
from empathy_core.steering.sampling import SamplingSettings
from empathy_core.steering.sweep import SweepSettings, held_out_prompts

PEAK_BYTES = 2.039e12
"""Bytes a second between memory and processor of one NVIDIA A100 of 80 GB, from its data sheet."""


def forecast_steering(
    manifests: Sequence[ActivationSet],
    texts: TextSet,
    directions: Mapping[str, DirectionSet],
    settings: SweepSettings,
    max_new_tokens: int,
    judged: bool,
    dtype: str,
) -> tuple[SteeringPlan, ...]:
    """A plan for each model, with the directions of its probe run; point choice and likelihood come on top.

    Raises:
        BadInput: as `models.plan.plan` and `steering.sweep.held_out_prompts` do.
    """
    budget, plans = SamplingSettings(max_new_tokens=max_new_tokens).token_budget, []
    for manifest in manifests:
        kept = manifest.kept(texts)
        size = plan(manifest.model, kept, dtype)
        replies = count_replies(kept, directions[manifest.model.name], settings, judged)
        batches = -(-replies // max(1, budget // (size.longest + max_new_tokens)))
        seconds = batches * max_new_tokens * size.weight_bytes / (PEAK_BYTES * UTILISATION)
        plans.append(SteeringPlan(manifest.model.name, replies, replies * max_new_tokens, seconds))
    return tuple(plans)


def count_replies(texts: TextSet, directions: DirectionSet, settings: SweepSettings, judged: bool) -> int:
    """How many replies `steering.experiment.run_experiment` generates with these directions."""
    prompts = held_out_prompts(texts, settings)
    in_words = askable(texts, [direction.concept for direction in directions.steered])
    replies = len(sweep.plan(directions, prompts, settings, judged, in_words))
    trained = set(texts.column("context")[texts.column("split") == "train"].tolist())
    if judged and len(trained) > 1:
        # Transfer: each main style's own direction and the other contexts', at one strength.
        replies += 2 * len(texts.main_styles) * sum(prompt.context in trained for prompt in prompts)
    if judged and judge_for(texts):
        # Ablation: no edit, the style subspace, random ones, and each main style alone.
        arms = 2 + RANDOM_SUBSPACES + len(texts.main_styles)
        replies += arms * len(opened_rows(texts, prompts)[0])
    return replies
