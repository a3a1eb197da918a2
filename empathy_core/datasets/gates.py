"""Quality gates: what about a set of texts could give its styles away, or make it narrower than it looks.

`datasets.quality` measures; this file holds every threshold, fixed before any data set was measured. A gate without a
threshold is reported only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations, product
from typing import Any

import numpy as np

from empathy_core.contracts import BadInput, Estimate, Gate, TextSet
from empathy_core.datasets.lexical import Baseline
from empathy_core.datasets.quality import controls, cues, grid, shape, wording
from empathy_core.datasets.quality.measured import Measured, n_scenarios
from empathy_core.datasets.review.agreement import review_gates
from empathy_core.datasets.review.decisions import Decision
from empathy_core.datasets.review.reviewed import Reviewed
from empathy_core.datasets.sources import Collected
from empathy_core.datasets.splits import Fold, grouped_folds, held_out, renumbered

CUES: tuple[Baseline, ...] = (
    "length",
    "first-word",
    "opener",
    "person",
    "tense",
    "function-words",
    "character-ngrams",
    "tfidf",
)


@dataclass(frozen=True)
class Limit:
    """The range a gate's value must keep, or its whole interval where `whole_interval` says so."""

    low: float | int = -np.inf
    high: float | int = np.inf
    whole_interval: bool = False

    def holds(self, estimate: Estimate) -> bool:
        """Whether the value (or the interval) lies in the range."""
        low, high = (estimate.low, estimate.high) if self.whole_interval else (estimate.value, estimate.value)
        # Shares such as 9 of 90 miss a limit by rounding alone.
        return bool(low >= self.low - 1e-9 and high <= self.high + 1e-9)

    def __str__(self) -> str:
        if np.isinf(self.high):
            return f"≥ {self.low:g}"
        if np.isinf(self.low):
            return f"≤ {self.high:g}"
        return f"{'interval in ' if self.whole_interval else ''}{self.low:g} to {self.high:g}".replace("-", "−")


LIMITS = {
    "length-spread": Limit(high=0.08),
    "longest-spread": Limit(high=0.15),
    "length-difference": Limit(-0.05, 0.05, whole_interval=True),
    "style-effect/characters": Limit(high=0.02),
    "style-effect/reading-grade": Limit(high=0.06),
    "style-effect/word-length": Limit(high=0.06),
    "style-effect/valence": Limit(high=0.05),
    "reading-grade-difference": Limit(high=0.4),
    "length": Limit(high=0.62),
    "first-word": Limit(high=0.62),
    "opener": Limit(high=0.62),
    "person": Limit(high=0.75),
    "tense": Limit(high=0.75),
    "strongest-ngram": Limit(high=0.75),
    "marking-ngrams": Limit(high=0),
    "commonest-opening": Limit(high=0.05),
    "first-person-gap": Limit(high=0.15),
    "levels/family": Limit(low=3),
    "levels/register": Limit(low=2),
    "levels/person": Limit(low=2),
    "smallest-cell": Limit(low=0.12),
    "shared-factors": Limit(low=1),
    "nearest-scenarios/words": Limit(high=0.45),
    "nearest-scenarios/content-pairs": Limit(high=0.30),
    "shared-passages": Limit(high=0),
    "contained-passages": Limit(high=0.10),
    "domains/count": Limit(low=9),
    "domains/effective-number": Limit(low=8),
    "domains/smallest": Limit(low=0.08),
    "domains/largest": Limit(high=0.14),
    "people": Limit(0.25, 0.45),
    "commonest-name": Limit(high=2),
    "distinct-pairs": Limit(low=0.60),
    "alike-replies": Limit(high=0.12),
    "scenario-echo": Limit(high=0.05),
    "split-domains": Limit(high=0),
    "stated-origin": Limit(low=1),
    "foils": Limit(high=0.50),
    "foils/scenarios": Limit(low=30),
    "controls/valence_stripped/same-scenarios": Limit(low=1),
    "controls/valence_stripped/length-ratio": Limit(0.9, 1.1),
    "controls/valence_stripped/length": Limit(high=0.65),
    "controls/valence_stripped/person": Limit(high=0.65),
    "controls/non_empathic/domains": Limit(low=8),
    "controls/non_empathic/largest-domain": Limit(high=0.20),
    "controls/non_empathic/length-ratio": Limit(0.9, 1.1),
    "controls/non_empathic/length": Limit(high=0.65),
    "controls/non_empathic/person": Limit(high=0.65),
    "controls/pair/contexts": Limit(low=5),
    "controls/pair/fewest-in-a-context": Limit(low=10),
    "controls/pair/length": Limit(high=0.62),
    "controls/pair/opener": Limit(high=0.62),
    "controls/register/scenarios": Limit(low=50),
    "controls/emotion/scenarios": Limit(low=30),
}
"""The longest entry that begins a gate's name is its limit; gates that no entry begins are reported only."""


def gates(texts: TextSet, folds: Sequence[Fold], seed: int = 0) -> tuple[Gate, ...]:
    """Measure every gate that the roles of `texts` call for; `folds` hold row numbers of `texts`.

    Raises `BadInput` with fewer than two scenarios, when no scenario has two main texts, and when the train rows of a
    fold lack a style.
    """
    main = np.flatnonzero(texts.column("role") == "main")
    studied = texts.rows(main)
    if n_scenarios(studied) < 2:
        raise BadInput("Quality gates compare scenarios, so they need at least two.", f"one in {texts.name}")
    rng = np.random.default_rng(seed)
    found = (
        *_of_styles(studied, renumbered(folds, main), rng),
        *_of_design(studied),
        *_of_controls(texts, studied, rng),
    )
    return tuple(as_gate(one) for one in found)


def every_gate(
    collected: Collected, reviewed: Reviewed, decisions: Sequence[Decision], n_folds: int = 5, seed: int = 0
) -> tuple[Gate, ...]:
    """The gates of the texts as they stand after review, of the judge that passed them, and of the reviewers."""
    texts = reviewed.texts
    return (
        *gates(texts, grouped_folds(texts, n_folds, seed), seed),
        *collected.gates,
        *review_gates(collected.texts, decisions),
    )


def record(texts: TextSet, found: Sequence[Gate]) -> dict[str, Any]:
    """The gates of a set as plain data, with the set's content hash: what `quality.json` holds."""
    return {"texts": texts.name, "content_hash": texts.content_hash, "gates": [asdict(gate) for gate in found]}


def as_gate(one: Measured) -> Gate:
    """A measured property beside the limit that its name has in `LIMITS`."""
    parts = one.name.split("/")
    names = ("/".join(parts[:end]) for end in range(len(parts), 0, -1))
    limit = next((LIMITS[name] for name in names if name in LIMITS), None)
    if limit is None:
        return Gate(one.name, one.estimate, "reported", None, one.detail)
    return Gate(one.name, one.estimate, str(limit), limit.holds(one.estimate), one.detail)


def _of_styles(texts: TextSet, folds: Sequence[Fold], rng: np.random.Generator) -> Iterator[Measured]:
    """What could tell the styles of the main replies apart."""
    pairs = list(combinations(texts.main_styles, 2))
    yield from shape.length_spreads(texts, rng)
    yield from shape.length_equivalence(texts)
    yield from shape.style_effects(texts, rng)
    yield shape.readability_difference(texts, rng)
    for kind, pair in product(CUES, pairs):
        yield cues.cue_auroc(texts, folds, kind, pair, rng)
    for column, pair in product(("context", "register"), pairs):
        names = np.unique(texts.column(column))
        if len(names) > 1:
            held = held_out(texts.column(column), names)
            yield cues.cue_auroc(texts, held, "tfidf", pair, rng, f"tfidf-held-out-{column}/{pair[0]}-{pair[1]}")
    for pair in pairs:
        yield cues.strongest_ngram(texts, pair, rng)
    yield cues.marking_ngrams(texts)
    yield cues.commonest_opening(texts)
    yield cues.first_person_gap(texts, rng)
    yield wording.scenario_echo(texts, rng)
    yield from wording.diversity(texts)


def _of_design(texts: TextSet) -> Iterator[Measured]:
    """How broad and how balanced the scenarios of the main replies are."""
    yield from grid.factor_levels(texts)
    yield grid.smallest_cell(texts)
    yield grid.shared_factors(texts)
    yield from grid.domains(texts)
    yield from grid.people(texts)
    yield grid.commonest_name(texts)
    yield from wording.nearest_scenarios(texts)
    yield from wording.shared_passages(texts)
    yield grid.split_domains(texts)
    yield grid.stated_origin(texts)


def _of_controls(texts: TextSet, main: TextSet, rng: np.random.Generator) -> Iterator[Measured]:
    """What the other roles are for, where the set has them."""
    roles = set(texts.column("role"))
    if "foil" in roles:
        yield from controls.foils(texts, main, rng)
    for role in controls.MATCHED:
        if role in roles:
            yield from controls.matched(texts, main, role, rng)
    for role in controls.CONTRASTS:
        if role in roles:
            yield from controls.contrast(texts, role, rng)
