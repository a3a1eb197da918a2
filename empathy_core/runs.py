"""The door to Metaflow's client: find an earlier run once, read its artifacts, know where activations are stored."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import merge
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from metaflow import Flow, Run, current, get_namespace, namespace
from metaflow.exception import MetaflowNotFound, MetaflowUnknownUser
from metaflow.metaflow_config import DATASTORE_SYSROOT_S3, DEFAULT_DATASTORE
from metaflow.plugins.datastores.local_storage import LocalStorage

from empathy_core.contracts import BadInput, Estimate, TextSet
from empathy_core.datasets.files import bundled
from empathy_core.layout import check_layout, other_version

LATEST = "latest"
PAID = ("anthropic", "claude", "human")
"""Sources and judges whose answers cost money or somebody's time, and are kept in a local folder."""
FLOWS = ("DatasetFlow", "ActivationFlow", "ProbeFlow", "ValidationFlow")
PACKAGES = ("torch", "transformers", "numpy", "scikit-learn", "metaflow")

State = Literal["successful", "failed", "unfinished"]


@dataclass(frozen=True)
class RunLine:
    """One run in a list of runs."""

    pathspec: str
    began: datetime
    user: str
    """Empty where the metadata does not say."""
    state: State
    """A run that was killed leaves the same traces as one that still runs: both are unfinished."""
    texts: str
    """Name of the data set; empty where the run did not get that far."""
    models: tuple[str, ...]
    """Empty for runs on texts alone."""
    tags: tuple[str, ...]


def resolve_run(flow: str, pathspec: str) -> str:
    """The pathspec of a successful run: a given `Flow/id` in any namespace, or `latest`.

    `latest` is the run whose end started this one, where there is such a run, else the latest in the current namespace.

    Raises `BadInput` if there is none, or if the given run failed, is still running or belongs to another flow.
    """
    if pathspec == LATEST:
        run = _latest_successful(flow)
        if run is None:
            raise BadInput(
                f"This flow reads a successful run of {flow}.",
                "none in the current namespace",
                "the earlier flow has not run here, or only under another user",
                f"run `python flows/{_file_of(flow)} run` first, or give the run's pathspec",
            )
        return run.pathspec
    if not pathspec.startswith(f"{flow}/"):
        raise BadInput(
            f"The upstream run is given as `{flow}/<run id>`.",
            repr(pathspec),
            "the run id alone, or a run of another flow",
        )
    run = _any_namespace(pathspec)
    if not run.successful:
        raise BadInput(
            "Only a successful run can be read.",
            f"{pathspec}, which {'failed' if run.finished else 'has not finished'}",
            "a failed branch",
            f"`python flows/{_file_of(flow)} resume --origin-run-id {run.id}` recomputes only what is missing",
        )
    return run.pathspec


def upstream_texts(pathspec: str) -> tuple[str, TextSet]:
    """The texts of a DatasetFlow run and its pathspec; `latest` without any such run reads the bundled texts."""
    if pathspec == LATEST and _latest_successful("DatasetFlow") is None:
        return "bundled texts, no DatasetFlow run", bundled()
    run = resolve_run("DatasetFlow", pathspec)
    return run, artifact(run, "texts")


def stamped(estimates: Sequence[Estimate], pathspec: str) -> tuple[Estimate, ...]:
    """The same estimates with the pathspec of the task that computed them."""
    return tuple(replace(estimate, run=pathspec) for estimate in estimates)


def artifact(pathspec: str, name: str) -> Any:
    """One artifact of a run's last step.

    Raises `BadInput` if there is none, or if another version of this library wrote it.
    """
    try:
        value = getattr(_any_namespace(pathspec).data, name)
    except (AttributeError, ImportError) as error:  # no such artifact, or a class that this version does not have
        raise other_version(f"{pathspec}, artifact {name}", str(error)) from error
    check_layout(value, f"{pathspec}, artifact {name}")
    return value


def parameters(pathspec: str) -> dict[str, Any]:
    """What a run was started with."""
    given = _any_namespace(pathspec)["_parameters"].task
    return {one.id: one.data for one in given.artifacts if one.id != "name"}


def list_runs(limit: int = 20) -> tuple[RunLine, ...]:
    """The latest runs of all four flows and all users, the newest first."""
    with _every_namespace():
        newest = merge(*map(_runs_of, FLOWS), key=lambda run: run.created_at, reverse=True)
        return tuple(map(_run_line, islice(newest, limit)))


def activation_store() -> str:
    """Where activations are stored: beside Metaflow's own artifacts, so that every machine of a run finds them.

    Raises `BadInput` where Metaflow keeps its artifacts in a service that activations cannot be stored in.
    """
    if DEFAULT_DATASTORE == "local":
        return str(_beside_local_datastore("activations"))
    if DEFAULT_DATASTORE == "s3" and DATASTORE_SYSROOT_S3:
        return f"{DATASTORE_SYSROOT_S3.rstrip('/')}/activations"
    raise BadInput(
        "Activations are stored beside Metaflow's artifacts, in a local folder or on S3.",
        f"METAFLOW_DEFAULT_DATASTORE={DEFAULT_DATASTORE}",
        "another service, or no METAFLOW_DATASTORE_SYSROOT_S3",
        "name a place with --store s3://bucket/prefix",
    )


def check_answers_last(asked: str) -> None:
    """Raises `BadInput` if a source or judge that is paid would be asked by a machine that is gone after the step."""
    place = os.environ.get("METAFLOW_RUNTIME_ENVIRONMENT", "local")
    if place != "local" and asked in PAID:
        raise BadInput(
            "Answers that cost money or somebody's time are kept in a folder that outlives the run.",
            f"{asked} asked from {place}",
            "a run with `--with batch` or `--with kubernetes`, which takes every step away from this machine",
            "leave out `--with`: with --config deploy, the steps that load a model still run there",
        )


def generation_folder() -> Path:
    """The folder for everything that generation paid for; it outlives the run that paid."""
    return _beside_local_datastore("generation")


def judgement_folder(model: str) -> Path:
    """The folder for what judging one model's replies cost, or for the page of its raters."""
    return _beside_local_datastore("judgements") / quote(model, safe="")


def package_versions() -> dict[str, str]:
    """Versions of the packages that decide numbers."""
    return {name: version(name) for name in PACKAGES}


def _beside_local_datastore(name: str) -> Path:
    """A folder in Metaflow's own local datastore."""
    return Path(LocalStorage.get_datastore_root_from_config(lambda *_, **__: None)).resolve() / name


def _runs_of(flow: str) -> Iterator[Run]:
    """Runs of one flow, the newest first; none where it has never run."""
    try:
        yield from Flow(flow)
    except MetaflowNotFound:
        return


def _run_line(run: Run) -> RunLine:
    texts, specs, manifests = (_left_by(run, name) for name in ("texts", "specs", "manifests"))
    models = specs or [manifest.model for manifest in manifests or ()]
    return RunLine(
        pathspec=run.pathspec,
        began=run.created_at,
        user=next((tag.removeprefix("user:") for tag in sorted(run.system_tags) if tag.startswith("user:")), ""),
        state=_state(run),
        texts=texts.name if texts else "",
        models=tuple(model.name for model in models),
        tags=tuple(sorted(run.user_tags)),
    )


def _left_by(run: Run, name: str) -> Any:
    """An artifact of a run's first or last step; None where neither holds it in a shape that is still known."""
    tasks = (run[step].task for step in ("start", "end") if step in run)
    found = next((task[name] for task in tasks if task is not None and name in task), None)
    try:
        return None if found is None else found.data
    except (ImportError, AttributeError):  # records of an earlier version, which have moved since
        return None


def _state(run: Run) -> State:
    """Failed where the latest attempt of some task did; while a task is tried again, its run is unfinished."""
    if run.successful:
        return "successful"
    kept = (task.metadata_dict for step in run for task in step)
    failed = any(said.get("attempt_ok") == "False" and said.get("attempt-done") == said.get("attempt") for said in kept)
    return "failed" if failed else "unfinished"


def _latest_successful(flow: str) -> Run | None:
    # A later run may have ended between the run that triggered this one and now.
    trigger = current.get("trigger")
    if trigger and flow in trigger:
        return trigger[flow]
    try:
        # A dry run succeeds without leaving anything to read.
        return next((run for run in Flow(flow) if run.successful and not getattr(run.data, "dry_run", False)), None)
    except MetaflowNotFound:
        return None


def _any_namespace(pathspec: str) -> Run:
    # A pathspec names one run exactly, so whose it is does not matter.
    try:
        with _every_namespace():
            return Run(pathspec)
    except MetaflowNotFound as error:
        raise BadInput(
            "The upstream run exists in this datastore.",
            pathspec,
            "a mistyped id, another datastore, or another working folder",
            f"`python flows/{_file_of(pathspec.split('/')[0])} list runs` shows what there is",
        ) from error


@contextmanager
def _every_namespace() -> Iterator[None]:
    """Runs of every user are seen inside; what is looked up later in a notebook keeps to its own namespace."""
    try:
        own = get_namespace()
    except MetaflowUnknownUser:  # root, for one, whose runs Metaflow files under no name
        own = None
    namespace(None)
    try:
        yield
    finally:
        namespace(own)


def _file_of(flow: str) -> str:
    return f"{flow.removesuffix('Flow').lower()}_flow.py"
