"""The benchmark that needs a GPU runs as it is on a CPU, with a small model, and writes what it promises."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import extraction_gpu

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def figures():
    command = [sys.executable, "benchmarks/extraction_gpu.py", "--tiny"]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)


def test_the_result_names_its_device_and_says_how_much_it_read(figures):
    assert figures["device"].startswith("cpu")
    assert figures["dtype"] == "float32"
    assert figures["texts"] == 6
    assert figures["tokens"] > 300


def test_utilisation_is_what_the_texts_need_over_what_a_matrix_product_reaches(figures):
    # Two blocks of width 64 with an MLP of 172: attention has four squares, the MLP three rectangles.
    weights = 2 * (4 * 64**2 + 3 * 64 * 172)
    without_scores = 2 * weights * figures["tokens_per_second"] / figures["gemm_flops_per_second"]
    assert without_scores < figures["utilisation"] < 1.5 * without_scores


@pytest.mark.parametrize("ratio", ["of_bare_forward", "shared_prefix_gain"])
def test_ratios_follow_from_the_speeds_at_the_default_budget(figures, ratio):
    speed = figures["tokens_per_second_by_budget"]["2048"]
    parts = {"of_bare_forward": ("hooked", "bare"), "shared_prefix_gain": ("shared", "hooked")}
    ours, theirs = parts[ratio]
    assert figures[ratio] == pytest.approx(speed[ours] / speed[theirs])


def test_without_a_gpu_the_full_run_says_what_to_do(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["extraction_gpu.py"])
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(SystemExit, match="2"):
        extraction_gpu.main()
    assert "--tiny" in capsys.readouterr().err
