"""ActivationFlow as users run it: plans, killed and resumed runs, stores on S3, rows left out."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import boto3
import psutil
import pytest
from faulty_s3 import KEY, SECRET, FaultyS3

ROOT = Path(__file__).parent.parent.parent
SHARDS = ("--shard-texts", "24")


@pytest.fixture(scope="module")
def grammar_run(workplace):
    return workplace.run("dataset", "--source", "organism")[0]


@pytest.fixture(scope="module")
def warm_and_cold(workplace, tmp_path_factory):
    """A run on twelve scenarios with two replies each, of which scenario 7 has very long ones."""
    rows = [
        {"id": f"{i}-{style}", "scenario_id": f"s{i}", "context": "home", "style": style, "scenario": f"It broke {i}.",
         "response": f"{style} words for day {i} " + "on and on " * (200 if i == 7 else 1),
         "split": "test" if i > 8 else "train"}
        for i in range(12) for style in ("warm", "cold")
    ]  # fmt: skip
    path = tmp_path_factory.mktemp("texts") / "long.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return workplace.run("dataset", "--source", "file", "--path", str(path))[0]


def records(store: Path) -> dict[str, tuple[int, bytes]]:
    """Time and content of every shard's record in a store."""
    return {
        str(path.relative_to(store)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in store.glob("*/shard_*.json")
    }


def manifest(store: Path) -> dict:
    [path] = store.glob("*/manifest.json")
    return json.loads(path.read_text())


def test_a_dry_run_says_what_it_would_take_computes_nothing_and_is_no_run_to_read(workplace, grammar_run, tmp_path):
    pathspec, output = workplace.run(
        "activation", "--dataset", grammar_run, "--models", "persistent", "--dry-run", "--points", "middle",
        "--store", str(tmp_path / "store"), "--price-per-gpu-hour", "3.5",
    )  # fmt: skip
    line = next(line for line in output.splitlines() if "model persistent" in line)
    parameters = int(re.search(r"parameters ([\d,]+)", line)[1].replace(",", ""))
    assert 800_000 < parameters < 1_200_000
    assert "of 256" in line and "MiB" in line
    assert "tasks with a GPU 1" in output and "cost 0.00 at 3.50 a GPU hour" in output
    assert not (tmp_path / "store").exists() and "parity" not in output
    code = "from empathy_core.runs import resolve_run\nprint(resolve_run('ActivationFlow', 'latest'))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=workplace.folder, env=workplace.environment, capture_output=True, text=True
    )
    assert pathspec not in done.stdout


def test_a_killed_extraction_goes_on_after_its_last_whole_shard_and_ends_with_the_same_bytes(
    workplace, grammar_run, tmp_path
):
    interrupted, whole = tmp_path / "interrupted", tmp_path / "whole"
    common = ("--dataset", grammar_run, "--models", "persistent", *SHARDS)
    script = [sys.executable, str(ROOT / "flows" / "activation_flow.py"), "--no-pylint", "run"]
    run = subprocess.Popen(
        [*script, *common, "--store", str(interrupted)], cwd=workplace.folder, env=workplace.environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _kill_extraction_after(run, interrupted, shards=3)
    finished = records(interrupted)
    assert len(finished) >= 3 and not list(interrupted.glob("*/manifest.json"))
    workplace.run("activation", verb="resume")
    after = records(interrupted)
    assert {name: after[name] for name in finished} == finished  # neither computed nor written again
    workplace.run("activation", *common, "--store", str(whole))
    assert len(records(whole)) == len(after) > len(finished)
    assert manifest(interrupted)["objects"] == manifest(whole)["objects"]


def _kill_extraction_after(run: subprocess.Popen, store: Path, shards: int) -> None:
    """SIGKILL every process of the run as soon as the store holds this many whole shards."""
    deadline = time.monotonic() + 60
    while len(list(store.glob("*/shard_*.json"))) < shards:
        assert time.monotonic() < deadline and run.poll() is None
        time.sleep(0.002)
    family = [*psutil.Process(run.pid).children(recursive=True), psutil.Process(run.pid)]
    for process in family:
        try:
            os.kill(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    run.wait()


def test_a_second_run_finds_the_first_one_s_activations_on_s3_and_probes_read_them(workplace, warm_and_cold):
    with FaultyS3().running() as server:
        credentials = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET, "region_name": "us-east-1"}
        boto3.client("s3", endpoint_url=server.url, **credentials).create_bucket(Bucket="lab")
        workplace.environment |= {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_S3": server.url,
            "NO_PROXY": "127.0.0.1",
        }
        options = ("--dataset", warm_and_cold, "--models", "untrained", "--drop-too-long")
        options += ("--store", "s3://lab/activations")
        first, _ = workplace.run("activation", *options)
        written = [path for method, path in server.requests if method == "PUT"]
        second, output = workplace.run("activation", *options)
        assert [path for method, path in server.requests if method == "PUT"] == written
        assert workplace.artifact(second, "activations") == workplace.artifact(first, "activations")
        probes, _ = workplace.run("probe", "--activations", second, "--permutations", "20", "--dictionaries", "0")
        estimates = workplace.artifact(probes, "estimates")
        assert any("read/warm-cold" in one.name for one in estimates) and all(one.n <= 11 for one in estimates)
        assert SECRET not in output


def test_rows_that_do_not_fit_are_refused_or_left_out_by_name(workplace, warm_and_cold, tmp_path):
    options = ("--dataset", warm_and_cold, "--models", "untrained", "--store", str(tmp_path / "store"))
    _, output = workplace.run("activation", *options, succeeds=False)
    assert "7-warm" in output and "256 tokens" in output
    kept, _ = workplace.run("activation", *options, "--drop-too-long")
    activations = workplace.artifact(kept, "activations")["untrained"]
    assert len(activations.text_ids) == 22
    assert any("7-warm" in note and "7-cold" in note for note in activations.notes)
