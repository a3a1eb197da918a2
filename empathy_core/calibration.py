"""`make calibrate`: the calibration over several seeds of texts, and in `calibration.json` what came out of each.

One seed could be luck: of the texts that the grammar wrote, of their split, and of every draw after that.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from empathy_core.models.specs import ORGANISMS
from empathy_core.runs import artifact
from empathy_core.study import ROOT, Chain, run_chain, summary
from empathy_core.verdicts import criteria_hash

FILE = "calibration.json"


@dataclass(frozen=True)
class SeedResult:
    """What one seed gave."""

    texts: str
    """Hash of the texts."""
    run: str
    """Pathspec of the ValidationFlow."""
    planted: Mapping[str, Mapping[str, tuple[str, str]]]
    """By model and criterion: outcome found, outcome planted; where one was planted."""

    @property
    def cells(self) -> int:
        """Number of planted verdicts."""
        return sum(map(len, self.planted.values()))

    @property
    def agreeing(self) -> int:
        """Those that came out as planted."""
        return sum(found == truth for of_model in self.planted.values() for found, truth in of_model.values())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the four flows on the grammar's texts once a seed; results of seeds not asked for stay in the file."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seeds", default="0,1,2", help="of the texts and of everything drawn after them")
    parser.add_argument("--reports", type=Path, default=ROOT / "reports", help=f"folder of {FILE}")
    options = parser.parse_args(arguments)
    found = read_calibration(options.reports / FILE)
    for seed in options.seeds.split(","):
        # Never taken from the file, which is committed: a clone would read there what it is to measure.
        result = found[seed] = _run_seed(seed)
        write_calibration(options.reports / FILE, found)
        sys.stdout.write(f"Seed {seed}: {result.agreeing} of {result.cells} planted verdicts as planted\n")


def read_calibration(path: Path) -> dict[str, SeedResult]:
    """Results by seed; empty where there are none, or none under the criteria as they stand today."""
    content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if content.get("criteria") != criteria_hash():
        return {}
    return {
        seed: SeedResult(
            one["texts"],
            one["run"],
            {model: {name: tuple(pair) for name, pair in rows.items()} for model, rows in one["planted"].items()},
        )
        for seed, one in content["seeds"].items()
    }


def write_calibration(path: Path, found: Mapping[str, SeedResult]) -> None:
    """Write `{"criteria": hash, "seeds": {seed: {texts, run, planted}}}`."""
    content = {"criteria": criteria_hash(), "seeds": {seed: vars(result) for seed, result in found.items()}}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _run_seed(seed: str) -> SeedResult:
    chain = run_chain("organism", ",".join(ORGANISMS), seed=seed)
    sys.stdout.writelines(f"{line}\n" for line in summary(artifact(chain.validation, "verdicts")))
    return result_of(chain)


def result_of(chain: Chain) -> SeedResult:
    """What a chain of runs on the grammar's texts says of everything planted."""
    planted: dict[str, dict[str, tuple[str, str]]] = {}
    for verdict in artifact(chain.validation, "verdicts"):
        if verdict.expected:
            planted.setdefault(verdict.model, {})[verdict.criterion] = (verdict.outcome, verdict.expected)
    return SeedResult(artifact(chain.dataset, "texts").content_hash, chain.validation, planted)


if __name__ == "__main__":
    main()
