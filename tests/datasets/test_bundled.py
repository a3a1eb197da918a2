"""The shipped texts keep the grid and the rules that their data card states."""

import json
import re
from collections import Counter, defaultdict

import pytest

from empathy_core.contracts import Text, TextSet
from empathy_core.datasets import bundle
from empathy_core.datasets.files import BUNDLED, bundled, json_schema
from empathy_core.datasets.gates import record
from empathy_core.datasets.generation.acceptance import faults
from empathy_core.datasets.generation.grid import cells
from empathy_core.datasets.surface import CONTRACTION, lengths, words

CARD = (BUNDLED / "README.md").read_text(encoding="utf-8")
QUALITY = json.loads((BUNDLED / "quality.json").read_text(encoding="utf-8"))
ROWS = {
    "main": 270,
    "foil": 90,
    "valence_stripped": 270,
    "non_empathic": 180,
    "pair": 200,
    "register": 100,
    "emotion": 90,
}
STYLES = {
    "main": ("cognitive", "affective", "instrumental"),
    "foil": ("cognitive", "affective", "instrumental"),
    "valence_stripped": ("factual", "informational", "procedural"),
    "non_empathic": ("enthusiastic", "analytical", "reflective"),
    "pair": ("empathetic", "neutral"),
    "register": ("formal", "casual"),
    "emotion": ("happy", "sad", "angry"),
}
CONTEXTS = ("crisis_support", "emotional_disclosure", "frustration", "casual_conversation", "technical_assistance")
STOCK_PHRASES = ("it sounds like", "my heart", "so sorry", "reach out", "i hear you", "here for you", "—")


@pytest.fixture(scope="module")
def texts() -> TextSet:
    return bundled()


@pytest.fixture(scope="module")
def by_scenario(texts) -> dict[tuple[str, str], list[Text]]:
    grouped = defaultdict(list)
    for text in texts.texts:
        grouped[text.role, text.scenario_id].append(text)
    return grouped


def opening(text):
    return tuple(words(text.response)[:3])


def of_role(by_scenario, role):
    return {scenario: found for (own, scenario), found in by_scenario.items() if own == role}


def test_every_role_has_its_texts_in_its_styles(texts, by_scenario):
    assert Counter(text.role for text in texts.texts) == ROWS
    for (role, scenario), found in by_scenario.items():
        assert tuple(dict.fromkeys(text.style for text in found)) == STYLES[role], scenario
        assert len(found) == (4 if role == "pair" else len(STYLES[role]))


def test_every_triplet_stands_in_its_cell_of_the_grid_and_keeps_the_rules_that_generated_ones_must_keep(by_scenario):
    main = of_role(by_scenario, "main")
    for cell in cells():
        triplet = main.pop(cell.scenario_id)
        assert {(t.context, t.family, t.register, t.person, t.split) for t in triplet} == {
            (cell.domain, cell.family, cell.register, cell.person, cell.split)
        }
        assert faults(cell, triplet[0].scenario, {text.style: text.response for text in triplet}) == ()
    assert not main


def test_foils_and_stripped_replies_share_scenario_cell_and_rules_with_their_triplet(by_scenario):
    main = of_role(by_scenario, "main")
    assert of_role(by_scenario, "valence_stripped").keys() == main.keys()
    assert len(of_role(by_scenario, "foil").keys() & main.keys()) == 30
    for role in ("foil", "valence_stripped"):
        for scenario, found in of_role(by_scenario, role).items():
            [cell] = {(t.family, t.register, t.person) for t in [*found, *main[scenario]]}
            openings = {opening(text) for text in found}
            assert len(openings) == 1, scenario
            assert openings != {opening(main[scenario][0])}, scenario
            assert all(bool(CONTRACTION.search(t.response)) == (cell[1] == "casual") for t in found), scenario


def test_pairs_are_two_independent_realisations_of_either_kind_in_five_contexts(by_scenario):
    pairs = of_role(by_scenario, "pair")
    assert Counter(found[0].context for found in pairs.values()) == dict.fromkeys(CONTEXTS, 10)
    for found in pairs.values():
        assert [text.style for text in found] == ["empathetic", "empathetic", "neutral", "neutral"]
        assert len({text.response for text in found}) == 4
        assert [opening(text) for text in found[:2]] == [opening(text) for text in found[2:]]
        sizes = lengths([text.response for text in found])[:, 0]
        assert (sizes.max() - sizes.min()) / sizes.mean() <= 0.1, found[0].id


def test_register_pairs_differ_in_contractions_and_emotions_only_in_emotion(by_scenario):
    for formal, casual in of_role(by_scenario, "register").values():
        assert CONTRACTION.search(casual.response) and not CONTRACTION.search(formal.response), formal.id
    for found in of_role(by_scenario, "emotion").values():
        assert len({opening(text) for text in found}) == 1, found[0].id


def test_no_reply_uses_a_stock_phrase(texts):
    for text in texts.texts:
        assert not [phrase for phrase in STOCK_PHRASES if phrase in text.response.lower()], text.id


def test_no_text_is_a_copy_of_another_and_none_holds_what_looks_like_personal_data(texts):
    assert len({text.response for text in texts.texts}) == len(texts)
    for text in texts.texts:
        joined = f"{text.scenario} {text.response}"
        assert not re.search(r"@|https?:|www\.|\+?\d[\d ()-]{7,}\d", joined), text.id


def test_what_describes_the_texts_is_what_the_command_would_write(texts):
    found = bundle.quality(texts)
    assert json.loads((BUNDLED / "MANIFEST.json").read_text(encoding="utf-8")) == bundle.manifest()
    assert json.loads((BUNDLED / "text.schema.json").read_text(encoding="utf-8")) == json_schema()
    assert {gate["name"]: gate["passed"] for gate in QUALITY["gates"]} == {gate.name: gate.passed for gate in found}
    assert QUALITY["content_hash"] == record(texts, found)["content_hash"]
    for kept, gate in zip(QUALITY["gates"], found, strict=True):
        assert kept["estimate"]["value"] == pytest.approx(gate.estimate.value, abs=1e-9), gate.name
    assert bundle.CARD_TABLE.search(CARD).group() == bundle.card_table(found)


def test_every_gate_that_fails_is_explained_in_the_data_card(texts):
    explained = CARD.split("## Gates that fail")[1].split("\n## ")[0]
    failed = [gate["name"] for gate in QUALITY["gates"] if gate["passed"] is False]
    assert all(f"`{name}`" in explained for name in failed), failed
    assert re.findall(r"^- `([^`]+)`", explained, re.MULTILINE) == failed


def test_the_data_card_opens_with_the_metadata_a_hub_reads():
    head = CARD.split("---")[1]
    assert all(f"{key}:" in head for key in ("license", "language", "pretty_name", "size_categories", "configs"))
    assert all(f"data_files: {name}" in head for name in bundle.FILES)
    assert "not validated by any outside human" in " ".join(CARD.split())


def test_every_text_fits_the_organisms_which_read_the_set_out_of_domain(texts):
    from transformers import AutoTokenizer

    from empathy_core.models.prompt import prompt_ids, response_ids
    from empathy_core.models.specs import ORGANISM_WEIGHTS, resolve

    spec = resolve("persistent")
    tokenizer = AutoTokenizer.from_pretrained(f"{ORGANISM_WEIGHTS}/persistent")
    for text in texts.texts:
        size = len(prompt_ids(spec, tokenizer, text.scenario)) + len(response_ids(spec, tokenizer, text.response))
        assert size <= 256, text.id
