"""The door to Metaflow's client: find an earlier run once, read its artifacts, know where activations are stored."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from metaflow import Flow, Run, namespace
from metaflow.exception import MetaflowNotFound
from metaflow.plugins.datastores.local_storage import LocalStorage

from empathy_core.contracts import BadInput, Estimate, TextSet
from empathy_core.datasets.files import bundled

LATEST = "latest"
PACKAGES = ("torch", "transformers", "numpy", "scikit-learn", "metaflow")


@dataclass(frozen=True)
class RunLine:
    """One run as a list of runs shows it."""

    pathspec: str
    created: str
    """Local date and time."""
    user: str
    tags: tuple[str, ...]
    status: str
    texts: str
    """Name of its texts; empty before there are any."""
    models: tuple[str, ...]


def list_runs(flows: Sequence[str]) -> tuple[RunLine, ...]:
    """Every run of these flows in this datastore, of every user, the newest first."""
    namespace(None)
    runs = [run for name in flows for run in _runs_of(name)]
    return tuple(_line(run) for run in sorted(runs, key=lambda run: run.created_at, reverse=True))


def resolve_run(flow: str, pathspec: str) -> str:
    """The pathspec of a successful run: `latest` in the current namespace, or a given `Flow/id` in any namespace.

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
    """One artifact of a run's last step."""
    return getattr(_any_namespace(pathspec).data, name)


def parameters(pathspec: str) -> dict[str, Any]:
    """What a run was started with."""
    given = _any_namespace(pathspec)["_parameters"].task
    return {one.id: one.data for one in given.artifacts if one.id != "name"}


def activation_store() -> str:
    """The folder for activations."""
    return str(_beside_datastore("activations"))


def generation_folder() -> Path:
    """The folder for everything that generation paid for; it outlives the run that paid."""
    return _beside_datastore("generation")


def judgement_folder(model: str) -> Path:
    """The folder for what judging one model's replies cost, or for the page of its raters."""
    return _beside_datastore("judgements") / quote(model, safe="")


def package_versions() -> dict[str, str]:
    """Versions of the packages that decide numbers."""
    return {name: version(name) for name in PACKAGES}


def _beside_datastore(name: str) -> Path:
    """A folder in Metaflow's own local datastore."""
    return Path(LocalStorage.get_datastore_root_from_config(lambda *_, **__: None)).resolve() / name


def _latest_successful(flow: str) -> Run | None:
    try:
        # A dry run succeeds without leaving anything to read.
        return next((run for run in Flow(flow) if run.successful and not getattr(run.data, "dry_run", False)), None)
    except MetaflowNotFound:
        return None


def _runs_of(flow: str) -> list[Run]:
    try:
        return list(Flow(flow))
    except MetaflowNotFound:
        return []


def _line(run: Run) -> RunLine:
    """What the first step knows, which even a run that failed has finished; new texts come with the last one."""
    left: dict[str, Any] = {}
    for task in (run.end_task, run["start"].task):
        left |= {one.id: one for one in task.artifacts} if task else {}
    specs = left["specs"].data if "specs" in left else ()
    manifests = left["manifests"].data if "manifests" in left else ()
    return RunLine(
        run.pathspec,
        run.created_at.strftime("%Y-%m-%d %H:%M"),
        next((tag.removeprefix("user:") for tag in sorted(run.tags) if tag.startswith("user:")), ""),
        tuple(sorted(run.user_tags)),
        "successful" if run.successful else "failed" if run.finished else "not finished",
        left["texts"].data.name if "texts" in left else "",
        tuple(model.name for model in specs or (manifest.model for manifest in manifests)),
    )


def _any_namespace(pathspec: str) -> Run:
    # A pathspec names one run exactly, so whose it is does not matter.
    namespace(None)
    try:
        return Run(pathspec)
    except MetaflowNotFound as error:
        raise BadInput(
            "The upstream run exists in this datastore.",
            pathspec,
            "a mistyped id, another datastore, or another working folder",
            f"`python flows/{_file_of(pathspec.split('/')[0])} list runs` shows what there is",
        ) from error


def _file_of(flow: str) -> str:
    return f"{flow.removesuffix('Flow').lower()}_flow.py"
