"""One model's steering experiment: everything that needs the model; judging comes later and needs none."""

from collections.abc import Callable

import numpy as np

from empathy_core.contracts import TextSet
from empathy_core.models.load import LoadedModel
from empathy_core.probes.directions import DirectionSet
from empathy_core.steering.generate import generate
from empathy_core.steering.judges import judge_for
from empathy_core.steering.likelihood import negative_log_likelihood
from empathy_core.steering.persistence import opened_rows, random_subspaces
from empathy_core.steering.sampling import Reply, Row, SamplingSettings
from empathy_core.steering.sweep import Experiment, SweepSettings, additions, held_out_prompts, plan, rows


def run_experiment(
    loaded: LoadedModel,
    texts: TextSet,
    directions: DirectionSet,
    settings: SweepSettings,
    sampling: SamplingSettings,
    progress: Callable[[int, int], None] | None = None,
) -> Experiment:
    """Generate every arm of the sweep and of the ablation.

    Without a judge for these texts the null arms and the ablation are left out: what they would be compared with cannot
    be measured. The steered arms remain, for their coherence and for reading.
    """
    judged = judge_for(texts) is not None
    prompts = held_out_prompts(texts, settings)
    trials = plan(directions, settings, with_nulls=judged)
    replies = generate(
        loaded,
        rows(trials, prompts),
        sampling,
        point=directions.point,
        additions=additions(trials, directions, settings),
        progress=progress,
    )
    # Coherence is read for these two arms alone, and scoring costs as much as generating.
    scored = [index for index, trial in enumerate(trials) if trial.arm in ("none", "steered")]
    surprise = np.full(len(trials), np.nan)
    surprise[scored] = negative_log_likelihood(
        loaded, [prompts[trials[i].prompt].scenario for i in scored], [replies[i].text for i in scored]
    )
    opened = opened_rows(texts, prompts) if judged else []
    continuations = _ablated(loaded, opened, directions, settings, sampling) if judged else {}
    return Experiment(settings, prompts, trials, tuple(replies), surprise, tuple(opened), continuations)


def _ablated(
    loaded: LoadedModel,
    opened: list[Row],
    directions: DirectionSet,
    settings: SweepSettings,
    sampling: SamplingSettings,
) -> dict[str, tuple[Reply, ...]]:
    subspaces = {
        "none": ({},),
        "style": (directions.subspaces,),
        "random": random_subspaces(directions.subspaces, settings.seed),
    }
    return {
        arm: tuple(reply for bases in choices for reply in generate(loaded, opened, sampling, ablations=bases))
        for arm, choices in subspaces.items()
    }
