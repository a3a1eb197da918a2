"""The cards of a set of texts: where it came from, what gives its styles away, and what only people can tell."""

from collections.abc import Sequence
from itertools import combinations

from empathy_core.cards.components import Components, figures, heading, table
from empathy_core.cards.tables import ABSENT, GATE_OUTCOMES, Rows, interval, text_set_rows
from empathy_core.cards.words import describe
from empathy_core.contracts import Gate, Text, TextSet
from empathy_core.datasets.review.reviewed import Reviewed
from empathy_core.datasets.sources import Collected

DESIGN = (
    "levels",
    "smallest-cell",
    "shared-factors",
    "domains",
    "people",
    "commonest-name",
    "nearest-scenarios",
    "shared-passages",
    "contained-passages",
    "split-domains",
    "stated-origin",
)
GROUPS = {
    "Foils": ("foils",),
    "Control texts": ("controls",),
    "The judge of generated texts": ("judge",),
    "Human review": ("review",),
    "How broad and balanced the scenarios are": DESIGN,
    "What could tell the styles apart": ("",),
}
"""Heading of each table of gates, and how the names in it begin; a gate stands in the first that fits."""
ONLY_PEOPLE = (
    ("Each reply reads as its style and no other", "blind, at least 85 of 100 replies of each style"),
    ("Foils read as their style, not as their words", "blind, at least 80 of 100"),
    ("Scenarios cover different topics", "two coders, kappa of .8 on thirty scenarios"),
    ("Both replies of a register pair say the same", "two readers, every pair"),
    ("Replies to people in crisis are safe", "a trained reader, every text"),
)
HEADERS = ("gate", "value [95% interval]", "n", "threshold", "outcome", "detail")
SAMPLED_SCENARIOS = 6


def dataset_card(reviewed: Reviewed, gates: Sequence[Gate], source: str) -> Components:
    """What the gates say in one table, the figure of text baselines, every gate, and a sample of the texts."""
    texts = reviewed.texts
    return [
        heading("Can the styles be told apart without reading?"),
        table(["what", "value"], _summary(reviewed, gates, source)),
        *figures([gate.estimate for gate in gates]),
        *_gate_tables(texts, gates),
        heading("What no code can check"),
        table(["question", "asks for", "state"], [[*row, reviewed.status] for row in ONLY_PEOPLE]),
        heading("The texts"),
        table(["what", "value"], text_set_rows(texts)),
        heading("A sample, one scenario a domain"),
        table(["id", "style", "scenario", "response"], _sample(texts)),
    ]


def collection_card(collected: Collected, forecast: Sequence[str]) -> Components:
    """The source, and for generated texts what was asked, paid, refused and is missing."""
    shown = [heading("Where the texts came from"), table(["source"], [[collected.source]])]
    generated = collected.generated
    if generated is None:
        return shown
    usage = [
        [u.model, *map(str, (u.batches, u.requests, u.input_tokens, u.output_tokens, u.cache_read_tokens))]
        for u in generated.usage
    ]
    lost = [[m.scenario_id, m.domain, *(" | ".join("; ".join(r) for r in m.reasons),)] for m in generated.missing]
    refused = [[domain, str(count)] for domain, count in generated.refusals.items() if count]
    return [
        *shown,
        table(["before anything was sent"], [[line] for line in forecast]),
        heading("What was used"),
        table(["model", "batches", "requests", "input tokens", "output tokens", "read from cache"], usage),
        heading("What is missing"),
        table(["scenario", "domain", "why, attempt by attempt"], lost or [["none", ABSENT, ABSENT]]),
        table(["domain", "refusals"], refused or [["none", "0"]]),
        table(["notes"], [[note] for note in generated.notes] or [["none"]]),
    ]


def _summary(reviewed: Reviewed, gates: Sequence[Gate], source: str) -> Rows:
    judged = [gate for gate in gates if gate.passed is not None]
    failed = [describe(gate.estimate.name) for gate in judged if not gate.passed]
    words = [gate.estimate for gate in gates if gate.name.startswith("tfidf/")]
    best = max(words, key=lambda one: one.value, default=None)
    counts = ", ".join(f"{count} {kind}" for kind, count in reviewed.counts.items() if count)
    return [
        ["source", source],
        ["gates with a threshold that passed", f"{len(judged) - len(failed)} of {len(judged)}"],
        ["gates that failed", "; ".join(failed) or "none"],
        ["words alone, best pair (AUROC)", interval(best) if best else ABSENT],
        ["human review", f"{reviewed.status} ({counts})"],
        ["scenarios dropped in review", ", ".join(reviewed.dropped) or "none"],
    ]


def _gate_tables(texts: TextSet, gates: Sequence[Gate]) -> Components:
    """A table for each group, in which gates of pairs of styles stand side by side."""
    pairs = ["-".join(pair) for pair in combinations(texts.main_styles, 2)]
    tables: dict[str, dict[str, list[Gate]]] = {title: {} for title in reversed(GROUPS)}
    for gate in gates:
        title = next(title for title, begins in GROUPS.items() if gate.name.startswith(begins))
        stem, _, last = gate.name.rpartition("/")
        tables[title].setdefault(stem if last in pairs else gate.name, []).append(gate)
    shown: Components = []
    for title, rows in tables.items():
        compared = [row for row in rows.values() if len(row) == len(pairs) > 1]
        single = [row for row in rows.values() if row not in compared]
        shown += [heading(title)] if rows else []
        shown += [table(HEADERS, [_gate_row(row) for row in single])] if single else []
        headers = (HEADERS[0], *pairs, *HEADERS[2:])
        shown += [table(headers, [_gate_row(row) for row in compared])] if compared else []
    return shown


def _gate_row(row: Sequence[Gate]) -> list[str]:
    """One gate, or the same one for every pair of styles."""
    name = row[0].estimate.name if len(row) == 1 else row[0].estimate.name.rpartition("/")[0]
    passed = [gate.passed for gate in row]
    return [
        describe(name),
        *(interval(gate.estimate) for gate in row),
        str(row[0].estimate.n),
        row[0].threshold,
        GATE_OUTCOMES[None if None in passed else all(passed)],
        "; ".join(gate.detail for gate in row if gate.detail),
    ]


def _sample(texts: TextSet) -> Rows:
    """The main texts of the first scenario of the first domains."""
    first: dict[str, str] = {}
    for text in texts.texts:
        if text.role == "main":
            first.setdefault(text.context, text.scenario_id)
    chosen = list(first.values())[:SAMPLED_SCENARIOS]
    return [_row(text) for text in texts.texts if text.role == "main" and text.scenario_id in chosen]


def _row(text: Text) -> list[str]:
    return [text.id, text.style, text.scenario, text.response]
