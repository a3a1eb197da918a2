"""What a run and the runs before it left, gathered for a reader: texts, gates, numbers, directions, verdicts."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas

from empathy_core.contracts import ActivationSet, BadInput, Estimate, Gate, TextSet, Verdict
from empathy_core.probes.directions import DirectionSet
from empathy_core.runs import LATEST, artifact, parameters, resolve_run

UPSTREAM = {"ValidationFlow": "probe_run", "ProbeFlow": "activation_run", "ActivationFlow": "dataset_run"}
"""Each flow with the artifact that names the run it read."""


@dataclass(frozen=True)
class RunResults:
    """Results of one run with everything upstream of it; empty where the run did not get that far."""

    runs: Mapping[str, str]
    """Pathspec of each flow's run, the given one first."""
    settings: Mapping[str, Mapping[str, object]]
    """Parameters of each flow's run."""
    versions: Mapping[str, str]
    """Packages that decided the activations."""
    texts: TextSet
    quality: tuple[Gate, ...] = ()
    manifests: Mapping[str, ActivationSet] | None = None
    """Activations by model."""
    directions: Mapping[str, DirectionSet] | None = None
    """Directions by model."""
    numbers: tuple[Estimate, ...] = ()
    """Without the gates' own, which stand in `quality`."""
    verdicts: tuple[Verdict, ...] = ()
    criteria: str = ""
    """Hash of the criteria, taken when the run began."""

    @property
    def pathspec(self) -> str:
        """The run that was asked for."""
        return next(iter(self.runs.values()))

    def number(self, name: str) -> Estimate:
        """The estimate of one key.

        Raises:
            BadInput: if the run has no such number.
        """
        for estimate in self.numbers:
            if estimate.name == name:
                return estimate
        raise BadInput(
            "A number is asked for by its whole key.",
            got=f"{name!r} in {self.pathspec}",
            cause="a mistyped key, or a number that this run did not measure",
            fix="look through `table()`",
        )

    def table(self, part: str = "") -> pandas.DataFrame:
        """Every number whose key holds `part`, one row a number, in full precision."""
        return pandas.DataFrame([vars(estimate) for estimate in self.numbers if part in estimate.name])


def load_run(pathspec: str = LATEST) -> RunResults:
    """Read a run's results and those of the runs it stands on; `latest` is the latest ValidationFlow.

    Raises:
        BadInput: if there is no such run, it was not successful, or it is of a flow that has no results.
    """
    flow = "ValidationFlow" if pathspec == LATEST else pathspec.partition("/")[0]
    if flow not in (*UPSTREAM, "DatasetFlow"):
        raise BadInput(
            "Results are read from a run of one of the four flows.", got=repr(pathspec), fix="give `ValidationFlow/12`"
        )
    runs = _chain(flow, resolve_run(flow, pathspec))
    found = {name: lambda what, run=run: artifact(run, what) for name, run in runs.items()}
    probed, validated = found.get("ProbeFlow"), found.get("ValidationFlow")
    return RunResults(
        runs=runs,
        settings={name: parameters(run) for name, run in runs.items()},
        versions=found["ActivationFlow"]("versions") if "ActivationFlow" in found else {},
        texts=next(iter(found.values()))("texts"),
        quality=found["DatasetFlow"]("quality") if "DatasetFlow" in found else (),
        manifests=found["ActivationFlow"]("activations") if "ActivationFlow" in found else None,
        directions=probed("directions") if probed else None,
        numbers=validated("numbers") if validated else probed("estimates") if probed else (),
        verdicts=validated("verdicts") if validated else (),
        criteria=validated("criteria") if validated else "",
    )


def _chain(flow: str, run: str) -> dict[str, str]:
    """The run and those before it; texts that no DatasetFlow made end it one earlier."""
    runs = {flow: run}
    while flow in UPSTREAM:
        run = artifact(run, UPSTREAM[flow])
        flow = run.partition("/")[0]
        if flow not in (*UPSTREAM, "DatasetFlow"):
            break
        runs[flow] = run
    return runs
