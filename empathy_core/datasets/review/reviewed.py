"""What the decisions make of a set of texts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from empathy_core.contracts import BadInput, Text, TextSet
from empathy_core.datasets.review.decisions import Decision, rated
from empathy_core.datasets.schema import check


@dataclass(frozen=True)
class Reviewed:
    """A set of texts after review."""

    texts: TextSet
    status: str
    """`awaiting review`, `partly reviewed n of N` (replies) or `reviewed`."""
    counts: dict[str, int]
    """Replies that were accepted, edited, rejected, and not rated."""
    dropped: tuple[str, ...]
    """Scenarios without their main texts, because a reply was rejected."""


def apply(texts: TextSet, decisions: Sequence[Decision]) -> Reviewed:
    """Drop rejected replies with their whole scenario, and put edited replies in place of the originals.

    A reply is rejected when at least half of its raters reject it. An edit by any rater of another reply holds, and
    changes the text's content hash. Texts of other roles stay. Raises `BadInput` when two raters edit one text
    differently, for decisions that do not fit the texts (see `decisions.rated`), and when too few texts are left.
    """
    found = rated(texts, decisions)
    outcomes = {text: _outcome(text, given) for text, given in found.items()}
    dropped = tuple(dict.fromkeys(text.scenario_id for text, outcome in outcomes.items() if outcome is None))
    kept = tuple(
        outcomes.get(text) or text for text in texts.texts if not (text.role == "main" and text.scenario_id in dropped)
    )
    n_main = sum(text.role == "main" for text in texts.texts)
    kinds = Counter(_kind(text, outcome) for text, outcome in outcomes.items())
    counts = {kind: kinds[kind] for kind in ("accepted", "edited", "rejected")} | {"not rated": n_main - len(found)}
    return Reviewed(check(TextSet(texts.name, texts.kind, kept)), _status(len(found), n_main), counts, dropped)


def _outcome(text: Text, decisions: Sequence[Decision]) -> Text | None:
    """The text as it stands after review; None when it is rejected."""
    if 2 * sum(decision.decision == "reject" for decision in decisions) >= len(decisions):
        return None
    edits = {decision.edited_text: decision.rater for decision in decisions if decision.decision == "edit"}
    if len(edits) > 1:
        first, second = list(edits)[:2]
        raise BadInput(
            "A text has at most one edited version.",
            f"{text.id!r} as {first!r} by {edits[first]} and as {second!r} by {edits[second]}",
            "two raters corrected it independently",
            "agree on one wording, and let both raters enter it or one of them accept the text",
        )
    return replace(text, response=next(iter(edits), text.response))


def _kind(text: Text, outcome: Text | None) -> str:
    return "rejected" if outcome is None else "accepted" if outcome == text else "edited"


def _status(n_rated: int, n: int) -> str:
    if not n_rated:
        return "awaiting review"
    return "reviewed" if n_rated == n else f"partly reviewed {n_rated} of {n}"
