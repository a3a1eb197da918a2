"""Whether a reply still holds together, by gates calibrated on the same model's unsteered replies."""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float

from empathy_core.contracts import BadInput

FENCE = 1.5
"""Interquartile ranges above the upper quartile at which a value counts as an outlier (Tukey 1977).

A percentile alone would fail a fixed share of sound replies at every gate, and the six together a fifth of them.
"""

TAIL = 0.05
"""No gate fails more of the unsteered replies than this, where most of them share one value and have no quartiles."""

FEWEST_UNSTEERED = 20
"""With fewer replies, the quartiles are anybody's guess."""

GATES = ("fluency", "repetition", "compression", "length", "off topic", "unfinished")


@dataclass(frozen=True)
class CoherenceGates:
    """The worst value each gate lets pass; larger is worse for every measure."""

    limits: tuple[float, ...]

    def passes(self, measures: Float[np.ndarray, "text gate"]) -> Bool[np.ndarray, " text"]:
        """True where a reply passes every gate; an empty reply, whose surprise is infinite, never does."""
        return (measures <= np.array(self.limits)).all(axis=1)


def calibrate(measures: Float[np.ndarray, "text gate"]) -> CoherenceGates:
    """Gates at the upper fence of the unsteered replies' measures, or their 95th percentile where that lies above.

    Coherence is read relative to strength 0, where a few replies fail as well. Raises `BadInput` with fewer than twenty
    replies that say anything.
    """
    said = measures[np.isfinite(measures).all(axis=1)]
    if len(said) < FEWEST_UNSTEERED:
        raise BadInput(
            f"Coherence gates are calibrated on at least {FEWEST_UNSTEERED} unsteered replies that are not empty.",
            f"{len(said)} of {len(measures)}",
            "a model that ends its reply at once, as base models do with a prompt that looks finished",
            "look at the replies, which the run has kept, then change the model's prompt template or raise --prompts",
        )
    lower, upper = np.quantile(said, [0.25, 0.75], axis=0)
    most = np.quantile(said, 1 - TAIL, axis=0, method="higher")
    return CoherenceGates(tuple(np.maximum(upper + FENCE * (upper - lower), most)))


def measure(
    scenarios: Sequence[str],
    responses: Sequence[str],
    finished: Sequence[bool],
    surprise: Float[np.ndarray, " text"],
) -> Float[np.ndarray, "text gate"]:
    """The measures of `GATES` for every reply; `surprise` is its negative log-likelihood under the unsteered model.

    Repetition is one minus the share of distinct word pairs, compression the share of bytes that DEFLATE saves, length
    the number of words, off topic one minus the share of the scenario's content words that the reply carries. A model
    that often runs to the token limit unsteered is not held to finish its replies: that gate is calibrated as well.
    """
    return np.array(
        [
            (nats, _repetition(text), _compression(text), len(_words(text)), _off_topic(scenario, text), not ended)
            for scenario, text, ended, nats in zip(scenarios, responses, finished, surprise, strict=True)
        ],
        dtype=float,
    )


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.lower())


def _repetition(text: str) -> float:
    words = _words(text)
    pairs = list(pairwise(words))
    return 1 - len(set(pairs)) / len(pairs) if pairs else 1.0


def _compression(text: str) -> float:
    data = text.encode()
    return 1 - len(zlib.compress(data, 9)) / len(data) if data else 1.0


def _off_topic(scenario: str, response: str) -> float:
    # Words of four letters or more are a crude but language-independent stand-in for content words.
    topic = {word for word in _words(scenario) if len(word) > 3}
    return 1 - len(topic & set(_words(response))) / len(topic) if topic else 0.0
