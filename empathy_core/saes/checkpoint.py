"""A training run as bytes: tensors as safetensors, everything else as JSON beside them. Nothing is pickled."""

import json

import torch
from sae_lens import SAETrainer
from safetensors.torch import load, save

from empathy_core.activations.objects import Objects

CHECKPOINT = "checkpoint.safetensors"
COUNTED = ("n_training_steps", "n_training_samples", "n_frac_active_samples")
TRACKED = ("act_freq_scores", "n_forward_passes_since_fired")
"""What SAELens' trainer keeps beside its weights, optimiser and scheduler."""


def write_checkpoint(objects: Objects, trainer: SAETrainer) -> None:
    """The whole state of a training run, in place of an earlier one."""
    optimiser = trainer.optimizer.state_dict()
    tensors = {f"sae.{name}": value for name, value in trainer.sae.state_dict().items()}
    tensors |= {f"tracked.{name}": getattr(trainer, name) for name in TRACKED}
    for number, state in optimiser["state"].items():
        tensors |= {f"optimiser.{number}.{name}": value for name, value in state.items()}
    facts = {
        "counted": {name: getattr(trainer, name) for name in COUNTED},
        "groups": optimiser["param_groups"],
        "schedule": trainer.lr_scheduler.state_dict(),
    }
    objects.write(
        CHECKPOINT,
        save({name: value.contiguous() for name, value in tensors.items()}, {"facts": json.dumps(facts)}),
    )


def read_checkpoint(objects: Objects, trainer: SAETrainer) -> None:
    """Sets a new trainer to where an earlier run of the same settings was; one without a checkpoint stays as it is."""
    data = objects.read(CHECKPOINT)
    if data is None:
        return
    tensors, facts = load(data), json.loads(_metadata(data)["facts"])
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in tensors.items():
        kind, _, rest = name.partition(".")
        if kind == "optimiser":
            number, _, entry = rest.partition(".")
            state.setdefault(int(number), {})[entry] = value
        elif kind == "tracked":
            getattr(trainer, rest).copy_(value)
    trainer.sae.load_state_dict({name[4:]: value for name, value in tensors.items() if name.startswith("sae.")})
    trainer.optimizer.load_state_dict({"state": state, "param_groups": facts["groups"]})
    trainer.lr_scheduler.load_state_dict(facts["schedule"])
    for name, value in facts["counted"].items():
        setattr(trainer, name, value)


def _metadata(data: bytes) -> dict[str, str]:
    """The text that a safetensors file holds: eight bytes of length, then a JSON header."""
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length])["__metadata__"]
