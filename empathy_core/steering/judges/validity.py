"""Whether a judge can be believed: it recognises texts of known style, and it says something of every reply."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from empathy_core.contracts import Estimate, Text, TextSet
from empathy_core.stats import binomial_interval
from empathy_core.steering.judges.interface import NOT_ASKED, Exchange, Judge, Judgement

ROLES = ("main", "foil")
"""Texts whose style is known: the main ones, and foils, which are in the same styles in each other's words."""


def validity_estimates(prefix: str, judge: Judge, texts: TextSet) -> tuple[Estimate, ...]:
    """What a judge makes of the texts of known style, which it is shown as replies.

    Per role and style the share that it recognises, and over all texts the shares without a verdict. Nothing from a
    judge that says nothing of texts, as people do who rated replies alone.
    """
    known = [text for text in texts.texts if text.role in ROLES and text.style in judge.styles]
    judgements = judge.judge([Exchange(text.scenario, text.response) for text in known])
    groups = defaultdict(list)
    for text, judgement in zip(known, judgements, strict=True):
        if not judgement.missing:
            groups[text.role, text.style].append((text, judgement))
    shares = (recognised(prefix, judge, role, style, found) for (role, style), found in groups.items())
    missing = missing_estimates(prefix, judge.name, "texts", judgements, [text.scenario_id for text in known])
    return (*shares, *missing)


def recognised(prefix: str, judge: Judge, role: str, style: str, judged: Sequence[tuple[Text, Judgement]]) -> Estimate:
    """Share of the texts of a style to which the judge gives more of it than of any other; a tie is not recognised.

    The interval is an exact binomial one with scenarios as units, as if the texts of one stood or fell together.
    """
    hits = [_most(judgement) == style for _, judgement in judged]
    return Estimate(
        f"{prefix}/judge/{judge.name}/recognised/{role}/{style}",
        *_share(hits, [text.scenario_id for text, _ in judged]),
        null=1 / len(judge.styles),
        method="steering.judges.validity.recognised",
    )


def missing_estimates(
    prefix: str, name: str, what: str, judgements: Sequence[Judgement], scenarios: Sequence[str]
) -> tuple[Estimate, ...]:
    """Of the replies that the judge was asked about, the shares without a verdict and with a refusal.

    Intervals as those of `recognised`; nothing where it was asked about none.
    """
    asked = [place for place, judgement in enumerate(judgements) if judgement.missing != NOT_ASKED]
    if not asked:
        return ()
    reasons = [judgements[place].missing for place in asked]
    found = {"missing": [bool(reason) for reason in reasons], "refused": [_is_refusal(reason) for reason in reasons]}
    return tuple(
        Estimate(
            f"{prefix}/judge/{name}/{kind}/{what}",
            *_share(hits, [scenarios[place] for place in asked]),
            null=None,
            method="steering.judges.validity.missing_estimates",
        )
        for kind, hits in found.items()
    )


def _is_refusal(reason: str) -> bool:
    return reason.startswith("refusal")


def _most(judgement: Judgement) -> str | None:
    """The style with the largest share; None where two have it."""
    largest = max(judgement.shares.values())
    styles = [style for style, share in judgement.shares.items() if share == largest]
    return styles[0] if len(styles) == 1 else None


def _share(hits: Sequence[bool], scenarios: Sequence[str]) -> tuple[float, float, float, int]:
    """Share, its interval and the number of scenarios."""
    share, n = float(np.mean(hits)), len(set(scenarios))
    return share, *binomial_interval(round(share * n), n), n
