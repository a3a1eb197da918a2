"""The shipped texts keep the grid and the rules that their data card states."""

import json
import re
from collections import Counter, defaultdict

import pytest

from empathy_core.contracts import Text, TextSet
from empathy_core.datasets.files import BUNDLED, bundled
from empathy_core.datasets.gates import gates
from empathy_core.datasets.splits import grouped_folds

CARD = (BUNDLED / "README.md").read_text(encoding="utf-8")
STYLES = ("cognitive", "affective", "instrumental")
STOCK_PHRASES = ("it sounds like", "my heart", "consider", "so sorry", "try to", "valid", "reach out", "—")
CONTRACTION = re.compile(
    r"\b\w+['’](?:re|ve|d|ll|t|m)\b|\b(?:it|that|there|he|she|what|who|here|nobody|everyone)['’]s\b", re.IGNORECASE
)
FIRST_PERSON = re.compile(r"\b(?:I|me|my|myself|mine)\b")


@pytest.fixture(scope="module")
def texts() -> TextSet:
    return bundled()


@pytest.fixture(scope="module")
def triplets(texts) -> dict[str, list[Text]]:
    grouped = defaultdict(list)
    for text in texts.texts:
        grouped[text.scenario_id].append(text)
    return grouped


def test_thirty_scenarios_over_ten_domains_have_one_reply_in_each_style(texts, triplets):
    assert len(triplets) == 30
    assert all(tuple(text.style for text in triplet) == STYLES for triplet in triplets.values())
    per_domain = Counter(triplet[0].context for triplet in triplets.values())
    assert list(per_domain.values()) == [3] * 10
    assert all(text.id == f"{text.scenario_id}-{text.style}" for text in texts.texts)


def test_family_register_and_person_are_crossed_and_shared_inside_a_triplet(triplets):
    cells = [{(text.family, text.register, text.person) for text in triplet} for triplet in triplets.values()]
    assert all(len(cell) == 1 for cell in cells)
    grid = [cell.pop() for cell in cells]
    registers, people = ("formal", "casual"), {"she": 4, "he": 4, "they": 4, "none": 3}
    by_family = Counter((family, register) for family, register, _ in grid)
    by_person = Counter((person, register) for _, register, person in grid)
    assert by_family == {(family, register): 5 for family in ("you", "i", "thing") for register in registers}
    assert by_person == {(person, register): count for person, count in people.items() for register in registers}


def test_replies_of_a_triplet_open_with_the_same_words_of_their_family(triplets):
    for triplet in triplets.values():
        [opening] = {tuple(text.response.split()[:3]) for text in triplet}
        family = "you" if opening[0] in ("You", "Your") else "i" if re.match(r"I\b", opening[0]) else "thing"
        assert family == triplet[0].family, triplet[0].id


def test_replies_have_35_to_60_words_and_three_of_a_triplet_differ_by_at_most_8_percent(triplets):
    for triplet in triplets.values():
        lengths = [len(text.response) for text in triplet]
        assert (max(lengths) - min(lengths)) / (sum(lengths) / 3) <= 0.08, triplet[0].scenario_id
        assert all(35 <= len(re.findall(r"[\w'’-]+", text.response)) <= 60 for text in triplet)


def test_formal_texts_have_no_contraction_and_casual_scenarios_do(triplets):
    for triplet in triplets.values():
        contractions = [bool(CONTRACTION.search(part)) for text in triplet for part in (text.scenario, text.response)]
        assert any(contractions) == (triplet[0].register == "casual"), triplet[0].scenario_id


def test_the_first_person_does_not_name_the_style(texts):
    counts = Counter(text.style for text in texts.texts if FIRST_PERSON.search(text.response))
    assert counts["affective"] <= 20
    assert min(counts["cognitive"], counts["instrumental"]) >= 10


def test_no_reply_uses_a_stock_phrase(texts):
    for text in texts.texts:
        assert not [phrase for phrase in STOCK_PHRASES if phrase in text.response.lower()], text.id


def test_no_text_is_split_from_its_domain(texts):
    splits = {(text.context, text.split) for text in texts.texts}
    assert Counter(split for _, split in splits) == {"train": 7, "test": 3}


def test_the_manifest_counts_the_rows(texts):
    manifest = json.loads((BUNDLED / "MANIFEST.json").read_text(encoding="utf-8"))
    assert manifest["files"]["empathy.jsonl"]["rows"] == len(texts) == 90


def test_every_gate_with_a_threshold_is_passed_and_the_data_card_states_its_value(texts):
    for gate in gates(texts, grouped_folds(texts)):
        assert gate.passed is not False, gate
        estimate, verdict = gate.estimate, {True: "yes", None: "–"}[gate.passed]
        row = f"| {gate.name} | {estimate.value:.2f} | {estimate.low:.2f} to {estimate.high:.2f} | {estimate.n} |"
        assert f"{row} {gate.threshold} | {verdict} |" in CARD, row


def test_the_data_card_opens_with_the_metadata_a_hub_reads():
    head = CARD.split("---")[1]
    assert all(f"{key}:" in head for key in ("license", "language", "pretty_name", "size_categories", "configs"))
    assert "not validated by any outside human" in " ".join(CARD.split())
