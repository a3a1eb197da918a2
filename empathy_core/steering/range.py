"""How far one can steer before replies fall apart, given that steering does anything at all."""

import numpy as np
from jaxtyping import Float

COHERENT_SHARE = 0.7
"""Replies must stay coherent at this share of the unsteered rate."""

BAND = 0.95
"""Quantile over random directions of their largest effect, which steering must exceed in its coherent range."""


def steering_range(
    strengths: Float[np.ndarray, " strength"],
    effect: Float[np.ndarray, " strength"],
    coherence: Float[np.ndarray, " strength"],
    random_effects: Float[np.ndarray, "draw strength"],
) -> float:
    """Largest strength up to which `coherence` stays at 0.7 or above at every step, or 0 where steering has no effect.

    `effect` is the change of the judged rate against the unsteered arm; it counts if, at some strength of the coherent
    range, it exceeds the 95 % quantile over random directions of their own largest effect within that range (the same
    search over strengths on both sides). The end is interpolated linearly between grid points; a direction still
    coherent at the last strength has that strength as its range, a lower bound.
    """
    broken = np.flatnonzero(coherence < COHERENT_SHARE)
    end = broken[0] if len(broken) else len(strengths)
    if end == 0:
        return 0.0
    # Random directions can push a rate down; doing nothing must not count as an effect beside them.
    if effect[:end].max() <= max(0.0, np.quantile(random_effects[:, :end].max(axis=1), BAND)):
        return 0.0
    if end == len(strengths):
        return float(strengths[-1])
    last, first_broken = coherence[end - 1], coherence[end]
    share = (last - COHERENT_SHARE) / (last - first_broken)
    return float(strengths[end - 1] + share * (strengths[end] - strengths[end - 1]))


def random_band(random_effects: Float[np.ndarray, "draw strength"]) -> Float[np.ndarray, " strength"]:
    """The 95 % quantile over random directions at each strength, for drawing beside the steered curve."""
    return np.quantile(random_effects, BAND, axis=0)


def relative_coherence(
    coherent: Float[np.ndarray, "*draw strength"], unsteered: Float[np.ndarray, "*draw"]
) -> Float[np.ndarray, "*draw strength"]:
    """Coherent share relative to strength 0; zero where unsteered replies are never coherent."""
    base = np.asarray(unsteered)[..., None]
    return np.divide(coherent, base, out=np.zeros_like(coherent), where=base > 0)
