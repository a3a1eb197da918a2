"""Run flows as a user does, in a datastore of their own."""

import os
import pickle
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
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

    def start(self, flow: str, *arguments: str, **options: Any) -> subprocess.Popen:
        """Begin `python flows/<flow>_flow.py <arguments>`; `options` are those of `Popen`."""
        script = str(ROOT / "flows" / f"{flow}_flow.py")
        command = [self.python, script, "--no-pylint", *arguments]
        return subprocess.Popen(command, cwd=self.folder, env=self.environment, **options)

    def command(self, flow: str, *arguments: str) -> subprocess.CompletedProcess:
        """Finish `python flows/<flow>_flow.py <arguments>`, whatever its exit status."""
        process = self.start(flow, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        printed, complained = process.communicate()
        return subprocess.CompletedProcess(process.args, process.returncode, printed, complained)

    def run(self, flow: str, *arguments: str, succeeds: bool = True, verb: str = "run") -> tuple[str, str]:
        """Run or resume a flow; returns its pathspec and everything it printed."""
        run_id = self.folder / f"run_id_of_{flow}"
        run_id.unlink(missing_ok=True)
        done = self.command(flow, verb, "--max-workers", "2", "--run-id-file", str(run_id), *arguments)
        output = done.stdout + done.stderr
        assert (done.returncode == 0) == succeeds, output
        name = run_id.read_text().strip() if run_id.exists() else ""
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
