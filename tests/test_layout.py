"""What another version of the library wrote is refused by name, whether in an artifact or in a manifest."""

import json
import pickle
from dataclasses import dataclass, replace

import pytest
from test_store import SET, written

from empathy_core.activations import manifest, store
from empathy_core.activations.objects import at
from empathy_core.contracts import BadInput, TextSet
from empathy_core.layout import check_layout


def of_an_older_library(record, field):
    """The record as it was pickled before its class got this field."""
    older = pickle.loads(pickle.dumps(record))
    del older.__dict__[field]
    return older


def test_a_record_of_this_version_passes_and_so_does_what_is_no_record():
    for value in (SET, {"a": [SET, (SET,)]}, None, 7, "text", TextSet):
        check_layout(value, "Flow/1, artifact x")


@pytest.mark.parametrize("wrap", [lambda record: record, lambda record: {"tiny": record}, lambda record: [(record,)]])
def test_a_record_that_lacks_a_field_is_named_with_the_field_and_the_run(wrap):
    with pytest.raises(BadInput, match=r"Flow/1, artifact x: ActivationSet without dim.*older image"):
        check_layout(wrap(of_an_older_library(SET, "dim")), "Flow/1, artifact x")


def test_a_record_inside_a_record_is_found():
    older = replace(SET, model=of_an_older_library(SET.model, "location"))
    with pytest.raises(BadInput, match="ModelSpec without location"):
        check_layout(older, "Flow/1, artifact x")


def test_a_field_with_a_default_may_be_missing():
    """A class attribute stands in for it, as it does for whoever leaves it out."""
    check_layout(of_an_older_library(SET, "notes"), "Flow/1, artifact x")


@dataclass(frozen=True)
class WithMore(type(SET)):
    """What a newer library would call an activation set."""

    unheard_of: int = 3


def test_a_manifest_of_a_newer_library_is_refused_and_not_half_read(tmp_path):
    found = written(tmp_path)
    objects = at(found.folder)
    whole = manifest.unseal(objects.read("manifest.json"), found.folder)
    newer = replace(whole, activations=WithMore(**vars(found)))
    objects.write("manifest.json", manifest.seal(newer))
    assert "unheard_of" in json.loads(objects.read("manifest.json"))["activations"]
    with pytest.raises(BadInput, match=r"manifest.json.*unheard_of"):
        store.find(tmp_path, "key")
