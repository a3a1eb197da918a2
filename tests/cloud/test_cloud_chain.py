"""All four flows with every step on Batch, and on Kubernetes, with everything they share on S3."""

import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from chains import SMALL, Chain, run_chain
from containers import Container
from deployments import IMAGE, deployment
from lab import Lab
from workplace import ROOT, Workplace

CARDS = """
import sys
from metaflow import Run, namespace
from metaflow.cards import get_cards
from metaflow.plugins.cards.exception import CardNotPresentException
namespace(None)
for step in (step for name in sys.argv[1:] for step in Run(name)):
    try:
        [card] = get_cards(step.task)
        print(step.id, len(card.get()))
    except CardNotPresentException:
        continue
"""
FLOWS = "".join(path.read_text() for path in sorted((ROOT / "flows").glob("*.py")))
MODEL_STEPS = set(re.findall(r"@model_step\n(?:    @.*\n)*    def (\w+)", FLOWS))


@pytest.fixture(scope="module")
def local(tmp_path_factory) -> Workplace:
    """A workplace with Metaflow's own local datastore."""
    return Workplace(tmp_path_factory.mktemp("local"))


@pytest.fixture(scope="module")
def chains(lab, local, tmp_path_factory) -> dict[str, Chain]:
    """The same chain on the local datastore, on Batch and on Kubernetes, two at a time."""
    folder = tmp_path_factory.mktemp("deploy")
    batch = deployment(folder, "aws-batch", options={"image": IMAGE, "queue": "gpu-queue"})
    kubernetes = deployment(folder, "kubernetes", options={"image": IMAGE, "node_selector": {"gpu": "small"}})
    with ThreadPoolExecutor(2) as pool:
        started = {
            "local": pool.submit(run_chain, local, SMALL),
            "batch": pool.submit(run_chain, lab.workplace, SMALL, "--with", "batch", deploy=batch),
            "kubernetes": pool.submit(run_chain, lab.workplace, SMALL, "--with", "kubernetes", deploy=kubernetes),
        }
        return {place: chain.result() for place, chain in started.items()}


@pytest.mark.parametrize("place", ["batch", "kubernetes"])
def test_a_chain_in_the_cloud_gives_the_numbers_of_a_local_run_to_the_last_digit(chains, place):
    assert len(chains["local"].numbers) > 100
    assert chains[place].comparable == chains["local"].comparable


@pytest.mark.parametrize("place", ["batch", "kubernetes"])
def test_every_step_that_a_local_run_has_ran_in_a_container(lab, local, chains, place):
    for here, there in zip(chains["local"].runs, chains[place].runs, strict=True):
        folders = (local.folder / ".metaflow" / here).iterdir()
        steps = {folder.name for folder in folders if folder.name not in ("_parameters", "_meta")}
        assert {one.step for one in lab.containers_of(there)} == steps
        assert all(one.exit_code == 0 for one in lab.containers_of(there))


def test_on_batch_steps_that_load_a_model_get_what_the_deployment_file_asks_and_all_others_little(lab, chains):
    shipped = json.loads((ROOT / "flows" / "deploy" / "aws-batch.json").read_text())
    for one in containers_of(lab, chains["batch"]):
        asked = one.definition["resourceRequirements"]
        if one.step in MODEL_STEPS:
            assert one.definition["image"] == IMAGE and one.definition["queue"] == "gpu-queue"
            assert (int(asked["GPU"]), int(asked["VCPU"])) == (shipped["gpu"], shipped["cpu"])
            assert int(asked["MEMORY"]) == shipped["memory_mb"]
            assert int(one.definition["linuxParameters"]["sharedMemorySize"]) == shipped["shared_memory_mb"]
        else:
            assert one.definition["image"] != IMAGE and one.definition["queue"] == "cpu-queue"
            assert asked == {"VCPU": "1", "MEMORY": "4096"}


def test_on_kubernetes_steps_that_load_a_model_get_what_the_deployment_file_asks_and_all_others_little(lab, chains):
    shipped = json.loads((ROOT / "flows" / "deploy" / "kubernetes.json").read_text())
    for one in containers_of(lab, chains["kubernetes"]):
        pod = one.definition["spec"]["template"]["spec"]
        [container] = pod["containers"]
        asked, limits = container["resources"]["requests"], container["resources"]["limits"]
        if one.step in MODEL_STEPS:
            assert container["image"] == IMAGE and pod["nodeSelector"] == {"gpu": "small"}
            assert int(limits["nvidia.com/gpu"]) == shipped["gpu"] and float(asked["cpu"]) == shipped["cpu"]
            assert megabytes(asked["memory"]) == shipped["memory_mb"]
            assert megabytes(asked["ephemeral-storage"]) == shipped["disk_mb"]
            assert pod["volumes"][0]["emptyDir"]["sizeLimit"] == f"{shipped['shared_memory_mb']}Mi"
        else:
            assert container["image"] != IMAGE and "nvidia.com/gpu" not in limits
            assert float(asked["cpu"]) == 1 and megabytes(asked["memory"]) == 4096


def megabytes(quantity: str) -> float:
    """Metaflow writes whole numbers as fractions."""
    assert quantity.endswith("M")
    return float(quantity.removesuffix("M"))


def containers_of(lab: Lab, chain: Chain) -> list[Container]:
    """Those of all four runs."""
    found = [one for run in chain.runs for one in lab.containers_of(run)]
    assert {one.step for one in found} > MODEL_STEPS > {"extract"}
    return found


def test_activations_of_remote_steps_lie_beside_the_artifacts_on_s3(lab, chains):
    [found] = lab.workplace.artifact(chains["batch"].runs[1], "activations").values()
    assert found.folder.startswith("s3://lab-bucket/metaflow/activations/")
    assert "manifest.json" in {key.rsplit("/", 1)[1] for key in lab.objects("metaflow/activations/")}


@pytest.mark.parametrize("place", ["batch", "kubernetes"])
def test_cards_of_remote_steps_can_be_read(lab, chains, place):
    done = subprocess.run(
        [lab.workplace.python, "-c", CARDS, *chains[place].runs], cwd=lab.workplace.folder,
        env=lab.workplace.environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    read = {step: int(size) for step, size in map(str.split, done.stdout.splitlines())}
    assert read.keys() >= {"collect", "measure", "extract", "probe", "control", "prepare", "generate", "judge", "join"}
    assert min(read.values()) > 10_000
