"""Every installed package is pinned, exactly once."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


FILES = [
    "requirements.txt",
    "requirements-dev.txt",
    "tests/cloud/requirements-swift.txt",
]


@pytest.mark.parametrize("name", FILES)
def test_every_requirement_is_an_exact_pin_and_stands_once(name):
    lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith(("#", "-r"))]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
    names = [line.split("==")[0].lower().replace("_", "-") for line in lines]
    assert len(names) == len(set(names))


def test_torch_stands_first_so_that_a_cpu_wheel_is_taken_where_one_is_offered():
    first = next(line for line in (ROOT / "requirements.txt").read_text().splitlines() if not line.startswith("#"))
    assert first == "torch==2.13.0"
