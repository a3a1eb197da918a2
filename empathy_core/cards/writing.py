"""What steering says in words: the one place where numbers of the write side become a sentence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from empathy_core.cards.keys import parse_key
from empathy_core.cards.tables import interval, models_of, number
from empathy_core.contracts import Estimate
from empathy_core.probes.directions import REGISTERS
from empathy_core.steering.range import coherent_steps, relative_coherence

Curve = tuple[tuple[float, Estimate], ...]
"""Estimates by strength, the weakest first."""

CONCEPT, CONTROL, PERMUTED = "empathy", "register", "permuted"
"""What bandwidth is measured of: the styles together, the control concept, and nothing at all."""

WHY_RANGE = (
    "Steering counts where two things hold at once: the style becomes more frequent than under random directions of "
    "equal length, and replies stay coherent. A direction that does nothing stays coherent for ever, and one that "
    "breaks replies can raise any share; neither is control."
)


@dataclass(frozen=True)
class Steering:
    """The numbers that say whether one model can be steered towards a concept."""

    model: str
    concept: str
    shares: Curve
    """Judged rates from strength 0 on; empty without a judge."""
    coherent: Curve
    """Shares of coherent replies from strength 0 on."""
    opposed: Curve
    """Judged rates when pushed away, by strength without its sign; empty where that was not tried."""
    random: Curve
    """Judged rates under random directions of equal length."""
    range: Estimate | None
    range_opposed: Estimate | None
    """None where there is no room to fall, and without a judge."""

    @property
    def coherence(self) -> Float[np.ndarray, " strength"]:
        """Shares of coherent replies relative to the unsteered one, at every strength but 0."""
        shares = np.array([one.value for _, one in self.coherent])
        return relative_coherence(shares[1:], np.array(shares[0]))

    @property
    def last_coherent(self) -> int:
        """The place on the curves of the last strength up to which replies stay coherent; 0 where all break them."""
        return coherent_steps(self.coherence)


def steerings(estimates: Sequence[Estimate]) -> tuple[Steering, ...]:
    """What was steered, model by model in order of first appearance, the control concept last."""
    measured: dict[tuple[str, str], dict[tuple[str, ...], Estimate]] = {}
    for estimate in estimates:
        key = parse_key(estimate.name)
        if key.stage == "write":
            measured.setdefault((key.model, key.what[0]), {})[key.what[1:]] = estimate
    found = [
        Steering(
            *at,
            _curve(of, "steered", "share"),
            coherent,
            _curve(of, "opposed", "share"),
            _curve(of, "random", "share"),
            of.get(("range",)),
            of.get(("range-opposed",)),
        )
        for at, of in measured.items()
        if (coherent := _curve(of, "steered", "coherent"))
    ]
    models, concepts = models_of(estimates), in_order([one.concept for one in found])
    return tuple(sorted(found, key=lambda one: (models.index(one.model), concepts.index(one.concept))))


def in_order(concepts: Iterable[str]) -> tuple[str, ...]:
    """Concepts as they were given, each once, the control concept last."""
    return tuple(sorted(dict.fromkeys(concepts), key=lambda concept: concept == REGISTERS[1]))


def _curve(measured: Mapping[tuple[str, ...], Estimate], arm: str, what: str) -> Curve:
    found = {
        abs(float(key[1].removeprefix("alpha="))): one
        for key, one in measured.items()
        if (key[0], key[-1]) == (arm, what)
    }
    return tuple(sorted(found.items()))


def outcome(one: Steering) -> str:
    """In one sentence, whether a concept can be steered towards."""
    if not one.shares:
        return "Not measurable: no judge."
    if one.range is None:
        return "Not measurable: the judge gave too few verdicts."
    if one.range.low > 0:
        return _steerable(one, one.range)
    if one.range.value > 0:
        return "Undecided: steered in these replies, but not in every resampling of the prompts."
    if _breaks_first(one):
        return "Falls apart before it has an effect beyond random directions."
    return "Coherent but no effect beyond random directions."


def _steerable(one: Steering, found: Estimate) -> str:
    (_, start), (strength, reached) = one.shares[0], one.shares[max(one.last_coherent, 1)]
    shares = f"from {number(start.value, 2)} to {number(reached.value, 2)}"
    return f"Steerable: coherent {_up_to(found, one.shares)}; at α = {strength:g} the share has gone {shares}."


def _up_to(found: Estimate, curve: Curve) -> str:
    """Where a range ends, and whether only because nothing stronger was tried."""
    end = ", the strongest tried" if found.value >= curve[-1][0] else ""
    return f"up to α = {number(found.value, 2)}{end}"


def _breaks_first(one: Steering) -> bool:
    """Whether replies fall apart at once, or an effect comes only at strengths where they have."""
    end = one.last_coherent
    broken = [share for _, share in one.shares[end + 1 :]]
    return end == 0 or any(share.null is not None and share.low > share.null for share in broken)


def away(one: Steering) -> str | None:
    """In one sentence, whether a concept can be steered away from; None where that was not tried."""
    if not one.opposed:
        return None
    if one.range_opposed is None:
        return "Not measurable: the style is too rare to become rarer."
    if one.range_opposed.low > 0:
        return f"Can be steered away from, {_up_to(one.range_opposed, one.opposed)}."
    if one.range_opposed.value > 0:
        return "Undecided: becomes rarer in these replies, but not in every resampling of the prompts."
    return "Becomes no rarer than under random directions."


def bandwidths(estimates: Sequence[Estimate]) -> dict[str, dict[str, Estimate]]:
    """Every model's bandwidths by concept, in mean residual norms."""
    found: dict[str, dict[str, Estimate]] = {}
    for one in estimates:
        key = parse_key(one.name)
        if key.stage == "bandwidth" and not key.what[0].endswith("-raw"):
            found.setdefault(key.model, {})[key.what[0]] = one
    return found


def bandwidth_outcome(found: Mapping[str, Estimate]) -> str:
    """In one sentence, whether one model has bandwidth beyond permuted labels, and beside the control concept."""
    if CONCEPT not in found:
        return "Not measurable: it takes a dimension and a steering range."
    empathy, control = found[CONCEPT], found.get(CONTROL)
    if empathy.low <= bandwidth_bound(found):
        return f"No bandwidth beyond permuted labels: {interval(empathy)}."
    said = f"Bandwidth {interval(empathy)}, beyond permuted labels"
    if control is None:
        return f"{said}; the control concept, register, was not measured."
    how = "wider than" if empathy.low > control.high else "narrower than" if empathy.high < control.low else None
    return f"{said} and {how or 'not told apart from'} that of the control concept, register, {interval(control)}."


def bandwidth_bound(found: Mapping[str, Estimate]) -> float:
    """What the bandwidth of one model's styles has to exceed: both its nulls under permuted labels."""
    spread = found[PERMUTED].high if PERMUTED in found else 0.0
    return max(found[CONCEPT].null or 0.0, spread)


def bandwidth_groups(estimates: Sequence[Estimate]) -> tuple[tuple[str, ...], ...]:
    """Groups of models, the widest bandwidth first; a group ends where all intervals before lie above all after."""
    of_concept = {model: found[CONCEPT] for model, found in bandwidths(estimates).items() if CONCEPT in found}
    order = sorted(of_concept, key=lambda model: -of_concept[model].value)
    groups: list[tuple[str, ...]] = []
    start = 0
    for end in range(1, len(order) + 1):
        lowest = min(of_concept[model].low for model in order[:end])
        if all(lowest > of_concept[model].high for model in order[end:]):
            groups.append(tuple(order[start:end]))
            start = end
    return tuple(groups)


def likelihood_outcomes(estimates: Sequence[Estimate]) -> dict[str, tuple[str, Estimate]]:
    """Of every model a sentence on whether its weakest push favours replies in its own style, and the number behind it.

    A shift grows in proportion to a weak push; a strong one disturbs every reply, each in its own way.
    """
    found: dict[str, list[tuple[float, Estimate]]] = {}
    for one in estimates:
        key = parse_key(one.name)
        strength = key.at("alpha") or 0.0
        if (key.stage, key.what[0]) == ("likelihood", "diagonal") and strength > 0:
            found.setdefault(key.model, []).append((strength, one))
    weakest = {model: min(of_model, key=lambda pair: pair[0]) for model, of_model in found.items()}
    return {model: (likelihood_outcome(*pair), pair[1]) for model, pair in weakest.items()}


def likelihood_outcome(strength: float, diagonal: Estimate) -> str:
    """In one sentence, whether a push of this strength favours given replies in its own style."""
    if diagonal.low > max(0.0, diagonal.null or 0.0):
        return f"At α = {strength:g} a push makes replies in its own style likelier than the others."
    if diagonal.low > 0:
        return f"At α = {strength:g} a push favours its own style, but no more than random directions could."
    return f"At α = {strength:g} a push does not favour replies in its own style."
