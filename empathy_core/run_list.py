"""The runs there are, of every user: what each is about and how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from metaflow import Flow, Run, namespace
from metaflow.exception import MetaflowNotFound


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
