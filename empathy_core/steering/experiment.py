"""One model's steering experiment: everything that needs the model; judging comes later and needs none."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from empathy_core.contracts import TextSet
from empathy_core.models.load import LoadedModel
from empathy_core.probes.directions import DirectionSet
from empathy_core.steering.arms import arm_rows, without
from empathy_core.steering.contexts import ContextDirections
from empathy_core.steering.generate import generate
from empathy_core.steering.judges import judge_for
from empathy_core.steering.likelihood import negative_log_likelihood
from empathy_core.steering.operators import Edits, ablate
from empathy_core.steering.persistence import opened_rows, random_subspaces
from empathy_core.steering.prompted import askable
from empathy_core.steering.sampling import Reply, Row, SamplingSettings
from empathy_core.steering.sweep import Experiment, Prompt, SweepSettings, Trial, held_out_prompts, plan

SCORED = ("none", "steered", "opposed", "random")
"""The arms whose coherence is read; scoring a reply costs a forward pass."""


def run_experiment(
    loaded: LoadedModel,
    texts: TextSet,
    directions: DirectionSet,
    settings: SweepSettings,
    sampling: SamplingSettings,
    judged: bool,
    contexts: ContextDirections | None = None,
    progress: Callable[[int, int], None] | None = None,
    stream: Callable[[int, Reply], None] | None = None,
) -> Experiment:
    """Generate every arm of the sweep and of the ablation; with `contexts`, those of transfer as well.

    Unless the replies will be `judged`, the arms beside `none` and `steered`, and the ablation, are left out: what they
    would be compared with cannot be measured. Those two remain, for their coherence and for reading.
    """
    prompts = held_out_prompts(texts, settings)
    concepts = [direction.concept for direction in directions.steered]
    in_words = askable(texts, concepts)
    trials = plan(directions, prompts, settings, judged, in_words, contexts)
    made = arm_rows(trials, prompts, directions, settings, contexts)
    replies = generate(loaded, made, sampling, progress, stream)
    surprise = _surprise(loaded, prompts, trials, replies)
    # Whether a second sentence keeps the first one's style is read by the grammar alone.
    opened, openings = opened_rows(texts, prompts) if judged and judge_for(texts) else ([], ())
    notes = [f"no words ask for {name}: its prompted arm is left out" for name in concepts if name not in in_words]
    return Experiment(
        settings,
        prompts,
        trials,
        tuple(replies),
        surprise,
        tuple(opened),
        openings,
        _continued(loaded, opened, directions, settings, sampling),
        _continued_without(loaded, opened, directions, texts.main_styles, sampling),
        tuple(notes) if judged else (),
    )


def _surprise(
    loaded: LoadedModel, prompts: Sequence[Prompt], trials: Sequence[Trial], replies: Sequence[Reply]
) -> Float[np.ndarray, " trial"]:
    scored = [index for index, trial in enumerate(trials) if trial.arm in SCORED]
    surprise = np.full(len(trials), np.nan)
    surprise[scored] = negative_log_likelihood(
        loaded, [prompts[trials[i].prompt].scenario for i in scored], [replies[i].text for i in scored]
    )
    return surprise


def _continued(
    loaded: LoadedModel,
    opened: Sequence[Row],
    directions: DirectionSet,
    settings: SweepSettings,
    sampling: SamplingSettings,
) -> dict[str, tuple[Reply, ...]]:
    if not opened:
        return {}
    random = random_subspaces(directions.subspaces, settings.seed)
    return {
        "none": _continue(loaded, opened, [{}], sampling),
        "style": _continue(loaded, opened, [_ablations(directions.subspaces)], sampling),
        "random": _continue(loaded, opened, [_ablations(bases) for bases in random], sampling),
    }


def _continued_without(
    loaded: LoadedModel,
    opened: Sequence[Row],
    directions: DirectionSet,
    styles: Sequence[str],
    sampling: SamplingSettings,
) -> dict[str, tuple[Reply, ...]]:
    if not opened:
        return {}
    return {
        direction.concept: _continue(loaded, opened, [without(direction, directions)], sampling)
        for direction in directions.steered
        if direction.concept in styles
    }


def _continue(
    loaded: LoadedModel, opened: Sequence[Row], choices: Sequence[Edits], sampling: SamplingSettings
) -> tuple[Reply, ...]:
    """Replies to every opened row under each of the edits, one set of edits after the other."""
    return tuple(generate(loaded, [replace(row, edits=edits) for edits in choices for row in opened], sampling))


def _ablations(bases: Mapping[int, Float[np.ndarray, "dim rank"]]) -> Edits:
    return {point: ablate(basis) for point, basis in bases.items()}
