"""Codes with a known answer, made by hand: forty scenarios in three styles, and latents of which few mean something."""

import numpy as np
from scipy.sparse import csr_array

from empathy_core.contracts import Text, TextSet
from empathy_core.saes.codes import DictionaryCodes

STYLES = ("cognitive", "affective", "instrumental")
LATENTS, DIM = 60, 32


def planted_texts(n_scenarios=40):
    """The first half of the scenarios is the training split."""
    rows = [
        Text(f"s{i}-{style}", f"s{i}", f"context {i % 4}", style, f"Scenario {i}.", f"A {style} reply to {i}.",
             split="train" if i < n_scenarios // 2 else "test")
        for i in range(n_scenarios) for style in STYLES
    ]  # fmt: skip
    return TextSet("planted", "organism", tuple(rows))


def planted_codes(texts, gain, seed=0):
    """Latent i fires more on style i (by `gain` deviations), 3 to 6 tell contexts apart, the rest is sparse noise."""
    rng = np.random.default_rng(seed)
    fires = rng.random((len(texts), LATENTS)) < 0.5
    codes = fires * rng.exponential(1.0, (len(texts), LATENTS))
    code = np.array([STYLES.index(style) for style in texts.column("style")])
    codes[:, :3] = abs(rng.standard_normal((len(texts), 3))) + gain * (code[:, None] == np.arange(3))
    topic = np.unique(texts.column("context"), return_inverse=True)[1]
    codes[:, 3:7] += 5.0 * (topic[:, None] == np.arange(4))
    decoder = np.linalg.qr(np.random.default_rng(99).standard_normal((DIM, DIM)))[0]
    decoder = np.vstack([decoder, rng.standard_normal((LATENTS - DIM, DIM))])
    decoder /= np.linalg.norm(decoder, axis=1, keepdims=True)
    return DictionaryCodes(
        source="made by hand",
        seed=seed,
        width=LATENTS + 20,
        latents=np.arange(LATENTS),
        sparse=csr_array(codes.astype(np.float32)),
        decoder=decoder.astype(np.float32),
        squared_error=np.full(len(texts), 3.0),
        squared_distance=np.full(len(texts), 12.0),
        active=np.full(len(texts), 80.0),
        tokens=np.full(len(texts), 10),
    )


def residuals(codes, noise=0.1, seed=0):
    """What such codes say of the residual stream: their sum of decoder vectors, with noise."""
    rng = np.random.default_rng(seed)
    return codes.dense @ codes.decoder + noise * rng.standard_normal((codes.sparse.shape[0], DIM))
