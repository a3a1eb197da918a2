"""One round of generation: write what is missing, check it by rule, have it judged blind."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from empathy_core.datasets.generation.acceptance import faults, near_copies
from empathy_core.datasets.generation.grid import Cell
from empathy_core.datasets.generation.judge import (
    RUBRICS,
    Item,
    Scores,
    judge_parameters,
    objections,
    scale_schema,
    scores,
)
from empathy_core.datasets.generation.plan import GenerationSettings
from empathy_core.datasets.generation.requests import Batch, Requests, custom_id, fingerprint, read
from empathy_core.datasets.generation.writing import Triplet, writing_parameters

UNWRITTEN = "no triplet: "
UNJUDGED = "no verdict: "
Submit = Callable[[str, Requests], Batch]
"""Has requests answered in one batch of this name."""


@dataclass(frozen=True)
class Draft:
    """A triplet that keeps the rules, and where it came from."""

    cell: Cell
    triplet: Triplet
    attempt: int
    model: str
    prompt_sha256: str
    message_id: str
    date: str

    @property
    def items(self) -> tuple[Item, ...]:
        """Its replies, to be judged."""
        return tuple(
            Item(f"{self.cell.scenario_id}-{style}-{self.attempt}", self.triplet.scenario, reply, style)
            for style, reply in self.triplet.replies.items()
        )


@dataclass(frozen=True)
class Ledger:
    """Where a generation stands after some rounds."""

    accepted: dict[str, Draft]
    waiting: dict[str, Draft]
    """Not objected to, and not judged in full: an answer of the judge could not be read."""
    reasons: dict[str, tuple[tuple[str, ...], ...]]
    """Why each attempt at a scenario was turned down."""
    written: tuple[Item, ...]
    judged: dict[str, Scores]
    """Verdicts by item."""


def empty(grid: Sequence[Cell]) -> Ledger:
    """The ledger before the first round."""
    return Ledger({}, {}, {cell.scenario_id: () for cell in grid}, (), {})


def play(
    ledger: Ledger,
    grid: Sequence[Cell],
    planted: Sequence[Item],
    attempt: int,
    settings: GenerationSettings,
    submit: Submit,
) -> Ledger:
    """One round: at most one batch of writing and one of judging, the planted items among the judged."""
    written = _write(ledger, grid, attempt, settings.writer, submit)
    return _judge(written, planted, attempt, settings, submit)


def _write(ledger: Ledger, grid: Sequence[Cell], attempt: int, model: str, submit: Submit) -> Ledger:
    held = ledger.accepted | ledger.waiting
    todo = {cell.scenario_id: cell for cell in grid if cell.scenario_id not in held}
    if not todo:
        return ledger
    asked = {name: writing_parameters(model, cell, *_told(ledger, cell)) for name, cell in todo.items()}
    keys = {name: custom_id(name, attempt, parameters) for name, parameters in asked.items()}
    batch = submit(f"write-{attempt}", {keys[name]: parameters for name, parameters in asked.items()})
    drafts, reasons = {}, {}
    for name, cell in todo.items():
        result = batch.results[keys[name]]
        triplet, unread = read(result, Triplet)
        reasons[name] = faults(cell, triplet.scenario, triplet.replies) if triplet else (UNWRITTEN + unread,)
        if triplet and not reasons[name]:
            message, prompt = result["message"], fingerprint(asked[name])
            drafts[name] = Draft(cell, triplet, attempt, message["model"], prompt, message["id"], batch.created)
    reasons |= _repetitions(drafts, held)
    kept = {name: draft for name, draft in drafts.items() if not reasons[name]}
    return replace(
        _turned_down(ledger, reasons),
        waiting=ledger.waiting | kept,
        written=ledger.written + tuple(item for draft in kept.values() for item in draft.items),
    )


def _repetitions(drafts: Mapping[str, Draft], held: Mapping[str, Draft]) -> dict[str, tuple[str, ...]]:
    scenarios = {name: draft.triplet.scenario for name, draft in {**held, **drafts}.items()}
    copies = near_copies({name: scenarios[name] for name in drafts}, {name: scenarios[name] for name in held})
    return {name: (f"scenario: too close to {other}, which is: {scenarios[other]}",) for name, other in copies.items()}


def _told(ledger: Ledger, cell: Cell) -> tuple[list[str], list[str]]:
    """What the writer of a cell is told: the scenarios its domain has, and what was wrong with the last attempt."""
    held = (ledger.accepted | ledger.waiting).values()
    used = [draft.triplet.scenario for draft in held if draft.cell.domain == cell.domain]
    last = ledger.reasons[cell.scenario_id][-1:]
    return used, [reason for reasons in last for reason in _said(reasons)]


def _said(reasons: Sequence[str]) -> list[str]:
    """The reasons that are about a text, not about an answer that could not be read."""
    return [reason for reason in reasons if UNWRITTEN not in reason and UNJUDGED not in reason]


def _judge(
    ledger: Ledger, planted: Sequence[Item], attempt: int, settings: GenerationSettings, submit: Submit
) -> Ledger:
    drafted = [item for draft in ledger.waiting.values() for item in draft.items]
    todo = {item.id: item for item in (*drafted, *planted) if item.id not in ledger.judged}
    if not todo:
        return ledger
    asked = {name: judge_parameters(settings.judge, item, settings.seed) for name, item in todo.items()}
    keys = {name: custom_id(name, attempt, parameters) for name, parameters in asked.items()}
    batch = submit(f"judge-{attempt}", {keys[name]: parameters for name, parameters in asked.items()})
    schema = scale_schema(tuple(RUBRICS))
    answers = {name: read(batch.results[key], schema) for name, key in keys.items()}
    judged = ledger.judged | {name: scores(answer) for name, (answer, _) in answers.items() if answer}
    unread = {name: UNJUDGED + reason for name, (answer, reason) in answers.items() if not answer}
    reasons = {name: _objections(draft, judged, unread) for name, draft in ledger.waiting.items()}
    accepted = {name: draft for name, draft in ledger.waiting.items() if not reasons[name]}
    waiting = {name: draft for name, draft in ledger.waiting.items() if reasons[name] and not _said(reasons[name])}
    return replace(_turned_down(ledger, reasons), accepted=ledger.accepted | accepted, waiting=waiting, judged=judged)


def _objections(draft: Draft, judged: Mapping[str, Scores], unread: Mapping[str, str]) -> tuple[str, ...]:
    found = {
        item.target: (unread[item.id],) if item.id in unread else objections(judged[item.id], item.target)
        for item in draft.items
    }
    return tuple(f"{style}: {reason}" for style, reasons in found.items() for reason in reasons)


def _turned_down(ledger: Ledger, reasons: Mapping[str, tuple[str, ...]]) -> Ledger:
    added = {name: (*ledger.reasons[name], found) for name, found in reasons.items() if found}
    return replace(ledger, reasons=ledger.reasons | added)
