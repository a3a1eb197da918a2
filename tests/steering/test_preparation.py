"""What stands before generation, on the organism that carries style and on one that does not."""

import numpy as np
import pytest

from empathy_core.activations.extract import extract
from empathy_core.activations.store import point_reader
from empathy_core.contracts import BadInput
from empathy_core.datasets.sources import read_source
from empathy_core.models.load import load_model
from empathy_core.models.specs import resolve
from empathy_core.steering.preparation import prepare


@pytest.fixture(scope="module")
def organism(tmp_path_factory):
    texts, loaded = read_source("organism"), load_model(resolve("persistent"))
    # Every other scenario: what is tested here needs no narrow intervals.
    scenarios = list(dict.fromkeys(texts.column("scenario_id").tolist()))[::2]
    texts = texts.rows(np.isin(texts.column("scenario_id"), scenarios))
    activations = extract(loaded, texts, tmp_path_factory.mktemp("store"))
    return loaded, texts, point_reader(activations, "mean"), activations


@pytest.fixture(scope="module")
def prepared(organism):
    return prepare(*organism, point=2, seed=0)


def test_everything_is_measured_at_the_point_that_was_asked_for(organism, prepared):
    named = {one.name.removeprefix("grammar/persistent/"): one for one in prepared.estimates}
    assert prepared.directions.point == named["likelihood/steered-point"].value == 2
    assert {one.point for half in prepared.contexts.directions for one in half} == {2}
    assert named["dimension/empathy/effective"].value == prepared.dimensions["empathy"].effective
    # No point was chosen, so none was compared with others.
    assert not [name for name in named if name.startswith("likelihood/point=")]


def test_a_push_favours_held_out_replies_in_its_own_style(prepared):
    named = {one.name.removeprefix("grammar/persistent/"): one for one in prepared.estimates}
    diagonal = named["likelihood/diagonal/alpha=0.15"]
    assert diagonal.low > diagonal.null > 0
    assert named["write/affective/side-effects/alpha=0.15/kl"].value < 0.05


def test_a_point_that_was_not_extracted_is_refused(organism):
    with pytest.raises(BadInput, match="point 9 of persistent"):
        prepare(*organism, point=9, seed=0)
