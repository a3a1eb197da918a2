"""All four flows with every step on Batch, and on Kubernetes, with everything they share on S3."""

import json
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from deployments import IMAGE, deployment
from lab import Lab
from workplace import ROOT, Workplace

from empathy_core.contracts import Estimate

STEPS = {
    "DatasetFlow": ["start", "collect", "measure", "end"],
    "ActivationFlow": ["start", "launch", "extract", "join", "end"],
    "ProbeFlow": ["start", "probe", "control", "direct", "join", "end"],
    "ValidationFlow": ["start", "prepare", "generate", "judge", "join", "end"],
}
ALL_STEPS = [step for steps in STEPS.values() for step in steps]
MODEL_STEPS = {"extract", "prepare", "generate"}


@dataclass(frozen=True)
class Chain:
    """The pathspecs of one run of all four flows, and the numbers at their end."""

    runs: tuple[str, str, str, str]
    numbers: tuple[Estimate, ...]

    @property
    def comparable(self) -> list[Estimate]:
        """The numbers without the name of the task that computed them."""
        return [replace(number, run="") for number in self.numbers]


def run_chain(workplace: Workplace, *everywhere: str, deploy: Path | None = None) -> Chain:
    """A small study of one organism: one residual point, few permutations, few and short replies."""
    dataset, _ = workplace.run("dataset", *everywhere, "--source", "organism", "--folds", "2")
    model = ("--models", "persistent", "--points", "3", "--pools", "mean")
    activations, _ = workplace.run("activation", *everywhere, "--dataset", dataset, *model, deploy=deploy)
    probes, _ = workplace.run("probe", *everywhere, "--activations", activations, "--permutations", "20")
    replies = ("--prompts", "8", "--random-directions", "1", "--max-new-tokens", "16", "--strengths", "0.3")
    validation, _ = workplace.run(
        "validation", *everywhere, "--probes", probes, "--point", "3", *replies, deploy=deploy
    )
    numbers = workplace.artifact(validation, "numbers")
    return Chain((dataset, activations, probes, validation), tuple(numbers))


@pytest.fixture(scope="module")
def chains(lab: Lab, tmp_path_factory) -> dict[str, Chain]:
    """The same chain on the local datastore, on Batch and on Kubernetes, two at a time."""
    folder = tmp_path_factory.mktemp("deploy")
    batch = deployment(folder, "aws-batch", options={"image": IMAGE, "queue": "gpu-queue"})
    kubernetes = deployment(folder, "kubernetes", options={"image": IMAGE, "node_selector": {"gpu": "small"}})
    local = Workplace(tmp_path_factory.mktemp("local"))
    with ThreadPoolExecutor(2) as pool:
        started = {
            "local": pool.submit(run_chain, local),
            "batch": pool.submit(run_chain, lab.workplace, "--with", "batch", deploy=batch),
            "kubernetes": pool.submit(run_chain, lab.workplace, "--with", "kubernetes", deploy=kubernetes),
        }
        return {place: chain.result() for place, chain in started.items()}


@pytest.mark.parametrize("place", ["batch", "kubernetes"])
def test_a_chain_in_the_cloud_gives_the_numbers_of_a_local_run_to_the_last_digit(chains, place):
    assert len(chains["local"].numbers) > 100
    assert chains[place].comparable == chains["local"].comparable


def test_every_step_of_every_flow_ran_in_a_container_on_both(lab, chains):
    on_kubernetes = Counter(one.name for one in lab.containers if one.name in ALL_STEPS)
    assert on_kubernetes == Counter(ALL_STEPS)
    for run in chains["batch"].runs:
        flow, number = run.split("/")
        steps = [one.name.split("-")[3] for one in lab.containers if f"{flow}-{number}-" in one.name]
        assert sorted(steps) == sorted(STEPS[flow])


def test_on_batch_steps_that_load_a_model_get_what_the_deployment_file_asks_and_all_others_little(lab, chains):
    shipped = json.loads((ROOT / "flows" / "deploy" / "aws-batch.json").read_text())
    for run in chains["batch"].runs:
        for one in (one for one in lab.containers if run.replace("/", "-") in one.name):
            asked = one.definition["resourceRequirements"]
            if one.name.split("-")[3] in MODEL_STEPS:
                assert one.definition["image"] == IMAGE and one.definition["queue"] == "gpu-queue"
                assert (int(asked["GPU"]), int(asked["VCPU"])) == (shipped["gpu"], shipped["cpu"])
                assert int(asked["MEMORY"]) == shipped["memory_mb"]
                assert int(one.definition["linuxParameters"]["sharedMemorySize"]) == shipped["shared_memory_mb"]
            else:
                assert one.definition["image"] != IMAGE and one.definition["queue"] == "cpu-queue"
                assert asked == {"VCPU": "1", "MEMORY": "4096"}


def test_on_kubernetes_steps_that_load_a_model_get_what_the_deployment_file_asks_and_all_others_little(lab, chains):
    shipped = json.loads((ROOT / "flows" / "deploy" / "kubernetes.json").read_text())
    pods = [one for one in lab.containers if one.name in ALL_STEPS]
    for one in pods:
        pod = one.definition["spec"]["template"]["spec"]
        [container] = pod["containers"]
        asked, limits = container["resources"]["requests"], container["resources"]["limits"]
        if one.name in MODEL_STEPS:
            assert container["image"] == IMAGE and pod["nodeSelector"] == {"gpu": "small"}
            assert int(limits["nvidia.com/gpu"]) == shipped["gpu"] and float(asked["cpu"]) == shipped["cpu"]
            assert asked["memory"] == f"{shipped['memory_mb']}M"
            assert asked["ephemeral-storage"] == f"{shipped['disk_mb']}M"
            assert pod["volumes"][0]["emptyDir"]["sizeLimit"] == f"{shipped['shared_memory_mb']}Mi"
        else:
            assert container["image"] != IMAGE and "nvidia.com/gpu" not in limits
            assert float(asked["cpu"]) == 1 and asked["memory"] == "4096M"


def test_activations_of_remote_steps_lie_beside_the_artifacts_on_s3(lab, chains):
    [found] = lab.workplace.artifact(chains["batch"].runs[1], "activations").values()
    assert found.folder.startswith("s3://lab-bucket/metaflow/activations/")
    assert "manifest.json" in {key.rsplit("/", 1)[1] for key in lab.objects("metaflow/activations/")}


@pytest.mark.parametrize("place", ["batch", "kubernetes"])
def test_cards_of_remote_steps_can_be_read(lab, chains, place):
    code = (
        "import sys\nfrom metaflow import Run, namespace\nfrom metaflow.cards import get_cards\nnamespace(None)\n"
        "for name in sys.argv[1:]:\n    for step in Run(name):\n        for card in get_cards(step.task, timeout=0):\n"
        "            print(step.pathspec, len(card.get()))"
    )
    done = subprocess.run(
        [lab.workplace.python, "-c", code, *chains[place].runs], cwd=lab.workplace.folder,
        env=lab.workplace.environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    read = {line.split(" ")[0].split("/")[2]: int(line.split(" ")[1]) for line in done.stdout.splitlines()}
    assert read.keys() >= {"collect", "measure", "extract", "probe", "control", "prepare", "generate", "judge", "join"}
    assert min(read.values()) > 10_000
