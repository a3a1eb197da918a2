"""Run flows as a user does, each test session in a datastore of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


class Workplace:
    """A folder with its own Metaflow datastore, and the command line to run flows in it.

    The folder is the working directory: Metaflow keeps cards beside the nearest `.metaflow`, whatever its environment
    says of the datastore.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        (folder / ".metaflow").mkdir()
        self.environment = os.environ | {
            "METAFLOW_USER": "tester",
            "METAFLOW_DEFAULT_DATASTORE": "local",
            "METAFLOW_DEFAULT_METADATA": "local",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(ROOT),
        }

    def command(self, flow: str, *arguments: str) -> subprocess.CompletedProcess:
        """Finish `python flows/<flow>_flow.py <arguments>`, whatever its exit status."""
        script = str(ROOT / "flows" / f"{flow}_flow.py")
        return subprocess.run(
            [sys.executable, script, "--no-pylint", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
        )

    def run(self, flow: str, *arguments: str, succeeds: bool = True, verb: str = "run") -> tuple[str, str]:
        """Run or resume a flow; returns its pathspec and everything it printed."""
        run_id = self.folder / "run_id"
        run_id.unlink(missing_ok=True)
        done = self.command(flow, verb, "--max-workers", "2", "--run-id-file", str(run_id), *arguments)
        output = done.stdout + done.stderr
        assert (done.returncode == 0) == succeeds, output
        name = run_id.read_text().strip() if run_id.exists() else ""
        return f"{flow.capitalize()}Flow/{name}", output

    def artifact(self, pathspec: str, name: str):
        """One artifact of a run's end step, read in a process that sees this datastore."""
        import pickle

        code = (
            "import pickle, sys\nfrom empathy_core.runs import artifact\n"
            f"sys.stdout.buffer.write(pickle.dumps(artifact({pathspec!r}, {name!r})))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], env=self.environment, cwd=self.folder, capture_output=True, check=True
        )
        return pickle.loads(done.stdout)


@pytest.fixture(scope="session")
def workplace(tmp_path_factory) -> Workplace:
    return Workplace(tmp_path_factory.mktemp("metaflow"))
