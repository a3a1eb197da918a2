"""A study as most people would run it: models on Batch, everything else on a machine that has no torch, S3 between."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep

import pytest
from deployments import deployment

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
"""Seconds until a container must have started."""


@pytest.fixture(scope="module")
def desk(lab, tmp_path_factory):
    """The workplace on a machine where importing torch or transformers fails."""
    folder = tmp_path_factory.mktemp("no-torch")
    (folder / "sitecustomize.py").write_text(WITHOUT_TORCH)
    return lab.workplace.with_environment(PYTHONPATH=f"{folder}:{lab.workplace.environment['PYTHONPATH']}")


@pytest.fixture(scope="module")
def study(lab, desk, tmp_path_factory):
    """A chain whose model steps alone run on Batch, and whose first generation is killed half-way."""
    deploy = deployment(tmp_path_factory.mktemp("deploy"), "aws-batch", retries=1)
    started = len(lab.containers)
    dataset, _ = desk.run("dataset", "--source", "organism", "--folds", "2")
    model = ("--models", "untrained", "--points", "3", "--pools", "mean")
    activations, _ = desk.run("activation", "--dataset", dataset, *model, deploy=deploy)
    probes, _ = desk.run("probe", "--activations", activations, "--permutations", "20", "--dictionaries", "0")
    few = ("--prompts", "8", "--random-directions", "1", "--max-new-tokens", "16", "--strengths", "0.3")
    with ThreadPoolExecutor() as pool:
        asked = ("--probes", probes, "--point", "3", *few)
        validation = pool.submit(desk.run, "validation", *asked, deploy=deploy)
        _kill_when_the_model_is_loaded(lab, validation)
    return validation.result()[0], lab.containers[started:]


def _kill_when_the_model_is_loaded(lab, run) -> None:
    deadline = monotonic() + PATIENCE
    while not any(one.step == "generate" and "Loading weights" in one.log for one in lab.containers):
        assert monotonic() < deadline and not run.done(), run.result()
        sleep(0.05)
    next(one for one in lab.containers if one.step == "generate").kill()


def test_only_the_steps_that_load_a_model_ran_on_batch_and_the_killed_one_ran_again(study):
    _, containers = study
    ran = [(one.step, one.exit_code) for one in containers]
    assert ran == [("extract", 0), ("prepare", 0), ("generate", 137), ("generate", 0)]


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
