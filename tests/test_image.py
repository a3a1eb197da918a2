"""The image of remote steps: the project's pins, nothing installed at a job's start, and no secret."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "Dockerfile.gpu").read_text()
INSTRUCTIONS = [
    line.split(maxsplit=1)
    for line in re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", TEXT, flags=re.MULTILINE)).splitlines()
    if line
]


def of(name):
    return [rest for instruction, rest in INSTRUCTIONS if instruction == name]


def test_what_is_installed_is_exactly_the_pinned_requirements():
    assert of("COPY") == ["requirements.txt /opt/requirements.txt"]
    (installs,) = [run for run in of("RUN") if "pip install" in run]
    assert installs == "pip install --no-cache-dir --requirement /opt/requirements.txt"


def test_the_base_is_one_named_version():
    (base,) = of("FROM")
    assert re.fullmatch(r"[\w./-]+:[\w.-]+(@sha256:[0-9a-f]{64})?", base) and not base.endswith(":latest")


def test_a_job_finds_python_and_what_metaflow_would_otherwise_install():
    environment = " ".join(of("ENV"))
    assert "PATH=/opt/venv/bin:$PATH" in environment and "python3.11 -m venv /opt/venv" in of("RUN")[0]
    assert "METAFLOW_SKIP_INSTALL_DEPENDENCIES=1" in environment
    pinned = {line.split("==")[0] for line in (ROOT / "requirements.txt").read_text().splitlines()}
    assert {"metaflow", "boto3", "requests"} <= pinned


def test_the_image_ends_as_a_user_that_is_not_root():
    instruction, user = INSTRUCTIONS[-1]
    assert instruction == "USER" and user not in ("root", "0")


@pytest.mark.parametrize("name", ["ADD", "ARG"])
def test_nothing_is_added_from_elsewhere_and_no_argument_is_left_in_the_history(name):
    assert of(name) == []


def test_no_variable_holds_a_secret():
    assert not re.search(r"SECRET|TOKEN|KEY|PASSWORD|AWS_", " ".join([*of("ENV"), *of("LABEL")]))


def test_packages_of_the_system_leave_no_lists_behind_and_come_without_recommendations():
    for run in of("RUN"):
        if "apt-get install" in run:
            assert "apt-get update" in run and "--no-install-recommends" in run and "rm -rf /var/lib/apt/lists/*" in run
            assert "upgrade" not in run


def test_the_build_sees_the_requirements_and_no_other_file():
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert rules == ["*", "!requirements.txt"]
