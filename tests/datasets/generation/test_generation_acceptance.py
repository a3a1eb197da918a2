from collections import defaultdict
from dataclasses import replace

import pytest
from author import triplet
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from empathy_core.datasets.files import bundled
from empathy_core.datasets.gates import LIMITS
from empathy_core.datasets.generation.acceptance import MAX_COSINE, faults, near_copies, shared_opening
from empathy_core.datasets.generation.grid import OTHERS, Cell, cells
from empathy_core.datasets.quality.wording import VECTORISERS

YOU, CASUAL, SECOND = cells()[0], cells()[3], cells()[6]  # formal first; casual first; formal second: all open with you
THING, WHEN = cells()[1], cells()[2]


def broken(cell: Cell, **edits: tuple[str, str]) -> tuple[str, ...]:
    """Faults of the scripted triplet of a cell after one replacement in each field named; `every` is each reply."""
    found = dict(triplet(cell))
    if "every" in edits:
        edits = dict.fromkeys(("cognitive", "affective", "instrumental"), edits["every"])
    for field, (old, new) in edits.items():
        assert old in found[field]
        found[field] = found[field].replace(old, new)
    return faults(cell, found.pop("scenario"), found)


@pytest.mark.parametrize("cell", cells()[:12], ids=lambda cell: f"{cell.family}-{cell.register}-{cell.person}")
def test_a_triplet_that_keeps_its_cell_has_no_fault(cell):
    assert broken(cell) == ()


def test_hand_written_triplets_keep_these_rules():
    triplets = defaultdict(list)
    for text in bundled().texts:
        if text.role == "main":
            triplets[text.scenario_id].append(text)
    bad = {}
    for name, texts in triplets.items():
        first, replies = texts[0], {text.style: text.response for text in texts}
        cell = Cell(name, first.context, first.family, first.register, first.person, "", first.split, "")
        found = [faults(replace(cell, other=other), first.scenario, replies) for other in OTHERS]
        bad |= {name: min(found, key=len)} if all(found) else {}
    assert len(bad) <= 0.03 * len(triplets), bad


@pytest.mark.parametrize(
    "cell, edits, fault",
    [
        (YOU, {"scenario": ("It is", "It’s")}, "scenario: contraction 'It’s' in a formal text"),
        (YOU, {"affective": ("which is", "that's")}, "affective: contraction \"that's\" in a formal text"),
        (CASUAL, {"cognitive": ("that’s", "which is")}, "cognitive: no contraction in a casual text"),
        (CASUAL, {"scenario": ("It’s", "It is")}, "scenario: no contraction in a casual text"),
        (YOU, {"instrumental": (" I ", " we ")}, "instrumental: never says I, me or my"),
        (SECOND, {"affective": ("which is", "which my")}, "affective: says I, me or my"),
        (SECOND, {"every": ("You saw", "We saw")}, "does not open with you or your"),
        (THING, {"every": ("The", "Some")}, None),
        (WHEN, {"every": ("After", "Every")}, "does not open with a time or circumstance"),
        (YOU, {"cognitive": ("You saw", "You took")}, "only their first 1 words are the same, not 3 or more"),
        (YOU, {"scenario": (" her.", " him.")}, "'she' is not its most frequent third-person pronoun"),
        (YOU, {"scenario": (" her.", " her him.")}, "'she' is not its most frequent third-person pronoun"),
        (YOU, {"affective": ("café", "Consider")}, "affective: stock phrase 'consider'"),
        (YOU, {"affective": ("café", "considerate")}, None),
        (YOU, {"affective": ("café for", "café — for")}, "affective: stock phrase '—'"),
        (YOU, {"cognitive": (" I which", ". Two. I which")}, "4, 2, 2 sentences"),
        (YOU, {"every": (" café", " on and on" * 6 + " café")}, "cognitive: 62 words, not 35 to 60"),
        (YOU, {"scenario": ("It is", "It is " + "as it was and is " * 6)}, "scenario: 68 words, not 25 to 60"),
    ],
)  # fmt: skip
def test_each_rule_is_told_in_words_when_it_is_broken(cell, edits, fault):
    found = " | ".join(broken(cell, **edits))
    assert (fault or "") in found and bool(found) == bool(fault)


def test_lengths_are_compared_in_characters_and_in_words():
    found = " | ".join(broken(YOU, cognitive=("café", "café and a really long rest")))
    assert "replies: characters differ by" in found and "words differ" not in found
    assert "words differ by 15.1% (cognitive 51, affective 44, instrumental 44), not at most 15%" in " | ".join(
        broken(YOU, cognitive=("café", "a b c d e f g h"))
    )


def test_a_thing_must_be_named_in_the_scenario_in_either_number():
    noun = triplet(THING)["scenario"].split()[1]
    assert broken(THING, every=(noun, noun + "s")) == ()
    assert "does not open with a thing that the scenario names" in broken(THING, every=(noun, "other"))[0]


def test_an_empty_reply_breaks_rules_and_nothing_else():
    found = faults(YOU, "", dict.fromkeys(("cognitive", "affective", "instrumental"), ""))
    assert "scenario: 0 words, not 25 to 60" in found and "cognitive: 0 words, not 35 to 60" in found


def test_the_shared_opening_ends_where_one_reply_leaves():
    assert shared_opening({"a": "The seat in Leeds was", "b": "the seat, in Leeds, is"}) == (
        "the",
        "seat",
        "in",
        "leeds",
    )


def test_a_near_copy_is_one_whose_cosine_by_scikit_learn_is_above_the_gates_limit():
    accepted = {"a": "a dog in the garden ate the letter", "b": "rain fell on the roof of the old mill"}
    candidates = {
        "c": "the letter in the garden was eaten by a dog",
        "d": "nobody came to the station on Sunday",
        "e": "nobody came to the station on Monday",
    }
    cosines = cosine_similarity(TfidfVectorizer().fit_transform([*accepted.values(), *candidates.values()]))
    limit = MAX_COSINE["words"]
    assert cosines[0, 2] > limit and cosines[3, 4] > limit and max(cosines[3, :3]) < limit
    assert near_copies(candidates, accepted) == {"c": "a", "e": "d"}


def test_the_limits_are_those_of_the_gates():
    assert {name: LIMITS[f"nearest-scenarios/{name}"].high for name in VECTORISERS} == MAX_COSINE


def test_scenarios_that_share_content_words_alone_are_near_copies_too():
    few = {"a": "My aunt lost the ferry ticket.", "b": "And so it was that this ferry ticket of hers, my aunt lost."}
    assert cosine_similarity(TfidfVectorizer().fit_transform(few.values()))[0, 1] < MAX_COSINE["words"]
    assert near_copies({"b": few["b"]}, {"a": few["a"]}) == {"b": "a"}


def test_a_first_scenario_copies_nothing():
    assert near_copies({"a": "only one here"}, {}) == {} == near_copies({}, {})
