"""What a generation gives: the accepted texts, what is missing and why, where each came from and what it cost."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from empathy_core.contracts import BadInput, Gate, Text, TextSet
from empathy_core.datasets.generation.cost import Usage
from empathy_core.datasets.generation.grid import Cell
from empathy_core.datasets.generation.rounds import Draft, Ledger
from empathy_core.datasets.schema import check


@dataclass(frozen=True)
class Missing:
    """A triplet that no attempt brought."""

    scenario_id: str
    domain: str
    reasons: tuple[tuple[str, ...], ...]
    """Why each attempt was turned down."""


@dataclass(frozen=True)
class Provenance:
    """Where one text came from."""

    text_id: str
    model: str
    """As the service named it."""
    prompt_sha256: str
    message_id: str
    attempt: int
    date: str


@dataclass(frozen=True)
class Generated:
    """A generated set and everything a reader must know of it."""

    texts: TextSet
    missing: tuple[Missing, ...]
    refusals: dict[str, int]
    """How often a model refused to write or to judge, by domain."""
    usage: tuple[Usage, ...]
    """Of the writer and of the judge."""
    provenance: tuple[Provenance, ...]
    gates: tuple[Gate, ...]
    """Whether the judge can be believed."""
    notes: tuple[str, ...]
    """What the service says of the models."""


def accepted_texts(ledger: Ledger, grid: Sequence[Cell]) -> TextSet:
    """The accepted triplets in long form, in the order of the grid.

    Raises `BadInput` with the commonest reasons when there is none.
    """
    if not ledger.accepted:
        reasons = Counter(
            re.sub(r"\d+", "n", reason)
            for attempts in ledger.reasons.values()
            for found in attempts
            for reason in found
        )
        raise BadInput(
            "A generated set holds at least one triplet that keeps every rule.",
            f"none of {len(grid)}; most often: "
            + "; ".join(f"{reason} ({count} times)" for reason, count in reasons.most_common(3)),
            "a model that is too weak for the task, or one that refuses it",
            "choose another model",
        )
    rows = [
        Text(
            id=f"{draft.cell.scenario_id}-{style}",
            scenario_id=draft.cell.scenario_id,
            context=draft.cell.domain,
            style=style,
            scenario=draft.triplet.scenario,
            response=reply,
            register=draft.cell.register,
            family=draft.cell.family,
            person=draft.cell.person,
            split=draft.cell.split,
            origin=draft.model,
        )
        for draft in _accepted(ledger, grid)
        for style, reply in draft.triplet.replies.items()
    ]
    return check(TextSet("generated", "measured", tuple(rows)))


def missing(ledger: Ledger, grid: Sequence[Cell]) -> Iterator[Missing]:
    """Every triplet that was not accepted."""
    for cell in grid:
        if cell.scenario_id not in ledger.accepted:
            yield Missing(cell.scenario_id, cell.domain, ledger.reasons[cell.scenario_id])


def refusals(ledger: Ledger, grid: Sequence[Cell]) -> dict[str, int]:
    """How many attempts of each domain a model refused to write or to judge."""
    counts = dict.fromkeys((cell.domain for cell in grid), 0)
    for cell in grid:
        counts[cell.domain] += sum(": refusal" in "\n".join(found) for found in ledger.reasons[cell.scenario_id])
    return counts


def provenance(ledger: Ledger, grid: Sequence[Cell]) -> Iterator[Provenance]:
    """Where each accepted text came from, in the order of the texts."""
    for draft in _accepted(ledger, grid):
        for style in draft.triplet.replies:
            text_id = f"{draft.cell.scenario_id}-{style}"
            yield Provenance(text_id, draft.model, draft.prompt_sha256, draft.message_id, draft.attempt, draft.date)


def _accepted(ledger: Ledger, grid: Sequence[Cell]) -> list[Draft]:
    return [ledger.accepted[cell.scenario_id] for cell in grid if cell.scenario_id in ledger.accepted]
