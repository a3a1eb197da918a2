"""Every installed package is pinned, exactly once, and the image installs the same file."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


FILES = [
    "requirements.txt",
    "requirements-dev.txt",
    "tests/cloud/requirements.txt",
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


def test_the_gpu_image_installs_the_pins_as_another_user_than_root_and_holds_no_secret():
    image = (ROOT / "Dockerfile.gpu").read_text()
    assert "requirements.txt" in image and "USER" in image
    assert not re.search(r"HF_TOKEN|ANTHROPIC_API_KEY|AWS_|ARG .*(KEY|TOKEN)", image)
