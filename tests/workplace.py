"""Run flows as a user does, in a datastore of their own."""

import os
import pickle
import subprocess
import sys
from collections.abc import Mapping
from copy import copy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parent.parent


class Workplace:
    """A folder with its own Metaflow datastore, and the command line to run flows in it.

    The folder is the working directory: Metaflow keeps cards beside the nearest `.metaflow`, whatever its environment
    says of the datastore.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None, python: str = sys.executable):
        self.folder, self.python = folder, python
        (folder / ".metaflow").mkdir()
        self.environment = os.environ | {
            "METAFLOW_USER": "tester",
            "METAFLOW_DEFAULT_DATASTORE": "local",
            "METAFLOW_DEFAULT_METADATA": "local",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(ROOT),
            **(environment or {}),
        }

    def with_environment(self, **environment: str) -> "Workplace":
        """The same folder and datastore, with these variables changed."""
        other = copy(self)
        other.environment = self.environment | environment
        return other

    def command(self, flow: str, *arguments: str, deploy: Path | None = None) -> subprocess.CompletedProcess:
        """Finish `python flows/<flow>_flow.py [--config deploy <file>] <arguments>`, whatever its exit status."""
        configured = ("--config", "deploy", str(deploy)) if deploy else ()
        script = str(ROOT / "flows" / f"{flow}_flow.py")
        return subprocess.run(
            [self.python, script, "--no-pylint", *configured, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
        )

    def run(
        self, flow: str, *arguments: str, succeeds: bool = True, verb: str = "run", deploy: Path | None = None
    ) -> tuple[str, str]:
        """Run or resume a flow; returns its pathspec and everything it printed."""
        with TemporaryDirectory() as folder:
            run_id = Path(folder) / "run_id"
            options = ("--max-workers", "2", "--run-id-file", str(run_id))
            done = self.command(flow, verb, *options, *arguments, deploy=deploy)
            name = run_id.read_text().strip() if run_id.exists() else ""
        output = done.stdout + done.stderr
        assert (done.returncode == 0) == succeeds, output
        return f"{flow.capitalize()}Flow/{name}", output

    def artifact(self, pathspec: str, name: str) -> Any:
        """One artifact of a run's end step, read in a process that sees this datastore."""
        code = (
            "import pickle, sys\nfrom empathy_core.runs import artifact\n"
            f"sys.stdout.buffer.write(pickle.dumps(artifact({pathspec!r}, {name!r})))"
        )
        command = [self.python, "-c", code]
        done = subprocess.run(command, env=self.environment, cwd=self.folder, capture_output=True, check=True)
        return pickle.loads(done.stdout)
