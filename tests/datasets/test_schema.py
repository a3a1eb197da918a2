"""The rules of a data set, each with the sentence a user reads when it is broken."""

from dataclasses import replace

import pytest
from toy import toy_texts as texts

from empathy_core.contracts import BadInput, TextSet
from empathy_core.datasets.schema import check


def with_first(texts, **fields):
    return replace(texts, texts=(replace(texts.texts[0], **fields), *texts.texts[1:]))


def test_a_sound_set_comes_back_unchanged():
    assert check(texts()) == texts()


@pytest.mark.parametrize(
    "broken, sentence",
    [
        (TextSet("toy", "measured", ()), "at least one text"),
        (texts(styles=("warm",)), "at least two main styles"),
        (with_first(texts(), id="0-cold"), "id of its own"),
        (with_first(texts(), response="  "), "Every text has a response"),
        (with_first(texts(), scenario=""), "Every text has a scenario"),
        (with_first(texts(), style="warm/kind"), "hold no slash"),
        (with_first(texts(), role="foil", style="wram"), "style 'wram' in row '0-warm'; the main styles are"),
        (with_first(texts(), split="dev"), "`train` or `test`"),
        (with_first(texts(), split="test"), "share its wording, its split and its lexical family"),
        (with_first(texts(), family="you"), "share its wording, its split and its lexical family"),
        (with_first(texts(), scenario="Another wording."), "share its wording, its split and its lexical family"),
    ],
    ids=[
        "empty",
        "one style",
        "repeated id",
        "no response",
        "no scenario",
        "slash in a style",
        "foil of no style",
        "unknown split",
        "torn split",
        "two families",
        "two wordings",
    ],
)
def test_each_broken_rule_is_named(broken, sentence):
    with pytest.raises(BadInput, match=sentence):
        check(broken)


def test_the_content_hash_changes_with_any_field():
    assert texts().content_hash != with_first(texts(), person="she").content_hash
