"""Whether a judge can be believed: it catches planted defects, passes sound replies, and tells replies apart."""

from collections.abc import Mapping, Sequence

from empathy_core.contracts import Estimate, Gate
from empathy_core.datasets.generation.defects import Planted
from empathy_core.datasets.generation.judge import Item, Scores, objections
from empathy_core.stats import binomial_interval

LEAST_CAUGHT = 0.90
MOST_FALSE_ALARMS = 0.10
MOST_ACCEPTED = 0.98
LEAST_VALUES = 2.0


def judge_gates(planted: Sequence[Planted], written: Sequence[Item], judged: Mapping[str, Scores]) -> tuple[Gate, ...]:
    """Shares of defects caught, of sound replies objected to and of written replies accepted; values on a scale.

    Items that `judged` lacks count for nothing. Intervals of shares are exact binomial ones; a share of no items is 0
    with the interval 0 to 1, and passes no gate.
    """
    spoilt = [plant.item for plant in planted if plant.defect]
    sound = [plant.item for plant in planted if not plant.defect]
    return (
        _at_least(share("judge-caught", spoilt, judged, objected=True), LEAST_CAUGHT, missed(planted, judged)),
        _at_most(share("judge-false-alarms", sound, judged, objected=True), MOST_FALSE_ALARMS),
        _at_most(share("judge-accepted", written, judged, objected=False), MOST_ACCEPTED),
        _at_least(fewest_values(judged), LEAST_VALUES),
    )


def share(name: str, items: Sequence[Item], judged: Mapping[str, Scores], objected: bool) -> Estimate:
    """Share of the judged items that the judge objected to, or did not, with its exact binomial interval."""
    outcomes = [bool(objections(judged[item.id], item.target)) for item in items if item.id in judged]
    counted, n = outcomes.count(objected), len(outcomes)
    low, high = binomial_interval(counted, n) if n else (0.0, 1.0)
    return Estimate(
        f"generated/quality/{name}",
        counted / max(n, 1),
        low,
        high,
        n=n,
        null=None,
        method="datasets.generation.judge_gates.share",
    )


def fewest_values(judged: Mapping[str, Scores]) -> Estimate:
    """Number of different values on the scale that has fewest; a property of all verdicts, so without an interval."""
    rows = [(*found.styles.values(), found.naturalness, found.relevance, found.valence) for found in judged.values()]
    fewest = float(min((len(set(scale)) for scale in zip(*rows, strict=True)), default=0))
    return Estimate(
        "generated/quality/judge-values",
        fewest,
        fewest,
        fewest,
        n=len(rows),
        null=None,
        method="datasets.generation.judge_gates.fewest_values",
    )


def missed(planted: Sequence[Planted], judged: Mapping[str, Scores]) -> str:
    """The kinds of defect that were missed, and how often."""
    kinds = [
        plant.defect
        for plant in planted
        if plant.defect and plant.item.id in judged and not objections(judged[plant.item.id], plant.item.target)
    ]
    return ", ".join(f"{kind} ({kinds.count(kind)})" for kind in dict.fromkeys(kinds))


def _at_least(estimate: Estimate, limit: float, detail: str = "") -> Gate:
    return Gate(_name(estimate), estimate, f"≥ {limit:g}", estimate.n > 0 and estimate.value >= limit, detail)


def _at_most(estimate: Estimate, limit: float) -> Gate:
    return Gate(_name(estimate), estimate, f"≤ {limit:g}", estimate.n > 0 and estimate.value <= limit)


def _name(estimate: Estimate) -> str:
    return estimate.name.split("/quality/")[1]
