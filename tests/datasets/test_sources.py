"""Which source is read, and what is refused before anything expensive starts."""

import pytest

from empathy_core.contracts import BadInput
from empathy_core.datasets.generation.plan import GenerationSettings
from empathy_core.datasets.sources import KEY, collect, named_source, read_source


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv(KEY, raising=False)


def test_auto_takes_the_bundled_texts_without_a_key_and_says_so():
    assert named_source("auto") == "bundled"


def test_auto_generates_where_a_key_is_set(monkeypatch):
    monkeypatch.setenv(KEY, "secret")
    assert named_source("auto") == "anthropic"


@pytest.mark.parametrize("key", [None, "", "  "])
def test_generation_without_a_key_is_refused_by_name(monkeypatch, key):
    if key is not None:
        monkeypatch.setenv(KEY, key)
    with pytest.raises(BadInput, match="no ANTHROPIC_API_KEY in the environment"):
        named_source("anthropic")


@pytest.mark.parametrize(
    ("source", "path", "sentence"),
    [
        ("web", "", "bundled, organism, file, anthropic or auto"),
        ("bundled", "x.json", "goes with `--source file`"),
        ("auto", "x.json", "goes with `--source file`"),
    ],
)
def test_an_unknown_source_or_a_stray_path_is_refused(source, path, sentence):
    with pytest.raises(BadInput, match=sentence):
        read_source(source, path)


def test_texts_that_are_read_come_without_a_report_of_their_generation(tmp_path):
    collected = collect("bundled", "", 0, GenerationSettings(), tmp_path, lambda *_: None)
    assert (collected.source, collected.generated, collected.gates) == ("bundled", None, ())
    assert len(collected.texts) == len(read_source("bundled"))
    assert not list(tmp_path.iterdir())
