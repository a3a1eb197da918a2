"""Trains sparse autoencoders with SAELens on token activations; a killed run goes on from its last checkpoint."""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float
from sae_lens import SAE, BatchTopKTrainingSAEConfig, SAETrainer, TrainingSAE
from sae_lens.config import LoggingConfig, SAETrainerConfig

from empathy_core.activations.objects import Objects
from empathy_core.contracts import BadInput
from empathy_core.saes.batches import Shards, token_batches
from empathy_core.saes.checkpoint import CHECKPOINT, read_checkpoint, write_checkpoint
from empathy_core.saes.files import read_dictionary, write_dictionary
from empathy_core.saes.settings import DictionarySettings

SETTLED = 10.0
"""The threshold for inference is a moving average that starts at zero; at a rate of `SETTLED / steps`, e⁻¹⁰ of that is
left at the end. At SAELens' default of 0.01 a run of 300 steps would keep 5 %, and let more latents through."""


def train_dictionary(
    read: Callable[[], Shards],
    objects: Objects,
    settings: DictionarySettings,
    seed: int,
    device: str = "cpu",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> SAE:
    """The dictionary kept at `objects`, trained first if it is not finished there; `progress` is told of steps.

    `read` gives the training tokens `[token, dim]` anew, shard by shard. On one device, with one number of threads, a
    run that was interrupted ends with the same weights, bit for bit, as one that was not.

    Raises:
        BadInput: if the tokens do not fill a batch, training diverged, or a stored object was altered.
    """
    finished = read_dictionary(objects, device)
    if finished is not None:
        return finished
    trainer = _new_trainer(read, settings, seed, device)
    read_checkpoint(objects, trainer)
    done = trainer.n_training_steps
    batches = token_batches(read, settings.batch, settings.buffer_bytes, seed, start=done)
    # The trainer's own loop is not used: it draws a progress bar, and writes checkpoints as pickles in local folders.
    for step in range(done + 1, settings.steps + 1):
        trainer.step(torch.from_numpy(next(batches)))
        trainer.n_training_steps = step
        if step % settings.checkpoint_every == 0 and step < settings.steps:
            write_checkpoint(objects, trainer)
            progress(step, settings.steps)
    _check_finite(trainer.sae)
    write_dictionary(objects, trainer.sae)
    objects.delete(CHECKPOINT)
    progress(settings.steps, settings.steps)
    return read_dictionary(objects, device)


def _new_trainer(read: Callable[[], Shards], settings: DictionarySettings, seed: int, device: str) -> SAETrainer:
    mean = mean_token(read())
    # Initial weights come from torch's global generator, which is put back as it was.
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        sae = TrainingSAE.from_dict(
            BatchTopKTrainingSAEConfig(
                d_in=len(mean),
                d_sae=settings.width(len(mean)),
                k=settings.k,
                topk_threshold_lr=min(1.0, max(0.01, SETTLED / settings.steps)),
                device=device,
            ).to_dict()
        )
    # From a bias of zero, a short run spends its latents on the mean: half of them die.
    sae.b_dec.data = torch.from_numpy(mean).to(sae.b_dec)
    config = SAETrainerConfig(
        total_training_samples=settings.batch * settings.steps,
        train_batch_size_samples=settings.batch,
        device=device,
        lr=settings.learning_rate,
        lr_end=settings.learning_rate,
        lr_warm_up_steps=round(settings.warm_up * settings.steps),
        lr_decay_steps=round(settings.decay * settings.steps),
        dead_feature_window=settings.dead_after,
        n_checkpoints=0,
        checkpoint_path=None,
        save_final_checkpoint=False,
        logger=LoggingConfig(log_to_wandb=False),
    )
    return SAETrainer(cfg=config, sae=sae, data_provider=iter(()))


def mean_token(shards: Shards) -> Float[np.ndarray, " dim"]:
    """Mean of all tokens."""
    total, count = 0.0, 0
    for shard in shards:
        total, count = total + shard.sum(axis=0, dtype=np.float64), count + len(shard)
    return (total / count).astype(np.float32)


def _check_finite(sae: TrainingSAE) -> None:
    if not all(bool(value.isfinite().all()) for value in sae.parameters()):
        raise BadInput(
            "A trained dictionary has finite weights.",
            got="NaN or infinity",
            cause="a learning rate too high for these activations",
            fix="lower `learning_rate` in empathy_core/saes/settings.py",
        )
