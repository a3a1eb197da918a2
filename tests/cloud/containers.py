"""Commands run as containers run them: a folder, an environment and processes of their own, of which nothing stays."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock, Semaphore
from typing import Any

SIGNALLED = 128
"""Added by a container engine to the number of the signal that ended a process."""


@dataclass
class Container:
    """One attempt at one job."""

    name: str
    """User, flow, run, step, task and attempt, with hyphens between: Metaflow's names of Batch jobs."""
    definition: Mapping[str, Any]
    """What the service was asked to run, as it received it."""
    folder: Path
    exit_code: int | None = None
    reason: str = ""
    host_lost: bool = False
    _process: subprocess.Popen | None = None

    @property
    def step(self) -> str:
        """The step that it runs."""
        return self.name.split("-")[3]

    @property
    def log(self) -> str:
        """Everything that was written to standard output and standard error."""
        path = self.folder / "container.log"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """Ends every process at once and without warning, as the kernel does when memory runs out."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def lose_host(self) -> None:
        """What a spot instance does that is taken back: processes end, and no exit code is ever known."""
        self.host_lost = True
        self.kill()

    def run(
        self, command: Sequence[str], environment: Mapping[str, str], limit: float, stopped: Callable[[], bool]
    ) -> None:
        """Runs the command until it ends, is stopped or exceeds `limit` seconds; then ends whatever it left behind."""
        (self.folder / "tmp").mkdir(parents=True)
        with (self.folder / "container.log").open("wb") as log:
            self._process = subprocess.Popen(
                command, cwd=self.folder, env={**environment, "HOME": str(self.folder), "TMPDIR": f"{self.folder}/tmp"},
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
            deadline = time.monotonic() + limit
            while self.running:
                if time.monotonic() > deadline:
                    self.reason = "the time limit"
                if self.reason or stopped():
                    self.kill()
                time.sleep(0.05)
        self.kill()
        code = self._process.wait()
        self.exit_code = None if self.host_lost else code if code >= 0 else SIGNALLED - code


@dataclass
class Machines:
    """Where containers run: what image, host and role give to each of them, and how many run at once."""

    folder: Path
    image: Mapping[str, str]
    """Environment variables of the image."""
    slots: Semaphore = field(default_factory=lambda: Semaphore(2))
    started: list[Container] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def container(self, name: str, definition: Mapping[str, Any]) -> Container:
        """A container that has not been started, in a folder of its own."""
        with self._lock:
            made = Container(name, definition, self.folder / f"{len(self.started):03d}")
            self.started.append(made)
        return made

    def end(self) -> None:
        """Ends everything that still runs."""
        for container in self.started:
            if container.running:
                container.kill()
