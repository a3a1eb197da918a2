"""The list of runs, from stand-ins for Metaflow's client; tests/flows reads a real datastore."""

from datetime import datetime
from types import SimpleNamespace

import pytest
from metaflow import Run
from metaflow.exception import MetaflowNotFound
from toy import toy_texts

from empathy_core import runs
from empathy_core.runs import list_runs

TRIED = {"attempt": "0", "attempt-done": "0", "attempt_ok": "True"}
FAILED = TRIED | {"attempt_ok": "False"}
TRIED_AGAIN = FAILED | {"attempt": "1"}
KILLED = {"attempt": "0"}


class Moved:
    """An artifact whose class is no longer where it was."""

    @property
    def data(self):
        raise ModuleNotFoundError("empathy_core.gone")


class FakeTask(dict):
    def __init__(self, said, **artifacts):
        super().__init__(
            {name: one if isinstance(one, Moved) else SimpleNamespace(data=one) for name, one in artifacts.items()}
        )
        self.metadata_dict = said


class FakeStep(list):
    @property
    def task(self):
        return self[0] if self else None


class FakeRun(Run):
    """A run that no datastore holds."""

    pathspec = successful = created_at = system_tags = user_tags = None  # properties of a real run

    def __init__(self, pathspec, minute, successful=False, **steps):
        self.pathspec, self.successful = pathspec, successful
        self.created_at = datetime(2025, 1, 1, 12, minute)
        self.system_tags = frozenset({"user:ada", "runtime:dev"})
        self.user_tags = frozenset({"pilot", "grammar"})
        self.held = {name: FakeStep(tasks) for name, tasks in steps.items()}

    def __iter__(self):
        return iter(self.held.values())

    def __contains__(self, step):
        return step in self.held

    def __getitem__(self, step):
        return self.held[step]


@pytest.fixture
def datastore(monkeypatch):
    """A datastore that holds the runs given, by flow and newest first, as the client lists them."""

    def hold(*held):
        def flow(name):
            own = [run for run in held if run.pathspec.startswith(f"{name}/")]
            if not own:
                raise MetaflowNotFound(name)
            return sorted(own, key=lambda run: run.created_at, reverse=True)

        monkeypatch.setattr(runs, "Flow", flow)
        monkeypatch.setattr(runs, "namespace", lambda given: None)

    return hold


def specs(*names):
    return [SimpleNamespace(name=name) for name in names]


def test_runs_of_all_flows_stand_in_one_list_the_newest_first_and_no_more_than_asked(datastore):
    made = [
        FakeRun(f"{flow}/{minute}", minute) for minute, flow in enumerate([*runs.FLOWS, "ProbeFlow", "DatasetFlow"])
    ]
    datastore(*made)
    assert [one.pathspec for one in list_runs(limit=4)] == [run.pathspec for run in made[:-5:-1]]
    assert len(list_runs()) == 6


def test_a_run_says_whose_it_is_what_it_read_and_how_it_is_tagged(datastore):
    start = FakeTask(TRIED, texts=toy_texts(), specs=specs("persistent", "org/llama"))
    datastore(FakeRun("ActivationFlow/1", 0, True, start=[start], end=[FakeTask(TRIED)]))
    [found] = list_runs()
    assert (found.user, found.state, found.texts) == ("ada", "successful", "toy")
    assert found.models == ("persistent", "org/llama") and found.tags == ("grammar", "pilot")
    assert found.began == datetime(2025, 1, 1, 12, 0)


def test_texts_that_a_run_makes_are_read_from_its_end_and_models_from_manifests(datastore):
    made = FakeRun("DatasetFlow/1", 0, True, start=[FakeTask(TRIED)], end=[FakeTask(TRIED, texts=toy_texts())])
    manifests = [SimpleNamespace(model=model) for model in specs("graded")]
    datastore(made, FakeRun("ProbeFlow/1", 1, start=[FakeTask(TRIED, texts=toy_texts(), manifests=manifests)]))
    assert [(one.texts, one.models) for one in list_runs()] == [("toy", ("graded",)), ("toy", ())]


@pytest.mark.parametrize(
    "tasks, state",
    [
        ([TRIED, FAILED], "failed"),
        ([FAILED, TRIED], "failed"),
        ([TRIED, TRIED_AGAIN], "unfinished"),
        ([TRIED, KILLED], "unfinished"),
        ([TRIED, TRIED], "unfinished"),
        ([{}], "unfinished"),
    ],
    ids=["a branch failed", "whichever", "tried again", "running or killed", "between steps", "not begun"],
)
def test_a_run_that_is_not_through_has_failed_only_where_no_task_is_tried_again(datastore, tasks, state):
    datastore(FakeRun("ProbeFlow/1", 0, start=[FakeTask(TRIED)], probe=list(map(FakeTask, tasks))))
    assert list_runs()[0].state == state


def test_a_run_that_left_nothing_or_only_what_can_no_longer_be_read_is_listed_all_the_same(datastore):
    old = FakeRun("ProbeFlow/1", 0, True, start=[FakeTask(TRIED, texts=Moved(), manifests=Moved())])
    datastore(old, FakeRun("ActivationFlow/1", 1, start=[]), FakeRun("DatasetFlow/1", 2))
    assert [(one.texts, one.models) for one in list_runs()] == [("", ())] * 3


def test_a_datastore_without_runs_gives_an_empty_list(datastore):
    datastore()
    assert list_runs() == ()
