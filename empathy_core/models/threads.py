"""How many CPU threads a model may use."""

import math
import os
from pathlib import Path

import torch

CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""A container's limit, "<microseconds> <period>" or "max <period>" (Linux kernel documentation, cgroup v2)."""


def limit_threads() -> None:
    """Lets torch use no more threads than this process has cores; a set OMP_NUM_THREADS is left to decide."""
    # Torch counts the machine's cores: in a container with two of 64, its threads would fight for the two.
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(min(torch.get_num_threads(), available_cores()))


def available_cores() -> int:
    """Cores this process may run on: its affinity, or its container's quota where that is less."""
    # macOS has neither affinity nor quota.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not CGROUP_QUOTA.is_file():
        return cores
    quota, period = CGROUP_QUOTA.read_text().split()
    return cores if quota == "max" else min(cores, math.ceil(int(quota) / int(period)))
