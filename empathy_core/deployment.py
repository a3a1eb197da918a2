"""Where the steps that load a model run, and with what: `flows/deploy/*.json` as Metaflow's decorators."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from metaflow import StepMutator, resources, retry

from empathy_core.contracts import BadInput

PLACES = ("local", "batch", "kubernetes")


@dataclass(frozen=True)
class Deployment:
    """What a step that loads a model asks for."""

    on: str
    """One of `PLACES`; these steps go there even where the others stay on the machine that starts the run."""
    options: Mapping[str, Any]
    """Of Metaflow's `@batch` or `@kubernetes`: image, queue, node_selector and so on; null takes Metaflow's default."""
    cpu: int
    gpu: int
    memory_mb: int
    shared_memory_mb: int | None
    """Of /dev/shm; null leaves it to the container engine."""
    disk_mb: int | None
    """For downloaded weights; Kubernetes only, since disks on Batch belong to the compute environment."""
    retries: int
    """Attempts after the first, for instances that are taken away and services that do not answer."""
    minutes_between_retries: int


def read_deployment(settings: Mapping[str, Any]) -> Deployment:
    """A deployment file's settings; raises `BadInput` for another set of keys or an unknown place."""
    names = {field.name for field in fields(Deployment)}
    if unlike := names ^ settings.keys():
        raise BadInput(
            "A deployment file states every setting and no other.",
            f"{min(unlike)} {'missing' if min(unlike) in names else 'unknown'}",
            "a file of another version, or a mistyped key",
            "start from one of flows/deploy/*.json",
        )
    if settings["on"] not in PLACES:
        raise BadInput(
            f"The steps that load a model run on one of {', '.join(PLACES)}.", repr(settings["on"]), "a mistyped place"
        )
    return Deployment(**settings)


class model_step(StepMutator):
    """Decorates a step that loads a model as the flow's `deploy` file asks; `--with` decides about all other steps."""

    def mutate(self, mutable_step: Any) -> None:
        """Adds resources and retries, and the place with its options, whether or not `--with` has named it."""
        asked = read_deployment(dict(dict(mutable_step.flow.configs)["deploy"]))
        mutable_step.add_decorator(retry, deco_kwargs=_retries(asked))
        mutable_step.add_decorator(resources, deco_kwargs=_resources(asked))
        if asked.on == "local":
            return
        # `--with batch` may have been here before: what the file leaves open stays as the command line has it.
        earlier = next((options for name, _, _, options in mutable_step.decorator_specs if name == asked.on), {})
        mutable_step.remove_decorator(asked.on)
        given = {name: value for name, value in asked.options.items() if value is not None}
        mutable_step.add_decorator(asked.on, deco_kwargs={**earlier, **given})


def _retries(asked: Deployment) -> dict[str, int]:
    return {"times": asked.retries, "minutes_between_retries": asked.minutes_between_retries}


def _resources(asked: Deployment) -> dict[str, int]:
    found = {
        "cpu": asked.cpu,
        "gpu": asked.gpu or None,  # a GPU that is asked for zero times still selects machines that have some
        "memory": asked.memory_mb,
        "shared_memory": asked.shared_memory_mb,
        "disk": asked.disk_mb,
    }
    return {name: amount for name, amount in found.items() if amount is not None}
