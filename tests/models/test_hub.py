"""Fetching from the hub is the real client in a process of its own, against a hub on the loopback."""

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hub_stub import COMMIT, SIGNATURE, TOKEN, Hub, serve

from empathy_core.models.specs import resolve

FETCH = """
import json, sys
from empathy_core.contracts import BadInput, ModelSpec
from empathy_core.models import fetch
try:
    folder, revision = getattr(fetch, sys.argv[2])(ModelSpec(**json.loads(sys.argv[1])))
    print(json.dumps({"folder": str(folder), "revision": revision}))
except BadInput as error:
    print(json.dumps({"refused": str(error)}))
"""
SPEC = resolve("some-org/some-model")
WEIGHTS = "model.safetensors"
MIB = 2**20  # the client writes ten of them at a time, and goes on after the last ten it wrote


@pytest.fixture(scope="module")
def files(tiny_llama_folder):
    return {path.name: path.read_bytes() for path in Path(tiny_llama_folder).iterdir()} | {"pytorch_model.bin": b"no"}


@pytest.fixture
def hub(files):
    with serve(Hub(SPEC.location, dict(files))) as hub:
        yield hub


@pytest.fixture
def fetch(hub, tmp_path):
    """Runs one fetch against the stub hub with an empty cache; gives what it said."""

    def run(spec=SPEC, token=None, function="fetch"):
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "HF_HOME": str(tmp_path / "hub-home"),
            "HF_ENDPOINT": hub.endpoint,
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        } | ({"HF_TOKEN": token} if token else {})
        process = subprocess.run(
            [sys.executable, "-c", FETCH, json.dumps(asdict(spec)), function],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert process.returncode == 0, process.stderr
        assert TOKEN not in process.stdout + process.stderr
        assert SIGNATURE not in process.stdout
        return json.loads(process.stdout)

    return run


def test_a_model_is_fetched_whole_and_named_by_its_commit(hub, fetch):
    found = fetch()
    assert found["revision"] == COMMIT
    folder = Path(found["folder"])
    assert folder.joinpath(WEIGHTS).read_bytes() == hub.files[WEIGHTS]
    assert not folder.joinpath("pytorch_model.bin").exists()
    fetch()
    assert len(hub.asked("/storage/")) == 1


def test_a_revision_can_be_pinned(hub, fetch):
    hub.branches = ("main", "step1000")
    assert fetch(resolve("some-org/some-model@step1000"))["revision"] == COMMIT
    assert fetch(resolve(f"some-org/some-model@{COMMIT}"))["revision"] == COMMIT
    assert len(hub.asked("/revision/step1000")) == 1


@pytest.mark.parametrize("spec", [replace(SPEC, revision="gone"), replace(SPEC, location="some-org/misspelt")])
def test_a_missing_revision_or_repository_is_refused(fetch, spec):
    assert f"{spec.location} at revision {spec.revision}" in fetch(spec)["refused"]


def test_a_gated_model_needs_the_token_which_goes_to_the_hub_alone(hub, fetch):
    hub.gated = True
    assert f"https://huggingface.co/{SPEC.location}" in fetch()["refused"]
    assert "the hub refused access" in fetch(token="hf_of_somebody_else")["refused"]
    assert not hub.asked("/storage/")
    assert fetch(token=TOKEN)["revision"] == COMMIT
    assert hub.asked("/resolve/")[-1][2]["authorization"] == f"Bearer {TOKEN}"
    assert "authorization" not in hub.asked("/storage/")[0][2]


def test_an_interrupted_download_goes_on_where_it_stopped(hub, fetch):
    hub.files[WEIGHTS] = bytes(12 * MIB)
    hub.cut_after = 11 * MIB
    folder = Path(fetch()["folder"])
    assert folder.joinpath(WEIGHTS).read_bytes() == hub.files[WEIGHTS]
    assert [request[2].get("range") for request in hub.asked("/storage/")] == [None, f"bytes={10 * MIB}-"]


def test_after_a_failure_only_the_files_that_are_missing_are_fetched(hub, fetch):
    second = hub.failing = "model-00002-of-00002.safetensors"
    hub.files[second] = hub.files[WEIGHTS] + b" "
    assert "some-org/some-model" in fetch()["refused"]
    hub.failing = ""
    hub.requests.clear()
    assert fetch()["revision"] == COMMIT
    assert [second in request[1] for request in hub.asked("/storage/")] == [True]


def test_a_plan_needs_access_and_downloads_no_weights(hub, fetch):
    hub.gated = True
    assert "the hub refused access" in fetch(token="hf_of_somebody_else", function="fetch_description")["refused"]
    found = fetch(token=TOKEN, function="fetch_description")
    assert found["revision"] == COMMIT
    assert Path(found["folder"], "config.json").exists()
    assert not hub.asked("/storage/")
    assert Path(fetch(token=TOKEN)["folder"], WEIGHTS).exists()


@pytest.mark.parametrize("name", [WEIGHTS, "config.json"])
def test_a_file_with_other_bytes_than_announced_is_refused_every_time(hub, fetch, name):
    hub.altered = name
    assert "must be the one the hub announced" in fetch()["refused"]
    assert name in fetch()["refused"]
