"""The cards of a set of texts, by what a reader finds in them."""

import pytest
from metaflow.cards import Image, Markdown, Table

from empathy_core.cards.text_cards import ONLY_PEOPLE, collection_card, dataset_card
from empathy_core.contracts import Gate, Text, TextSet
from empathy_core.datasets.gates import gates
from empathy_core.datasets.generation.cost import Usage
from empathy_core.datasets.generation.outcome import Generated, Missing
from empathy_core.datasets.review.reviewed import apply
from empathy_core.datasets.sources import Collected
from empathy_core.datasets.splits import grouped_folds
from empathy_core.organisms.corpus import organism_texts

HOSTILE = '<script>alert(1)</script><svg onload="alert(1)">[x](javascript:alert(1)) `a` **b**'


def markdown(components):
    return [component._text for component in components if isinstance(component, Markdown)]


def cells(components):
    return [cell for part in components if isinstance(part, Table) for row in part._data for cell in row]


def hostile():
    texts = (Text("1", "s", HOSTILE, "warm", HOSTILE, HOSTILE), Text("2", "s", HOSTILE, "cold", HOSTILE, "c"))
    return apply(TextSet(HOSTILE, "measured", texts), ())


@pytest.fixture(scope="module")
def grammar_card():
    texts = organism_texts(24)
    found = gates(texts, grouped_folds(texts))
    return found, dataset_card(apply(texts, ()), found, "organism")


def test_hostile_texts_and_details_stand_in_plain_table_cells(estimates):
    quality = [one for one in estimates if "/quality/" in one.name]
    shown = dataset_card(hostile(), [Gate("g", one, "≤ 0.62", None, HOSTILE) for one in quality], HOSTILE)
    assert cells(shown).count(HOSTILE) >= 4
    assert all(type(cell) is str for cell in cells(shown))
    assert not [text for text in markdown(shown) if "<" in text]


def test_every_gate_stands_once_and_says_in_words_whether_it_passed(grammar_card):
    found, shown = grammar_card
    tables = [part._data for part in shown if isinstance(part, Table)]
    single = [row for rows in tables for row in rows if len(row) == 6]
    by_pair = [row for rows in tables for row in rows if len(row) == 8]
    assert len(single) + 3 * len(by_pair) == len(found)
    assert {row[-2] for row in (*single, *by_pair)} == {"passed", "FAILED", "reported only"}


def test_the_first_table_counts_and_names_the_failures(grammar_card):
    found, shown = grammar_card
    summary = dict(next(part for part in shown if isinstance(part, Table))._data)
    judged = [gate for gate in found if gate.passed is not None]
    passed = sum(gate.passed for gate in judged)
    assert summary["gates with a threshold that passed"] == f"{passed} of {len(judged)}"
    assert summary["gates that failed"].count(";") == len(judged) - passed - 1
    assert summary["human review"].startswith("awaiting review")


def test_the_card_draws_the_text_baselines_and_says_what_only_people_can_tell(grammar_card):
    _, shown = grammar_card
    assert sum(isinstance(part, Image) for part in shown) == 1
    assert {question for question, _ in ONLY_PEOPLE} <= set(cells(shown))


def test_texts_that_were_read_say_their_source_and_nothing_of_generation():
    texts = organism_texts(24)
    assert cells(collection_card(Collected("organism", texts), ())) == ["organism"]


def test_what_generation_paid_refused_and_lost_is_shown():
    generated = Generated(
        texts=organism_texts(24),
        missing=(Missing("grief-3", "grief", (("too long",), ("refusal", HOSTILE), ("too long",))),),
        refusals={"grief": 2, "work": 0},
        usage=(Usage("claude-a", 2, 91, 1000, 2000), Usage("claude-b", 2, 390, 3000, 400, 0, 7)),
        provenance=(),
        gates=(),
        notes=("claude-a is deprecated",),
    )
    shown = cells(collection_card(Collected("anthropic", generated.texts, generated), ["about 3 million tokens"]))
    assert {"about 3 million tokens", "claude-a", "91", "2000", "390", "claude-a is deprecated"} <= set(shown)
    assert f"too long | refusal; {HOSTILE} | too long" in shown
    assert shown[shown.index("grief-3") + 1] == "grief"
    assert "work" not in shown
