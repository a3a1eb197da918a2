"""Where flows run and keep things: deployment files, stores beside the datastore, paid answers."""

import json
from pathlib import Path

import pytest
from metaflow.plugins.datastores.local_storage import LocalStorage

from empathy_core import runs
from empathy_core.contracts import BadInput
from empathy_core.deployment import Deployment, read_deployment

FILES = sorted((Path(__file__).parents[2] / "flows" / "deploy").glob("*.json"))
LOCAL = json.loads(next(path for path in FILES if path.stem == "local").read_text())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_deployment_file_is_read_and_names_its_own_place(path):
    found = read_deployment(json.loads(path.read_text()))
    assert isinstance(found, Deployment) and found.on in path.stem
    assert (found.gpu > 0) == (found.on != "local")


def test_files_for_large_models_ask_for_more_of_everything_than_those_for_small_ones():
    for place in ("aws-batch", "kubernetes"):
        small, large = (
            read_deployment(json.loads(next(path for path in FILES if path.stem == name).read_text()))
            for name in (place, f"{place}-70b")
        )
        for name in ("cpu", "gpu", "memory_mb", "shared_memory_mb"):
            assert getattr(large, name) > getattr(small, name)


@pytest.mark.parametrize(
    "changed, sentence",
    [
        ({"gpus": 1}, "gpus unknown"),
        ({"on": "sagemaker"}, "'sagemaker'"),
    ],
)
def test_a_deployment_file_with_a_mistyped_key_or_place_is_refused_by_name(changed, sentence):
    with pytest.raises(BadInput, match=sentence):
        read_deployment({**LOCAL, **changed})


def test_a_deployment_file_that_leaves_a_setting_out_is_refused_by_name():
    with pytest.raises(BadInput, match="gpu missing"):
        read_deployment({name: value for name, value in LOCAL.items() if name != "gpu"})


def test_activations_lie_beside_the_artifacts_of_the_datastore_in_use(monkeypatch, tmp_path):
    monkeypatch.setattr(LocalStorage, "get_datastore_root_from_config", lambda *_: str(tmp_path / ".metaflow"))
    monkeypatch.setattr(runs, "DEFAULT_DATASTORE", "local")
    assert runs.activation_store() == str(tmp_path / ".metaflow" / "activations")
    monkeypatch.setattr(runs, "DEFAULT_DATASTORE", "s3")
    monkeypatch.setattr(runs, "DATASTORE_SYSROOT_S3", "s3://bucket/metaflow/")
    assert runs.activation_store() == "s3://bucket/metaflow/activations"


@pytest.mark.parametrize("datastore", ["azure", "s3"])
def test_a_datastore_that_activations_cannot_lie_beside_asks_for_a_store(monkeypatch, datastore):
    monkeypatch.setattr(runs, "DEFAULT_DATASTORE", datastore)
    monkeypatch.setattr(runs, "DATASTORE_SYSROOT_S3", None)
    with pytest.raises(BadInput, match="--store s3://"):
        runs.activation_store()


@pytest.mark.parametrize("asked", ["anthropic", "claude", "human"])
def test_paid_answers_are_not_asked_for_by_a_machine_that_will_be_gone(monkeypatch, asked):
    monkeypatch.delenv("METAFLOW_RUNTIME_ENVIRONMENT", raising=False)
    runs.check_answers_last(asked)
    monkeypatch.setenv("METAFLOW_RUNTIME_ENVIRONMENT", "aws-batch")
    with pytest.raises(BadInput, match=f"{asked} asked from aws-batch"):
        runs.check_answers_last(asked)
    runs.check_answers_last("grammar")
    runs.check_answers_last("bundled")
