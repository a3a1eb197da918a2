"""What a killed container, a lost host, a second run and a failing S3 leave behind, and what takes it up."""

import re
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import psutil
import pytest
from containers import Container
from deployments import deployment
from faulty_proxy import Fault, FaultyProxy, faulty_proxy, late, refused, stalled
from few_texts import few_texts
from lab import Lab

STORE = "metaflow/activations/"
RECORD = re.compile(r".*/shard_\d+\.json")
SHARDS = ("--shard-texts", "3")
SHOWN = {"batch": "-extract-", "kubernetes": "Running"}
NOTHING = {"batch": "No running AWS Batch jobs found", "kubernetes": "No active Kubernetes pods found"}
PATIENCE = 300.0
"""Seconds until something that a test waits for must have happened."""


@pytest.fixture(scope="module")
def texts(lab, tmp_path_factory) -> str:
    """A DatasetFlow run whose steps stayed here and whose artifacts lie on S3."""
    path = few_texts(tmp_path_factory.mktemp("texts"))
    return lab.workplace.run("dataset", "--source", "file", "--path", str(path), "--folds", "2")[0]


@pytest.fixture
def background():
    """Runs functions in threads; flows that a failed test leaves under way are ended."""
    with ThreadPoolExecutor() as pool:
        yield pool.submit
        for child in psutil.Process().children():
            if any(part.endswith("_flow.py") for part in child.cmdline()):
                child.kill()


@pytest.fixture
def proxy(lab, monkeypatch):
    """Stands between the jobs' activations and S3, so that a test can stop an extraction where it wants to meet it."""
    with faulty_proxy(lab.s3_url) as proxy:
        monkeypatch.setattr(lab.machines, "image", {**lab.machines.image, "AWS_ENDPOINT_URL_S3": proxy.url})
        yield proxy


def stop_before(proxy: FaultyProxy, shard: int) -> None:
    """The next attempt to write this shard gets no answer."""
    proxy.faults.append(Fault("PUT", f"/point_000/shard_{shard:04d}", stalled(PATIENCE)))


class Extraction:
    """An ActivationFlow run under way, seen through what it starts and writes."""

    def __init__(self, lab: Lab, submit: Callable[..., Future], *arguments: str, **options):
        self.lab, self._before, self._started = lab, set(lab.objects(STORE)), len(lab.containers)
        self.run = submit(lab.workplace.run, "activation", *arguments, *SHARDS, **options)

    @property
    def containers(self) -> list[Container]:
        """Those of the step that extracts."""
        return [one for one in self.lab.containers[self._started :] if one.step == "extract"]

    def records(self) -> dict[str, tuple[str, object]]:
        """The records of whole shards that this run has written."""
        found = self.lab.objects(STORE)
        return {key: found[key] for key in found if RECORD.fullmatch(key) and key not in self._before}

    def wait_for_shards(self, number: int, of_container: int = 0) -> Container:
        """The container, once it runs and the run has written this many shards."""
        deadline = time.monotonic() + PATIENCE
        while len(self.containers) <= of_container or len(self.records()) < number:
            assert time.monotonic() < deadline and not self.run.done(), self.run.result()
            time.sleep(0.02)
        return self.containers[of_container]


def test_a_killed_remote_extraction_is_taken_up_by_its_next_attempt_after_the_last_whole_shard(
    lab, texts, background, proxy, tmp_path
):
    deploy = deployment(tmp_path, "aws-batch", retries=1)
    stop_before(proxy, shard=2)
    extraction = Extraction(lab, background, "--dataset", texts, "--models", "untrained", deploy=deploy)
    extraction.wait_for_shards(2).kill()
    written = extraction.records()
    pathspec, _ = extraction.run.result()
    assert [one.exit_code for one in extraction.containers] == [137, 0]
    after = extraction.records()
    assert len(after) == 16 and len(written) == 2
    assert {key: after[key] for key in written} == written  # neither computed nor written again
    assert set(lab.workplace.artifact(pathspec, "activations")) == {"untrained"}


def test_a_lost_host_fails_its_branch_alone_and_resume_computes_only_what_is_missing(
    lab, texts, background, proxy, tmp_path
):
    deploy = deployment(tmp_path, "aws-batch", retries=0)
    one_by_one = ("--max-workers", "1", "--pools", "last")
    arguments = ("--dataset", texts, "--models", "untrained,persistent", *one_by_one)
    lost = Extraction(lab, background, *arguments, deploy=deploy, succeeds=False)
    lost.wait_for_shards(16, of_container=1)
    stop_before(proxy, shard=2)
    lost.wait_for_shards(18, of_container=1).lose_host()
    run, output = lost.run.result()
    assert [one.exit_code for one in lost.containers] == [0, None]
    # Metaflow would say why, but with local metadata its search for what the task has left fails first.
    assert "Step extract (task-id" in output and "Workflow failed" in output
    written = lost.records()
    origin = ("--origin-run-id", run.split("/")[1])
    started = len(lab.containers)
    # Without `--config`: a resumed run keeps the deployment of its origin.
    resumed, _ = lab.workplace.run("activation", "--max-workers", "1", *origin, verb="resume")
    assert len(lab.containers) - started == 1
    after = lost.records()
    assert len(after) == 32 and {key: after[key] for key in written} == written
    assert set(lab.workplace.artifact(resumed, "activations")) == {"untrained", "persistent"}


def test_two_runs_that_write_the_same_key_at_once_end_with_one_whole_set(lab, texts, background):
    arguments = ("--dataset", texts, "--models", "untrained", "--stored", "float16")
    both = [Extraction(lab, background, *arguments) for _ in range(2)]
    first, second = (lab.workplace.artifact(one.run.result()[0], "activations")["untrained"] for one in both)
    assert replace(first, tokens_per_second=second.tokens_per_second) == second
    assert len(both[0].records()) == 16
    store = first.folder.removesuffix(f"/{first.key}")
    done = subprocess.run(
        [lab.workplace.python, "-m", "empathy_core.activations", "verify", store],
        env=lab.workplace.environment, cwd=lab.workplace.folder, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    [line] = [line for line in done.stdout.splitlines() if line.startswith(first.key)]
    assert "every hash as it was written" in line


def test_a_run_gets_through_an_s3_that_is_slow_and_refuses_now_and_then(lab, texts):
    arguments = ("--dataset", texts, "--models", "untrained", "--pools", "mean", *SHARDS)
    with faulty_proxy(lab.s3_url) as proxy:
        proxy.faults += [
            Fault("PUT", "/activations/", refused(503, "SlowDown"), left=2),
            Fault("PUT", "/activations/", late(1.0), left=2),
            Fault("PUT", "/activations/", refused(500, "InternalError"), left=1),
            Fault("GET", "/activations/", refused(503, "SlowDown"), left=1),
            Fault("PUT", "/ActivationFlow/", refused(503, "SlowDown"), left=1),
            Fault("GET", "/ActivationFlow/", late(1.0), left=1),
        ]
        workplace = lab.workplace.with_environment(AWS_ENDPOINT_URL_S3=proxy.url, METAFLOW_S3_ENDPOINT_URL=proxy.url)
        pathspec, _ = workplace.run("activation", *arguments)
        assert len(proxy.met) == 8
    [activations] = lab.workplace.artifact(pathspec, "activations").values()
    assert len(activations.text_ids) == 48


def test_a_denied_store_stops_the_run_with_one_paragraph_and_what_was_whole_is_kept(lab, texts, background):
    arguments = ("--dataset", texts, "--models", "untrained", "--pools", "last,mean")
    with faulty_proxy(lab.s3_url) as proxy:
        proxy.faults.append(Fault("PUT", "/point_004/shard_0005", refused(403, "AccessDenied"), left=1))
        workplace = lab.workplace.with_environment(AWS_ENDPOINT_URL_S3=proxy.url)
        before = set(lab.objects(STORE))
        run, output = workplace.run("activation", *arguments, *SHARDS, succeeds=False)
        assert "AccessDenied" in output and "What to do" in output and lab.s3_secret not in output
        written = {key: facts for key, facts in lab.objects(STORE).items() if key not in before}
        records = {key: facts for key, facts in written.items() if RECORD.fullmatch(key)}
        assert len(records) == 5 and not any(key.endswith("manifest.json") for key in written)
        resumed, _ = workplace.run("activation", "--origin-run-id", run.split("/")[1], verb="resume")
    after = lab.objects(STORE)
    assert {key: after[key] for key in records} == records
    assert set(lab.workplace.artifact(resumed, "activations")) == {"untrained"}


@pytest.mark.parametrize("place, pools", [("batch", "quarter_1"), ("kubernetes", "quarter_2")])
def test_what_runs_remotely_can_be_listed_and_killed(lab, texts, background, proxy, tmp_path, place, pools):
    stop_before(proxy, shard=1)
    deploy = deployment(tmp_path, {"batch": "aws-batch"}.get(place, place), retries=0)
    arguments = ("--dataset", texts, "--models", "untrained", "--pools", pools)
    extraction = Extraction(lab, background, *arguments, deploy=deploy, succeeds=False)
    container = extraction.wait_for_shards(1)
    assert SHOWN[place] in said(lab, place, "list")
    assert "Killing" in said(lab, place, "kill")
    extraction.run.result()
    assert container.exit_code == 137
    assert NOTHING[place] in said(lab, place, "list")


def said(lab: Lab, place: str, verb: str) -> str:
    """What Metaflow's own command for remote tasks prints."""
    done = lab.workplace.command("activation", place, verb)
    return done.stdout + done.stderr
