import os

import pytest
import torch

from empathy_core.models import threads


@pytest.fixture
def quota(tmp_path, monkeypatch):
    """Writes a container's quota where the kernel would; the process itself may use eight cores."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setattr(threads, "CGROUP_QUOTA", tmp_path / "cpu.max")
    return (tmp_path / "cpu.max").write_text


@pytest.mark.parametrize(
    "written, cores", [("200000 100000\n", 2), ("150000 100000", 2), ("max 100000", 8), ("1600000 100000", 8)]
)
def test_a_quota_counts_in_whole_cores_and_never_above_the_affinity(quota, written, cores):
    quota(written)
    assert threads.available_cores() == cores


def test_without_a_container_the_affinity_decides(quota):
    assert threads.available_cores() == 8


def limited(monkeypatch, threads_of_torch):
    """The thread count that torch is set to, or None."""
    chosen = []
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads_of_torch)
    monkeypatch.setattr(torch, "set_num_threads", chosen.append)
    threads.limit_threads()
    return chosen


@pytest.mark.parametrize("threads_of_torch, chosen", [(64, 2), (1, 1)])
def test_torch_uses_no_more_threads_than_there_are_cores(quota, monkeypatch, threads_of_torch, chosen):
    quota("200000 100000")
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert limited(monkeypatch, threads_of_torch) == [chosen]


def test_a_thread_count_the_user_set_is_left_alone(quota, monkeypatch):
    quota("200000 100000")
    monkeypatch.setenv("OMP_NUM_THREADS", "6")
    assert limited(monkeypatch, 6) == []
