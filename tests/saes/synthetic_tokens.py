"""Tokens made of a few sparse features about a large mean, and of a style that every token of a reply carries."""

import numpy as np

from empathy_core.activations.tokens import TokenShard
from empathy_core.saes.settings import DictionarySettings

DIM, FEATURES, TOKENS = 32, 24, 20
SETTINGS = DictionarySettings(
    seeds=(0, 1), expansion=2, k=4, steps=300, batch=256, learning_rate=5e-3, dead_after=30, checkpoint_every=100
)
TRUTH = np.random.default_rng(7).standard_normal((FEATURES, DIM))
TRUTH /= np.linalg.norm(TRUTH, axis=1, keepdims=True)
STYLE_AXES = np.linalg.qr(np.random.default_rng(8).standard_normal((DIM, 3)))[0].T


def tokens(styles, gain, seed=0):
    """One shard: `TOKENS` tokens for each text, two features active in each, unit noise of 0.05."""
    rng, n = np.random.default_rng(seed), len(styles) * TOKENS
    owners = np.repeat(np.arange(len(styles)), TOKENS)
    values = 4.0 + 0.05 * rng.standard_normal((n, DIM))
    for _ in range(2):
        values += rng.uniform(1, 2, (n, 1)) * TRUTH[rng.integers(FEATURES, size=n)]
    values += gain * STYLE_AXES[styles[owners]]
    return TokenShard(values.astype(np.float32), owners, np.tile(np.arange(TOKENS), len(styles)))
