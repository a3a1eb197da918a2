"""One lab for all tests of a process: starting it takes seconds, and runs in it do not see each other's data."""

import subprocess
from collections.abc import Iterator

import pytest
from lab import PYTHON, TOOLS, Lab, running_lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory) -> Iterator[Lab]:
    assert PYTHON.exists(), f"{TOOLS} is made by `make test-cloud`"
    # Jobs get the library from Metaflow: a python that has it already would hide what is not shipped.
    found = subprocess.run([PYTHON / "python", "-I", "-c", "import empathy_core"], capture_output=True, text=True)
    assert "ModuleNotFoundError" in found.stderr
    with running_lab(tmp_path_factory.mktemp("lab")) as running:
        yield running
