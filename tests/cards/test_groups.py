from dataclasses import replace

from empathy_core.cards.groups import groups, is_planted
from empathy_core.cards.keys import parse_key


def test_numbers_of_texts_and_models_that_nobody_made_are_measured():
    assert not is_planted("bundled", "qwen2.5-7b-instruct")
    assert not is_planted("bundled", "some-folder-of-mine")
    assert not is_planted("bundled", "")


def test_numbers_of_grammar_texts_or_organisms_are_planted():
    assert is_planted("grammar", "qwen2.5-7b-instruct")
    assert is_planted("bundled", "persistent")


def test_planted_and_measured_numbers_never_share_a_section(estimates, verdicts):
    mixed = [replace(one, name=one.name.replace("grammar/untrained", "bundled/my-llama")) for one in estimates]
    mixed += [replace(one, name=one.name.replace("grammar", "bundled")) for one in estimates if "/graded/" in one.name]
    sections = groups(mixed, [verdict for verdict in verdicts if verdict.model != "untrained"])
    found = {(s.texts, s.planted): {parse_key(e.name).model for e in s.estimates} for s in sections}
    assert found == {
        ("grammar", True): {"persistent", "graded", "scrambled"},
        ("bundled", True): {"graded"},
        ("bundled", False): {"my-llama", ""},
    }
    assert sum(len(section.estimates) for section in sections) == len(mixed)


def test_a_section_with_verdicts_comes_first(estimates, verdicts):
    assert [section.texts for section in groups(estimates, verdicts)] == ["grammar", "bundled"]
    assert [section.texts for section in groups(estimates, [])] == ["bundled", "grammar"]
