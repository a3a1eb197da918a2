"""A dry run says its lines on this machine, and is refused where its steps would rent another."""

import pytest

from empathy_core.contracts import BadInput
from empathy_core.dry_run import announce


@pytest.mark.parametrize("deploy", [{}, {"on": "local"}])
def test_a_local_dry_run_writes_what_a_run_would_take(capsys, deploy):
    announce(["one", "two"], deploy)
    assert capsys.readouterr().out == "one\ntwo\n"


def test_a_dry_run_whose_model_steps_would_be_remote_is_refused():
    with pytest.raises(BadInput, match=r"steps on batch.*--config deploy"):
        announce(["one"], {"on": "batch"})


@pytest.mark.parametrize("place", ["aws", "kubernetes"])
def test_a_dry_run_that_itself_runs_on_a_remote_machine_is_refused(monkeypatch, place):
    monkeypatch.setenv("METAFLOW_RUNTIME_ENVIRONMENT", place)
    with pytest.raises(BadInput, match="--with batch"):
        announce(["one"], {"on": "local"})
