"""The door to Metaflow's client: find an earlier run once, read its artifacts, know where activations are stored."""

from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from metaflow import Flow, Run, current, namespace
from metaflow.exception import MetaflowNotFound
from metaflow.plugins.datastores.local_storage import LocalStorage

from empathy_core.contracts import BadInput, Estimate, TextSet
from empathy_core.datasets.files import bundled
from empathy_core.layout import check_layout, other_version

LATEST = "latest"
PACKAGES = ("torch", "transformers", "numpy", "scikit-learn", "metaflow")


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
