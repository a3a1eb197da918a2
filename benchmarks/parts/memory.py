"""Peak memory of an extraction, in a process of its own: `python -m benchmarks.parts.memory TEXTS TEXTS_A_SHARD`."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from empathy_core.contracts import Text, TextSet

ROOT = Path(__file__).resolve().parent.parent.parent
REPLIES = ("I am sorry to hear that.", "That must have been hard.", "Write down what you need first.")
"""Short, because what could grow is kept for each text, and not for each token."""


def peak_megabytes(n_texts: int, shard_texts: int) -> float:
    """Most memory that a process held which did nothing else; Linux only."""
    command = [sys.executable, "-m", "benchmarks.parts.memory", str(n_texts), str(shard_texts)]
    return float(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)


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
