"""A style that is redrawn every sentence is not found, through the study's own functions and settings.

That one which is kept is found stands in `tests/flows/test_chain.py`, where the flows train its dictionaries.
"""

from pathlib import Path

import pytest

from empathy_core.activations.extract import extract
from empathy_core.activations.store import point_reader
from empathy_core.datasets.sources import read_source
from empathy_core.models.load import load_model
from empathy_core.models.specs import resolve
from empathy_core.probes.directions import steering_point
from empathy_core.saes.measure import converge, dictionaries
from empathy_core.saes.wanted import wanted
from empathy_core.verdicts import judge_models


@pytest.fixture(scope="module")
def scrambled(tmp_path_factory):
    texts, store = read_source("organism"), tmp_path_factory.mktemp("store")
    activations = extract(load_model(resolve("scrambled")), texts, store)
    point, told = steering_point(activations), []
    asked = wanted(texts, 1, "", "cpu", "float32")
    codes = dictionaries(activations, texts, point, asked, lambda done, total: told.append((done, total)))
    assert told[-1] == (300, 300)
    return (
        texts,
        activations,
        point,
        codes,
        converge(point_reader(activations, "mean"), activations, texts, point, codes),
    )


def test_a_style_that_is_not_kept_is_not_found(scrambled):
    texts, activations, _, _, found = scrambled
    verdicts = judge_models(found.estimates, texts, [activations.model])
    [verdict] = [one for one in verdicts if one.criterion == "SAE convergence"]
    assert verdict.outcome == verdict.expected == "not supported"


def test_the_dictionary_fits_tokens_of_words_that_it_never_saw(scrambled):
    numbers = {one.name.removeprefix("grammar/scrambled/sae/"): one for one in scrambled[4].estimates}
    assert numbers["explained-variance"].low > 0.5
    assert 16 <= numbers["l0"].value <= 32, "of 16 on the training family"
    assert numbers["dead"].value < 0.5
    assert "recurring" not in numbers, "one seed has nothing to recur in"
    assert {one.n for name, one in numbers.items() if name.endswith("auroc")} == {48}


def test_a_second_run_reuses_the_dictionary_and_a_folder_of_it_is_taken_as_pretrained(scrambled):
    texts, activations, point, codes, _ = scrambled
    root = activations.folder.removesuffix(f"/{activations.key}")
    [folder] = [path.parent for path in Path(root).glob("*-dictionary-*/cfg.json")]
    [given] = dictionaries(activations, texts, point, wanted(texts, 0, str(folder), "cpu", "float32"))
    assert (given.sparse != codes[0].sparse).nnz == 0
    assert given.source == folder.name and "explains" in given.notes[0]
