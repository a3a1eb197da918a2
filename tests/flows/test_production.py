"""What production schedulers get: every flow compiles, and its steps ask for what the deployment files say."""

import json

import compiled
import pytest
from faulty_s3 import SECRET


@pytest.fixture(scope="module")
def production(tmp_path_factory):
    folder = tmp_path_factory.mktemp("production")
    (folder / ".metaflow").mkdir()
    return compiled.compile_all(folder)


@pytest.mark.parametrize("scheduler", compiled.DEPLOYED)
def test_every_flow_compiles_to_the_steps_images_resources_and_retries_that_are_stored(production, scheduler):
    assert json.loads(compiled.stored(scheduler).read_text()) == production[0][scheduler]


def test_on_argo_each_flow_starts_after_the_one_before_it_in_the_project(production):
    after = {flow: found["after"] for flow, found in production[0]["argo-workflows"].items()}
    assert after == {
        "dataset": [],
        "activation": ["metaflow.empathy.user.tester.DatasetFlow.end"],
        "probe": ["metaflow.empathy.user.tester.ActivationFlow.end"],
        "validation": ["metaflow.empathy.user.tester.ProbeFlow.end"],
    }


@pytest.mark.parametrize("scheduler", compiled.DEPLOYED)
def test_steps_that_load_a_model_get_the_gpu_and_the_retries_of_the_deployment_file_and_others_none(
    production, scheduler
):
    deploy = json.loads(compiled.DEPLOYED[scheduler][1].read_text())
    steps = {name: step for found in production[0][scheduler].values() for name, step in found["steps"].items()}
    for name in ("extract", "prepare", "generate"):
        assert (steps[name]["gpu"], steps[name]["retries"]) == (deploy["gpu"], deploy["retries"])
    assert steps["start"]["gpu"] == steps["measure"]["gpu"] == steps["join"]["gpu"] == 0


def test_no_credential_stands_in_what_the_schedulers_get(production):
    assert SECRET not in production[1]
