"""A study as most people would run it: models on Batch, everything else on a machine that has no torch, S3 between.

What takes long in it is killed once: a dictionary's training, the generation of replies, and their judging.
"""

import subprocess
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psutil
import pytest
from containers import Container
from deployments import deployment
from faulty_proxy import Fault, faulty_proxy, late, stalled

WITHOUT_TORCH = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "transformers", "transformer_lens"):
            raise ImportError(f"{name} is not on this machine")
sys.meta_path.insert(0, Absent())
"""
REPORT = """
import sys
from pathlib import Path
from empathy_core.cards.page import write_report
from empathy_core.runs import artifact
try:
    import torch
except ImportError:
    write_report(Path(sys.argv[2]), artifact(sys.argv[1], "numbers"), artifact(sys.argv[1], "verdicts"), [])
else:
    sys.exit("torch can be imported here")
"""
PATIENCE = 300.0
"""Seconds until something that is waited for must have happened."""
BEGUN = 1.0
"""CPU seconds after which a judging process has begun, and long before which it cannot have ended."""
CHECKPOINT = ("PUT", "/checkpoint.safetensors")


@pytest.fixture(scope="module")
def desk(lab, tmp_path_factory):
    """The workplace on a machine where importing torch or transformers fails."""
    folder = tmp_path_factory.mktemp("no-torch")
    (folder / "sitecustomize.py").write_text(WITHOUT_TORCH)
    return lab.workplace.with_environment(PYTHONPATH=f"{folder}:{lab.workplace.environment['PYTHONPATH']}")


@pytest.fixture(scope="module")
def proxy(lab):
    """Stands between the jobs' store and S3: a dictionary's second checkpoint is never answered."""
    with faulty_proxy(lab.s3_url) as proxy, pytest.MonkeyPatch.context() as patch:
        patch.setattr(lab.machines, "image", {**lab.machines.image, "AWS_ENDPOINT_URL_S3": proxy.url})
        counted, lost = Fault(*CHECKPOINT, late(0)), Fault(*CHECKPOINT, stalled(PATIENCE))
        proxy.faults += [counted, lost, Fault(*CHECKPOINT, late(0), left=99)]
        yield proxy


@pytest.fixture(scope="module")
def study(lab, desk, proxy, tmp_path_factory):
    """A chain whose model steps alone run on Batch."""
    deploy = deployment(tmp_path_factory.mktemp("deploy"), "aws-batch", retries=1)
    started = len(lab.containers)
    dataset, _ = desk.run("dataset", "--source", "organism", "--folds", "2")
    model = ("--models", "untrained", "--points", "3", "--pools", "mean")
    activations, _ = desk.run("activation", "--dataset", dataset, *model, deploy=deploy)
    read = ("--activations", activations, "--permutations", "20", "--dictionaries", "1")
    few = ("--prompts", "8", "--random-directions", "1", "--max-new-tokens", "16", "--strengths", "0.3")
    with ThreadPoolExecutor() as pool:
        probing = pool.submit(desk.run, "probe", *read, deploy=deploy)
        wait_for(lambda: len(proxy.met) == 2, probing)
        first(lab.containers[started:], "dictionary").kill()
        asked = ("--probes", probing.result()[0], "--point", "3", *few)
        validation = pool.submit(desk.run, "validation", *asked, deploy=deploy, succeeds=False)
        wait_for(lambda: "Loading weights" in first(lab.containers[started:], "generate").log, validation)
        first(lab.containers[started:], "generate").kill()
        wait_for(judging, validation).kill()
    broken, _ = validation.result()
    resumed, _ = desk.run("validation", "--origin-run-id", broken.split("/")[1], verb="resume")
    return resumed, lab.containers[started:]


def wait_for(happened: Callable[[], Any], run: Future) -> Any:
    """What `happened` gives, once that is something; fails if the run ends before."""
    deadline = monotonic() + PATIENCE
    while not (found := happened()):
        assert monotonic() < deadline and not run.done(), run.result()
        sleep(0.05)
    return found


def first(containers: list[Container], step: str) -> Container:
    """The first container of a step; before there is one, a container that has done nothing."""
    return next((one for one in containers if one.step == step), Container("", {}, Path("nowhere")))


def judging() -> psutil.Process | None:
    """The task on this machine that judges, once it has begun."""
    for process in psutil.Process().children(recursive=True):
        try:
            if "step judge" in " ".join(process.cmdline()) and process.cpu_times().user > BEGUN:
                return process
        except psutil.NoSuchProcess:
            continue
    return None


def test_only_the_steps_that_load_a_model_ran_on_batch_and_the_killed_ones_ran_again(study):
    _, containers = study
    ran = [(one.step, one.exit_code) for one in containers]
    trained, generated = [("dictionary", 137), ("dictionary", 0)], [("generate", 137), ("generate", 0)]
    assert ran == [("extract", 0), *trained, ("prepare", 0), *generated]


def test_a_killed_training_goes_on_after_its_last_checkpoint(study, proxy):
    # 300 steps make checkpoints at 100 and 200: the first, the one that was lost, and again the second.
    assert len(proxy.met) == 3


def test_a_killed_judging_is_done_again_by_resume_which_generates_nothing(lab, study):
    run, _ = study
    assert not lab.containers_of(run)


def test_probes_judge_verdicts_and_report_come_from_a_machine_without_torch(desk, study, tmp_path):
    run, _ = study
    numbers, verdicts = desk.artifact(run, "numbers"), desk.artifact(run, "verdicts")
    assert {number.run.split("/")[0] for number in numbers} == {"ProbeFlow", "ValidationFlow"}
    outcomes = {verdict.criterion: verdict.outcome for verdict in verdicts}
    assert outcomes["separation"] == "not supported"  # nothing was planted in `untrained`
    done = subprocess.run(
        [desk.python, "-c", REPORT, run, str(tmp_path)],
        cwd=desk.folder, env=desk.environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "untrained" in (tmp_path / "index.html").read_text()
