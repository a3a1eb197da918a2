"""Texts through a dictionary: token by token, pooled by text, and measured for how well it fits."""

from collections.abc import Iterable

import numpy as np
import torch
from jaxtyping import Float
from sae_lens import SAE
from scipy.sparse import csr_array

from empathy_core.activations.tokens import TokenShard
from empathy_core.saes.codes import DictionaryCodes

CODES_AT_ONCE = 2**26
"""Numbers in memory while tokens are encoded: 256 MiB."""


def encode_texts(
    sae: SAE, shards: Iterable[TokenShard], n_texts: int, mean: Float[np.ndarray, " dim"], source: str, seed: int
) -> DictionaryCodes:
    """Codes of the `n_texts` texts that the shards' tokens belong to; `mean` is that of the training tokens."""
    width, chunk = sae.cfg.d_sae, max(1, CODES_AT_ONCE // sae.cfg.d_sae)
    pooled = np.zeros((n_texts, width), np.float32)
    sums = {name: np.zeros(n_texts) for name in ("squared_error", "squared_distance", "active", "tokens")}
    for shard in shards:
        for first in range(0, len(shard.values), chunk):
            values, owners = shard.values[first : first + chunk], shard.texts[first : first + chunk]
            codes, reconstructed = _through(sae, values)
            # Tokens of one text stand together.
            starts = np.flatnonzero(np.diff(owners, prepend=-1))
            pooled[owners[starts]] += np.add.reduceat(codes, starts)
            added = {
                "squared_error": ((values - reconstructed) ** 2).sum(axis=1, dtype=np.float64),
                "squared_distance": ((values - mean) ** 2).sum(axis=1, dtype=np.float64),
                "active": (codes > 0).sum(axis=1),
                "tokens": np.ones(len(values)),
            }
            for name, of_tokens in added.items():
                sums[name] += np.bincount(owners, of_tokens, minlength=n_texts)
    pooled /= sums["tokens"][:, None]
    latents = np.flatnonzero(pooled.any(axis=0))
    decoder = sae.W_dec.detach().float().cpu().numpy()[latents]
    return DictionaryCodes(
        source=source,
        seed=seed,
        width=width,
        latents=latents,
        sparse=csr_array(pooled[:, latents]),
        decoder=decoder / np.linalg.norm(decoder, axis=1, keepdims=True),
        squared_error=sums["squared_error"],
        squared_distance=sums["squared_distance"],
        active=sums["active"],
        tokens=sums["tokens"].astype(int),
    )


@torch.no_grad()
def _through(
    sae: SAE, values: Float[np.ndarray, "token dim"]
) -> tuple[Float[np.ndarray, "token latent"], Float[np.ndarray, "token dim"]]:
    """Codes and reconstructions."""
    tokens = torch.from_numpy(values).to(sae.W_dec)
    codes = sae.encode(tokens)
    return codes.float().cpu().numpy(), sae.decode(codes).float().cpu().numpy()
