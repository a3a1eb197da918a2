"""The calibration study in the lab and on this machine, number by number: `python tests/cloud/full_study.py [middle]`.

Takes half an hour on two cores and no part in the tests, which compare a small study in the same way.
"""

import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "cloud")]

from chains import FULL, MIDDLE, SMALL, Chain, run_chain  # noqa: E402
from deployments import deployment  # noqa: E402
from lab import running_lab  # noqa: E402
from workplace import Workplace  # noqa: E402

STUDIES = {"small": SMALL, "middle": MIDDLE, "full": FULL}


def main(name: str = "full") -> int:
    """Exit status 1 if any number differs."""
    study = STUDIES[name]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "local").mkdir()
        (home / "lab").mkdir()
        here = timed("local", lambda: run_chain(Workplace(home / "local"), study))
        with running_lab(home / "lab") as lab:
            deploy = deployment(home, "aws-batch", options={"queue": "gpu-queue"})
            there = timed("Batch and S3", lambda: run_chain(lab.workplace, study, "--with", "batch", deploy=deploy))
    return compare(here, there)


def compare(here: Chain, there: Chain) -> int:
    """Says how many numbers are the same to the last digit, and which are not."""
    unlike = [pair for pair in zip(here.comparable, there.comparable, strict=True) if pair[0] != pair[1]]
    for own, other in unlike:
        sys.stdout.write(f"{own.name}: {own.value!r} here, {other.value!r} there\n")
    sys.stdout.write(f"{len(here.numbers) - len(unlike)} of {len(here.numbers)} numbers are the same\n")
    return 1 if unlike else 0


def timed(place: str, run) -> Chain:
    """What `run` gives, with its wall time on standard output."""
    started = time.monotonic()
    chain = run()
    sys.stdout.write(f"{place}: {time.monotonic() - started:.0f} s\n")
    sys.stdout.flush()
    return chain


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
