"""In production a flow reads the run whose end started it, whatever has ended since."""

from datetime import datetime
from types import SimpleNamespace

import pytest
from metaflow import Run, current
from metaflow.events import Trigger

from empathy_core import runs


class Ended(Run):
    """A successful run, known without a datastore."""

    successful, finished_at = True, datetime(2026, 1, 1)
    data = SimpleNamespace(dry_run=False)

    def __init__(self, pathspec):
        self._pathspec = pathspec

    pathspec = property(lambda self: self._pathspec)
    path_components = property(lambda self: self._pathspec.split("/"))
    parent = property(lambda self: SimpleNamespace(id=self._pathspec.split("/")[0]))
    end_task = property(
        lambda self: SimpleNamespace(pathspec=f"{self._pathspec}/end/9", parent=SimpleNamespace(id="end"))
    )


@pytest.fixture
def later_run(monkeypatch):
    """A run of every flow that ended last."""
    monkeypatch.setattr(runs, "Flow", lambda flow: [Ended(f"{flow}/argo-later")])


@pytest.fixture
def triggered(later_run, monkeypatch):
    trigger = Trigger.from_runs([Ended("ActivationFlow/argo-first")])
    monkeypatch.setattr(type(current), "trigger", trigger, raising=False)


def test_the_triggering_run_wins_over_a_later_one(triggered):
    assert runs.resolve_run("ActivationFlow", "latest") == "ActivationFlow/argo-first"


def test_a_flow_that_did_not_trigger_this_run_is_read_at_its_latest(triggered):
    assert runs.resolve_run("ProbeFlow", "latest") == "ProbeFlow/argo-later"


def test_without_a_trigger_the_latest_run_is_read(later_run):
    assert runs.resolve_run("ActivationFlow", "latest") == "ActivationFlow/argo-later"
