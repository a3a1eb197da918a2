"""What changed from one run to another beyond noise: numbers, verdicts and settings of both side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot

import numpy as np
from scipy.stats import norm

from empathy_core.contracts import BadInput, Estimate, Verdict
from empathy_core.results import UPSTREAM, RunResults
from empathy_core.stats import holm

SIGNIFICANCE = 0.05
NORMAL_95 = float(norm.ppf(0.975))
"""Standard errors from a value to the bound of its 95% interval."""
UPSTREAM_SETTINGS = ("dataset", "activations", "probes", "replies")
"""Settings that name the run read, which differ between any two runs and are told as runs."""


@dataclass(frozen=True)
class Change:
    """One number of two runs."""

    before: Estimate
    after: Estimate
    difference: Estimate
    """The second minus the first, with its 95% interval; its n is the smaller of both, and its null 0."""
    p: float
    """Two-sided, adjusted over all numbers that both runs have (Holm)."""


@dataclass(frozen=True)
class Changes:
    """Two runs side by side."""

    before: str
    after: str
    """Pathspecs."""
    same_texts: bool
    compared: int
    """Numbers that both runs have, and that have an interval to compare by."""
    apart: int
    """Those of them whose intervals do not overlap."""
    changed: tuple[Change, ...]
    """Those that differ at 5% after adjustment, the surest first."""
    without_width: tuple[tuple[Estimate, Estimate], ...]
    """Numbers that differ while neither interval has a width towards the other: noise cannot be judged."""
    verdicts: tuple[tuple[Verdict, Verdict], ...]
    """Verdicts of one criterion, model and set of texts whose outcomes differ."""
    settings: tuple[tuple[str, str, str], ...]
    """Name, before and after of whatever else differs: settings, texts, models, versions, criteria."""
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    """Names of numbers that one run has alone."""


def compare_runs(before: RunResults, after: RunResults) -> Changes:
    """Hold two runs against each other.

    Intervals are compared as if the runs were independent. Runs on the same texts share their scenarios, so that much
    of the noise is common to both and the comparison is conservative. p values are left out: their intervals speak of
    permutations, not of data; what they test is compared itself.

    Raises:
        BadInput: for one run given twice.
    """
    if before.pathspec == after.pathspec:
        raise BadInput(
            "Two runs are compared.", got=f"{before.pathspec} twice", fix="`--list` shows the runs there are"
        )
    first, second = _numbers(before), _numbers(after)
    shared = [name for name in first if name in second]
    differing = [difference(first[name], second[name]) for name in shared]
    judged = [(name, *found) for name, found in zip(shared, differing, strict=True) if found]
    adjusted = holm(np.array([p for *_, p in judged])) if judged else []
    found = [
        Change(first[name], second[name], estimate, float(p))
        for (name, estimate, _), p in zip(judged, adjusted, strict=True)
    ]
    return Changes(
        before.pathspec,
        after.pathspec,
        before.texts.content_hash == after.texts.content_hash,
        len(found),
        sum(one.before.high < one.after.low or one.after.high < one.before.low for one in found),
        tuple(sorted((one for one in found if one.p <= SIGNIFICANCE), key=_surest)),
        tuple((first[name], second[name]) for name, found in zip(shared, differing, strict=True) if not found),
        _verdicts(before.verdicts, after.verdicts),
        _differing(_facts(before), _facts(after)),
        tuple(name for name in first if name not in second),
        tuple(name for name in second if name not in first),
    )


def difference(before: Estimate, after: Estimate) -> tuple[Estimate, float] | None:
    """The difference of two independent estimates with its 95% interval, and its two-sided p.

    The interval takes from each estimate the side of its interval that faces the other (MOVER; Zou & Donner 2008,
    Statistics in Medicine 27), so that it stays right beside a bound such as an AUROC of 1. p is that of the normal
    distribution whose 95% interval reaches from the difference to 0. None where the values differ and the sides that
    face each other have no width.
    """
    value = after.value - before.value
    down = hypot(after.value - after.low, before.high - before.value)
    up = hypot(after.high - after.value, before.value - before.low)
    towards_zero = down if value > 0 else up
    if value and not towards_zero:
        return None
    p = 2 * norm.sf(NORMAL_95 * abs(value) / towards_zero) if value else 1.0
    found = Estimate(
        before.name,
        value,
        value - down,
        value + up,
        n=min(before.n, after.n),
        null=0.0,
        method="changes.difference",
    )
    return found, float(p)


def _surest(change: Change) -> tuple[float, str]:
    return change.p, change.before.name


def _numbers(results: RunResults) -> dict[str, Estimate]:
    """Numbers by name, with those of the gates."""
    every = (*(gate.estimate for gate in results.quality), *results.numbers)
    return {one.name: one for one in every if one.name.rpartition("/")[2] not in ("p", "p-holm")}


def _verdicts(before: Sequence[Verdict], after: Sequence[Verdict]) -> tuple[tuple[Verdict, Verdict], ...]:
    def cell(verdict: Verdict) -> tuple[str, str, str]:
        return verdict.criterion, verdict.model, verdict.evidence[0].partition("/")[0]

    second = {cell(verdict): verdict for verdict in after}
    pairs = ((one, second[cell(one)]) for one in before if cell(one) in second)
    return tuple((one, other) for one, other in pairs if one.outcome != other.outcome)


def _facts(results: RunResults) -> dict[str, str]:
    """Everything that could explain a change, as text."""
    facts = {"texts": f"{results.texts.name}, {len(results.texts)} rows, hash {results.texts.content_hash}"}
    for flow in [*UPSTREAM, "DatasetFlow"]:
        settings = results.settings.get(flow, {})
        facts |= {f"{flow} {name}": str(settings[name]) for name in sorted(settings) if name not in UPSTREAM_SETTINGS}
    facts |= {f"model {name}": one.model.revision for name, one in (results.manifests or {}).items()}
    facts |= {f"package {name}": version for name, version in results.versions.items()}
    return facts | ({"criteria": results.criteria} if results.criteria else {})


def _differing(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[tuple[str, str, str], ...]:
    names = dict.fromkeys([*before, *after])
    pairs = ((name, before.get(name, ""), after.get(name, "")) for name in names)
    return tuple((name, old, new) for name, old, new in pairs if old != new)
