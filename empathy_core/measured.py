"""One model and one set of texts, measured in a notebook: the numbers of the flows without a run."""

import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas
from jaxtyping import Float

from empathy_core.activations.extract import extract
from empathy_core.activations.progress import Progress
from empathy_core.activations.settings import ExtractionSettings, chosen_points
from empathy_core.activations.store import point_reader
from empathy_core.contracts import POOLS, ActivationSet, BadInput, Estimate, ModelSpec, TextSet, Verdict
from empathy_core.datasets.files import from_records, load
from empathy_core.datasets.schema import check
from empathy_core.datasets.sources import read_source
from empathy_core.datasets.splits import grouped_folds
from empathy_core.findings import Findings
from empathy_core.geometry.dimensionality import Dimensionality
from empathy_core.geometry.measure import measure_dimensions
from empathy_core.models.load import LoadedModel, load_model, require_causal
from empathy_core.models.specs import resolve
from empathy_core.probes.directions import make_directions, steering_point
from empathy_core.probes.reading import ReadingSettings, control_model, holm_over_models, read_model
from empathy_core.steering.analysis import Written
from empathy_core.steering.experiment import run_experiment
from empathy_core.steering.interactive import Steerable
from empathy_core.steering.judges import NO_JUDGE
from empathy_core.steering.judges.panel import Panel, make_panel
from empathy_core.steering.judges.settings import ClaudeSettings
from empathy_core.steering.judging import judge_experiment
from empathy_core.steering.likelihood_shift import scored_replies
from empathy_core.steering.preparation import prepare
from empathy_core.steering.prepared import Preparation
from empathy_core.steering.sampling import SamplingSettings
from empathy_core.steering.sweep import SweepSettings
from empathy_core.verdicts import judge_models

Texts = str | Path | TextSet | pandas.DataFrame | Sequence[Mapping[str, Any]]
Tell = Callable[[str], object]

SOURCES = ("bundled", "organism")
LEFT_OUT = Written(estimates=(), transcripts=())
UNASKED = "the steering experiment was left out; `steering=True` makes it"
ENCODER = "an encoder can be read, but neither steered nor made to write"


class Scratch:
    """A folder that goes when nothing refers to this any more, and at the latest when Python ends."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="empathy-")
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)


@dataclass(frozen=True, repr=False, eq=False)
class Measured(Findings, Steerable):
    """What `measure` found, with the model, which stays loaded for `steer`."""

    numbers: tuple[Estimate, ...]
    """Under the names of the flows, from the functions of the flows."""
    verdicts: tuple[Verdict, ...]
    dimensions: Mapping[str, Dimensionality]
    """By concept, with the draws behind them."""
    transcripts: tuple[tuple[str, str, str, str], ...]
    """(arm, strength, scenario, reply) of a few prompts; empty unless steering was asked for."""
    notes: tuple[str, ...]
    """What was left out, and why."""
    scratch: Scratch
    """Holds the activations, unless a store was given."""

    @property
    def about(self) -> str:
        """The model and the texts."""
        return f"{self.loaded.spec.name} on {self.texts.name}"


def measure(
    model: str | Path | ModelSpec | LoadedModel,
    texts: Texts = "bundled",
    *,
    steering: bool = False,
    point: int | None = None,
    pool: str = "mean",
    folds: int = ReadingSettings.folds,
    permutations: int = ReadingSettings.permutations,
    strengths: Sequence[float | int] = SweepSettings.strengths,
    prompts: int = SweepSettings.prompts,
    random_directions: int = SweepSettings.random_directions,
    max_new_tokens: int = SamplingSettings.max_new_tokens,
    seed: int = 0,
    device: str = "cpu",
    dtype: str = "float32",
    drop_too_long: bool = False,
    store: str | Path | None = None,
    tell: Tell = lambda line: None,
) -> Measured:
    """Everything that ProbeFlow and ValidationFlow measure, on one model and one set of texts.

    `model` is a name, folder or hub id as the flows take them, or `loaded` of an earlier result. `texts` are `bundled`,
    `organism`, files, a `TextSet`, a pandas table, or mappings with the fields of `contracts.Text`. The other arguments
    are named as the flows' options, except three: `steering` makes the steering experiment, which takes longest and
    needs a judge (the grammar alone is one here); `store` is a folder or `s3://…` that keeps the activations, which
    otherwise go with the result; `tell` is called with lines on progress, `tell=print` for one.

    Raises:
        BadInput: as the flows do; texts, names and settings are checked before the model reads anything.
    """
    reading = ReadingSettings(folds, permutations, seed)
    sweep = SweepSettings(tuple(map(float, strengths)), prompts, random_directions=random_directions, seed=seed)
    experiment = (sweep, SamplingSettings(max_new_tokens=max_new_tokens)) if steering else None
    asked = _checked_texts(texts, reading, pool)
    loaded = model if isinstance(model, LoadedModel) else load_model(_specification(model), device, dtype)
    _check_model(loaded, asked, point, steering)
    scratch = Scratch()
    extraction = ExtractionSettings(drop_too_long=drop_too_long)
    activations = extract(loaded, asked, store or scratch.folder, extraction, _of_texts(tell))
    return _measured(loaded, activations.kept(asked), activations, pool, point, reading, experiment, scratch, tell)


def _measured(
    loaded: LoadedModel,
    texts: TextSet,
    activations: ActivationSet,
    pool: str,
    point: int | None,
    reading: ReadingSettings,
    experiment: tuple[SweepSettings, SamplingSettings] | None,
    scratch: Scratch,
    tell: Tell,
) -> Measured:
    """All that stands after extraction, in the order of the flows; without `experiment` nothing is generated."""
    read, doubts = _read(activations, texts, pool, point, reading, tell)
    tell("directions, dimensions and likelihood shift")
    measured = prepare if loaded.causal else _without_pushes
    made = measured(loaded, texts, point_reader(activations, pool), activations, point, reading.seed)
    written = _steer(loaded, texts, made, *experiment, tell) if experiment else LEFT_OUT
    numbers = (*read, *made.estimates, *written.estimates)
    why = _why_unmeasured(loaded, texts, experiment is not None)
    return Measured(
        loaded,
        texts,
        activations,
        pool,
        made.directions,
        numbers,
        _verdicts(numbers, texts, activations.model, why),
        made.dimensions,
        written.transcripts,
        (*activations.notes, *doubts, *written.notes, *([why] if why else [])),
        scratch,
    )


def _checked_texts(texts: Texts, reading: ReadingSettings, pool: str) -> TextSet:
    if pool not in POOLS:
        raise BadInput(
            "A pool is one of those that are extracted.", got=repr(pool), fix=f"choose of {', '.join(POOLS)}"
        )
    found = read_texts(texts)
    grouped_folds(found, reading.folds, reading.seed)
    return found


def read_texts(texts: Texts) -> TextSet:
    """The texts that a user names or holds in memory, checked.

    Raises:
        BadInput: for texts that break a rule.
    """
    if isinstance(texts, TextSet):
        return check(texts)
    if isinstance(texts, str | Path):
        return read_source(str(texts)) if texts in SOURCES else load(str(texts))
    if isinstance(texts, pandas.DataFrame):
        texts = [row.dropna().to_dict() for _, row in texts.iterrows()]
    return from_records(texts)


def _specification(model: str | Path | ModelSpec) -> ModelSpec:
    return model if isinstance(model, ModelSpec) else resolve(str(model))


def _check_model(loaded: LoadedModel, texts: TextSet, point: int | None, steering: bool) -> None:
    """What the later stages would refuse, said before the model has read anything."""
    if point is not None:
        chosen_points(str(point), len(loaded.blocks))
    if steering:
        require_causal(loaded)
    if loaded.causal:
        scored_replies(texts, "test")


def _read(
    activations: ActivationSet, texts: TextSet, pool: str, point: int | None, settings: ReadingSettings, tell: Tell
) -> tuple[tuple[Estimate, ...], tuple[str, ...]]:
    """What ProbeFlow measures, and which of its fits are not exact."""
    reader = partial(point_reader, activations)
    reading = read_model(reader(pool), activations, texts, settings, _counted(tell, "residual points"))
    at = steering_point(activations, point)
    controls = control_model(reader, pool, activations, texts, reading, at, settings, _counted(tell, "controls"))
    found = (*reading.estimates, *controls)
    doubts = tuple(f"the fit of {one} is not exact" for one in reading.inexact)
    return (*found, *holm_over_models(found)), doubts


def _without_pushes(
    loaded: LoadedModel,
    texts: TextSet,
    read_point: Callable[[int], Float[np.ndarray, "text dim"]],
    activations: ActivationSet,
    point: int | None,
    seed: int,
) -> Preparation:
    """What `prepare` measures without pushing the model: all that an encoder allows."""
    directions = make_directions(read_point, activations, texts, point, seed=seed)
    prefix, features = f"{texts.name}/{loaded.spec.name}", read_point(directions.point)
    return Preparation(directions, None, *measure_dimensions(prefix, features, texts, seed))


def _steer(
    loaded: LoadedModel,
    texts: TextSet,
    prepared: Preparation,
    sweep: SweepSettings,
    sampling: SamplingSettings,
    tell: Tell,
) -> Written:
    """The steering experiment as ValidationFlow makes it with `--judge auto`."""
    panel, made = _panel(texts, sweep.seed), prepared
    replies = _counted(tell, "replies")
    experiment = run_experiment(loaded, texts, made.directions, sweep, sampling, panel.judges, made.contexts, replies)
    # Neither the grammar nor no judge at all keeps anything.
    return judge_experiment(panel, texts, made, experiment, Path(), sweep.seed, tell, lambda *counts: None)


def _panel(texts: TextSet, seed: int) -> Panel:
    return make_panel("auto", texts, ClaudeSettings(seed=seed), "", "", seed)


def _why_unmeasured(loaded: LoadedModel, texts: TextSet, steering: bool) -> str:
    """Why criteria that ask for judged replies are not measurable; empty where they are."""
    if not loaded.causal:
        return ENCODER
    if not _panel(texts, 0).judges:
        return NO_JUDGE
    return "" if steering else UNASKED


def _verdicts(numbers: Sequence[Estimate], texts: TextSet, model: ModelSpec, why: str) -> tuple[Verdict, ...]:
    found = judge_models(numbers, texts, [model])
    return tuple(replace(verdict, reason=why) if why and verdict.reason == NO_JUDGE else verdict for verdict in found)


def _of_texts(tell: Tell) -> Callable[[Progress], None]:
    report = _counted(tell, "texts")
    return lambda progress: report(progress.texts_done, progress.texts)


def _counted(tell: Tell, what: str) -> Callable[[int, int], None]:
    """Told at every tenth."""
    told = -1

    def report(done: int, total: int) -> None:
        nonlocal told
        if (tenth := 10 * done // total) > told:
            told = tenth
            tell(f"{what}: {done} of {total}")

    return report
