"""Whether a reply still holds together, by gates calibrated on the same model's unsteered replies."""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float

from empathy_core.contracts import BadInput

TAIL = 0.05
"""Each gate fails the worst 5 % of unsteered replies; coherence is therefore always read relative to strength 0."""

FEWEST_UNSTEERED = 20
"""With fewer replies, the worst 5 % are none."""

GATES = ("fluency", "repetition", "compression", "length", "off topic", "unfinished")


@dataclass(frozen=True)
class CoherenceGates:
    """The worst value each gate lets pass; larger is worse for every measure."""

    limits: tuple[float, ...]

    def passes(self, measures: Float[np.ndarray, "text gate"]) -> Bool[np.ndarray, " text"]:
        """True where a reply passes every gate."""
        return (measures <= np.array(self.limits)).all(axis=1)


def calibrate(measures: Float[np.ndarray, "text gate"]) -> CoherenceGates:
    """Gates at the 95th percentile of the unsteered replies' measures.

    Raises `BadInput` with fewer than twenty replies, where a 95th percentile means nothing.
    """
    if len(measures) < FEWEST_UNSTEERED:
        raise BadInput(
            f"Coherence gates are calibrated on at least {FEWEST_UNSTEERED} unsteered replies.", f"{len(measures)}"
        )
    return CoherenceGates(tuple(np.quantile(measures, 1 - TAIL, axis=0, method="higher")))


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
