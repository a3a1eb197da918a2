"""What a run and the runs before it left, gathered for a reader: texts, gates, numbers, directions, verdicts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from empathy_core.contracts import ActivationSet, BadInput, Estimate, Gate, TextSet, Verdict
from empathy_core.findings import Findings
from empathy_core.probes.directions import DirectionSet
from empathy_core.runs import LATEST, artifact, parameters, resolve_run

UPSTREAM = {"ValidationFlow": "probe_run", "ProbeFlow": "activation_run", "ActivationFlow": "dataset_run"}
"""Each flow with the artifact that names the run it read."""


@dataclass(frozen=True, repr=False)
class RunResults(Findings):
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
    """Directions by model: those that ValidationFlow steered along, else those of ProbeFlow."""
    numbers: tuple[Estimate, ...] = ()
    """Without the gates' own, which stand in `quality`."""
    verdicts: tuple[Verdict, ...] = ()
    criteria: str = ""
    """Hash of the criteria, taken when the run began."""

    @property
    def pathspec(self) -> str:
        """The run that was asked for."""
        return next(iter(self.runs.values()))

    @property
    def about(self) -> str:
        """The runs, the given one first."""
        return ", ".join(self.runs.values())

    def load(self, model: str = "", device: str = "cpu", dtype: str = "float32") -> Any:
        """One model of the run as a `steering.interactive.Steerable`, whose `steer` shows replies side by side.

        Keep it: loading takes time, steering little. `model` may be left out where there is one. Needs torch, which
        reading does not; the activations must be where the run stored them only to steer at another point.

        Raises:
            BadInput: if the run has no directions or no such model, and as `load_model` does.
        """
        # Imported here: a run is read where torch is not installed.
        from empathy_core.models.load import load_model
        from empathy_core.steering.interactive import Steerable

        known = self.directions or {}
        name = next(iter(known)) if not model and len(known) == 1 else model
        if name not in known:
            raise BadInput(
                "A model is steered with the directions that a ProbeFlow or ValidationFlow run made for it.",
                got=f"{model!r} among {', '.join(known) or 'none'} in {self.pathspec}",
                cause="no name where there are several, a misspelt one, or a run of an earlier flow",
                fix=f"name one of {', '.join(known)}" if known else "load a later run",
            )
        manifest = (self.manifests or {})[name]
        pool = str(self.settings["ProbeFlow"]["pool"])
        loaded = load_model(manifest.model, device, dtype)
        return Steerable(loaded, manifest.kept(self.texts), manifest, pool, known[name])


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
        directions=_directions(probed, validated),
        numbers=validated("numbers") if validated else probed("estimates") if probed else (),
        verdicts=validated("verdicts") if validated else (),
        criteria=validated("criteria") if validated else "",
    )


def _directions(
    probed: Callable[[str], Any] | None, validated: Callable[[str], Any] | None
) -> dict[str, DirectionSet] | None:
    """ValidationFlow may steer at another point than the one that ProbeFlow made its directions at."""
    if validated:
        return {model: prepared.directions for model, prepared in validated("prepared").items()}
    return probed("directions") if probed else None


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
