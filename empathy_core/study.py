"""`make study`: the four flows on the grammar's texts and on the bundled ones, and the report in `reports/`."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from empathy_core.cards.report import report
from empathy_core.contracts import Verdict
from empathy_core.models.specs import ORGANISMS, resolve_all
from empathy_core.runs import artifact

ROOT = Path(__file__).resolve().parent.parent
WORKERS = "2"

OUT_OF_DOMAIN = ("persistent,untrained", ("--dictionaries", "0"), ("--prompts", "8", "--point", "3"))
"""Organisms on natural texts, which they cannot read: one that was trained and one that was not, no dictionary, a few
replies, and no search for a point where none is better than another."""


@dataclass(frozen=True)
class Chain:
    """The pathspecs of one run of all four flows."""

    dataset: str
    activations: str
    validation: str


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the study and write the report; `--models` replaces the organisms on the bundled texts."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--models", default="", help="names, folders or hub ids, separated by commas")
    parser.add_argument("--reports", default=str(ROOT / "reports"), help="folder of the report")
    options = parser.parse_args(arguments)
    resolve_all(options.models or ",".join(ORGANISMS))
    calibration = run_chain("organism", ",".join(ORGANISMS))
    natural = run_chain("bundled", options.models) if options.models else run_chain("bundled", *OUT_OF_DOMAIN)
    page = report([calibration.validation, natural.validation], Path(options.reports))
    for line in summary(artifact(calibration.validation, "verdicts")):
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"Report: {page}\n")


def run_chain(
    source: str, models: str, probing: Sequence[str] = (), validation: Sequence[str] = (), seed: str = "0"
) -> Chain:
    """Run DatasetFlow, ActivationFlow, ProbeFlow and ValidationFlow, each pinned to the one before."""
    drawn = ("--seed", seed)
    dataset = run_flow("DatasetFlow", "--source", source, *drawn)
    activations = run_flow("ActivationFlow", "--dataset", dataset, "--models", models)
    probes = run_flow("ProbeFlow", "--activations", activations, *drawn, *probing)
    return Chain(dataset, activations, run_flow("ValidationFlow", "--probes", probes, *drawn, *validation))


def run_flow(flow: str, *arguments: str) -> str:
    """Run one flow as a user would and return its pathspec; its log is shown if it fails."""
    script = ROOT / "flows" / f"{flow.removesuffix('Flow').lower()}_flow.py"
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        run_id = Path(folder) / "run_id"
        command = [sys.executable, str(script), "--no-pylint", "run", "--max-workers", WORKERS]
        command += ["--run-id-file", str(run_id), *arguments]
        done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True)
        if done.returncode != 0:
            sys.stdout.write(done.stdout + done.stderr)
            raise SystemExit(f"{flow} failed; what it finished is kept: python {script.relative_to(ROOT)} resume")
        pathspec = f"{flow}/{run_id.read_text().strip()}"
    sys.stdout.write(f"{pathspec}  {' '.join(arguments)}  {time.monotonic() - started:.0f} s\n")
    sys.stdout.flush()
    return pathspec


def summary(verdicts: Sequence[Verdict]) -> list[str]:
    """What was found, a line for each organism: criteria that came out as planted, and those that did not."""
    lines = ["Calibration: what each organism must show, and what was found."]
    for model in dict.fromkeys(verdict.model for verdict in verdicts):
        own = [verdict for verdict in verdicts if verdict.model == model and verdict.expected]
        wrong = [verdict for verdict in own if verdict.outcome != verdict.expected]
        found = ", ".join(verdict.criterion for verdict in own if verdict.outcome == "supported") or "nothing"
        lines.append(f"  {model}: {len(own) - len(wrong)} of {len(own)} criteria as planted; supported: {found}")
        lines += [f"    NOT AS PLANTED: {v.criterion} is {v.outcome}, planted {v.expected}" for v in wrong]
    return lines


if __name__ == "__main__":
    main()
