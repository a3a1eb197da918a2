"""One run of all four flows, small or whole, wherever its steps run."""

from dataclasses import dataclass, replace
from pathlib import Path

from workplace import Workplace

from empathy_core.contracts import Estimate


@dataclass(frozen=True)
class Study:
    """What is asked of the flows after the texts, which are the grammar's."""

    models: str
    dataset: tuple[str, ...] = ()
    activation: tuple[str, ...] = ()
    probe: tuple[str, ...] = ()
    validation: tuple[str, ...] = ()


ONE_REPLY_LENGTH = ("--max-new-tokens", "16")
SMALL = Study(
    "persistent",
    ("--folds", "2"),
    ("--points", "3", "--pools", "mean"),
    ("--permutations", "20", "--dictionaries", "1"),
    ("--point", "3", "--prompts", "8", "--random-directions", "1", "--strengths", "0.3", *ONE_REPLY_LENGTH),
)
"""One organism at one residual point, few permutations, few and short replies."""
MIDDLE = Study(
    "persistent,scrambled",
    probe=("--permutations", "100"),
    validation=("--prompts", "12", "--random-directions", "4", "--strengths", "0.3,0.6"),
)
"""Two organisms at every residual point and pool, and replies of full length."""
FULL = Study("persistent,graded,scrambled,untrained")
"""The calibration of `make study`: every default."""


@dataclass(frozen=True)
class Chain:
    """The pathspecs of one run of all four flows, and the numbers at their end."""

    runs: tuple[str, str, str, str]
    numbers: tuple[Estimate, ...]

    @property
    def comparable(self) -> list[Estimate]:
        """The numbers without the name of the task that computed them."""
        return [replace(number, run="") for number in self.numbers]


def run_chain(workplace: Workplace, study: Study, *everywhere: str, deploy: Path | None = None) -> Chain:
    """Runs the four flows, each with the options in `everywhere`, and those that load models as `deploy` says."""
    dataset, _ = workplace.run("dataset", *everywhere, "--source", "organism", *study.dataset)
    models = ("--models", study.models, *study.activation)
    activations, _ = workplace.run("activation", *everywhere, "--dataset", dataset, *models, deploy=deploy)
    probes, _ = workplace.run("probe", *everywhere, "--activations", activations, *study.probe, deploy=deploy)
    validation, _ = workplace.run("validation", *everywhere, "--probes", probes, *study.validation, deploy=deploy)
    return Chain((dataset, activations, probes, validation), tuple(workplace.artifact(validation, "numbers")))
