"""How a dictionary is trained, and the address that follows from it. Needs no torch."""

import hashlib
import json
from dataclasses import asdict, dataclass

from empathy_core.contracts import BadInput

FORMAT = 1
"""Goes up when the same settings would give another dictionary, so that old ones are not reused."""
LARGEST_BATCH = 1024
SMALL = 256
"""Widest residual stream that the settings for organisms are meant for."""


@dataclass(frozen=True)
class DictionarySettings:
    """Training of BatchTopK sparse autoencoders (Bussmann et al. 2024); one dictionary a seed."""

    seeds: tuple[int, ...] = (0, 1, 2)
    expansion: int = 2
    """Latents per residual dimension."""
    k: int = 32
    """Latents active at a token, on average over a batch."""
    steps: int = 1000
    batch: int = LARGEST_BATCH
    """Tokens a step."""
    learning_rate: float = 3e-4
    warm_up: float = 0.05
    """Share of the steps in which the learning rate rises."""
    decay: float = 0.2
    """Share of the steps, the last ones, in which it falls to zero."""
    dead_after: int = 50
    """Steps without firing after which a latent is helped back by the auxiliary loss."""
    checkpoint_every: int = 100
    """Steps that a killed run can lose."""
    buffer_bytes: int = 2**30
    """Memory for the tokens that are shuffled together; more of them are read in turn."""

    def __post_init__(self):
        least = min(self.expansion, self.k, self.steps, self.batch, self.dead_after, self.checkpoint_every)
        if least < 1 or self.warm_up + self.decay > 1 or len(set(self.seeds)) < len(self.seeds):
            raise BadInput(
                "Training takes positive numbers, a warm-up and a decay within the steps, and seeds that differ.",
                got=f"{self}",
                fix="correct the settings",
            )

    def width(self, dim: int) -> int:
        """Number of latents for a residual stream of `dim`."""
        return self.expansion * dim


def default_settings(dim: int, n_seeds: int, n_tokens: int) -> DictionarySettings:
    """Settings for a residual stream of this width and so many training tokens, which bound a batch.

    Small widths are those of organisms: a few hundred steps on one CPU thread.
    """
    seeds, batch = tuple(range(n_seeds)), min(LARGEST_BATCH, n_tokens)
    if dim <= SMALL:
        return DictionarySettings(seeds, expansion=4, k=16, steps=300, batch=batch, learning_rate=1e-3)
    return DictionarySettings(seeds, batch=batch)


def dictionary_key(activation_key: str, point: int, settings: DictionarySettings, seed: int) -> str:
    """Content address of one dictionary: the tokens it was trained on, the residual point, the settings, the seed."""
    # Neither the other seeds nor where a run may be interrupted decides a weight.
    decides = {name: value for name, value in asdict(settings).items() if name not in ("seeds", "checkpoint_every")}
    facts = json.dumps({"format": FORMAT, "point": point, "seed": seed, **decides}, sort_keys=True)
    return f"{activation_key}-dictionary-{hashlib.sha256(facts.encode()).hexdigest()[:16]}"
