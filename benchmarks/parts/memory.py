"""Peak memory of an extraction, in a process of its own: `python -m benchmarks.parts.memory TEXTS TEXTS_A_SHARD`."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from empathy_core.contracts import Text, TextSet

ROOT = Path(__file__).resolve().parent.parent.parent
REPLIES = ("I am sorry to hear that.", "That must have been hard.", "Write down what you need first.")
"""Short, because what could grow is kept for each text, and not for each token."""


def peak_megabytes(counts: Sequence[int], shard_texts: int) -> list[float]:
    """Most memory held by processes that each extract so many texts, side by side; Linux only."""
    command = [sys.executable, "-m", "benchmarks.parts.memory"]
    processes = [
        subprocess.Popen([*command, str(count), str(shard_texts)], cwd=ROOT, stdout=subprocess.PIPE) for count in counts
    ]
    return [float(process.communicate()[0]) for process in processes]


def _texts(count: int) -> TextSet:
    rows = [
        Text(str(number), str(number // 3), "none", "none", f"Scenario {number // 3}.", REPLIES[number % 3])
        for number in range(count)
    ]
    return TextSet("short", "organism", tuple(rows))


def main() -> None:
    # Imported here, so that the process that only asks holds no model.
    from benchmarks.parts.llama import llama_config, random_llama
    from empathy_core.activations.extract import extract
    from empathy_core.activations.settings import ExtractionSettings

    n_texts, shard_texts = map(int, sys.argv[1:])
    with tempfile.TemporaryDirectory() as store:
        settings = ExtractionSettings(shard_texts=shard_texts)
        extract(random_llama(llama_config(12, 512)), _texts(n_texts), store, settings)
    # Not `getrusage`: what it calls the peak includes the process that started this one.
    status = Path("/proc/self/status").read_text()
    kibibytes = int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)[1])
    sys.stdout.write(f"{kibibytes * 1024 / 1e6}\n")


if __name__ == "__main__":
    main()
