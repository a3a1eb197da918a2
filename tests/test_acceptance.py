"""The instrument finds what was planted in the organisms and nothing where nothing was, measured afresh.

Fewer permutations and null directions than the study, the same code.
"""

from functools import cache, partial

import pytest
from steered_organisms import written

from empathy_core.activations.extract import extract
from empathy_core.activations.store import point_reader
from empathy_core.datasets.sources import read_source
from empathy_core.geometry.dimensionality import concept_dimensions, dimension_estimates
from empathy_core.models.load import load_model
from empathy_core.models.specs import ORGANISMS, resolve
from empathy_core.probes.directions import steering_point
from empathy_core.probes.reading import ReadingSettings, control_model, holm_over_models, read_model
from empathy_core.verdicts import judge_models


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    texts, store = read_source("organism"), tmp_path_factory.mktemp("store")

    @cache
    def measure(name):
        activations = extract(load_model(resolve(name)), texts, store)
        read_point = point_reader(activations, "mean")
        point, asked = steering_point(activations), ReadingSettings(permutations=200)
        reading = read_model(read_point, activations, texts, asked)
        controls = control_model(partial(point_reader, activations), "mean", activations, texts, reading, point, asked)
        estimates = (
            *reading.estimates,
            *holm_over_models(reading.estimates),
            *controls,
            *dimension_estimates(f"grammar/{name}", concept_dimensions(read_point(point), texts, seed=0)),
            *written(name, tmp_path_factory).estimates,
        )
        verdicts = judge_models(estimates, texts, [activations.model])
        return {e.name.removeprefix(f"grammar/{name}/"): e for e in estimates}, verdicts

    return measure


@pytest.mark.parametrize("name", ORGANISMS)
def test_every_verdict_is_the_planted_one(measured, name):
    _, verdicts = measured(name)
    # Dictionaries are trained in tests/saes, where their verdicts are held to what was planted.
    planted = [verdict for verdict in verdicts if verdict.expected and verdict.criterion != "SAE convergence"]
    assert len(planted) >= 7
    assert {v.criterion: v.outcome for v in planted} == {v.criterion: v.expected for v in planted}
    # The grammar writes no foils, and the verdict says so rather than nothing.
    assert {v.criterion: v.outcome for v in verdicts}["foil transfer"] == "not measurable"


@pytest.mark.parametrize("name", ["persistent", "graded"])
def test_style_is_read_across_lexical_families_where_words_are_at_chance(measured, name):
    found, _ = measured(name)
    assert found["read/three-way/text/tfidf/auroc"].low < 0.55
    assert found["read/three-way/nested/auroc"].value > 0.9
    # Character n-grams catch what the families' words have in common, and are the baseline to exceed.
    assert found["read/three-way/excess"].low > 0


def test_the_first_block_carries_style_to_the_last_token_where_it_is_kept_and_no_block_where_it_is_not(measured):
    by_model = {
        name: [measured(name)[0][f"control/pool=last/point={point}/auroc"].value for point in range(5)]
        for name in ("persistent", "graded", "scrambled")
    }
    # Every reply ends in a full stop, which by itself says nothing.
    assert all(curve[0] == 0.5 for curve in by_model.values())
    assert min(by_model["persistent"][1:]) > 0.95 and min(by_model["graded"][1:]) > 0.8
    assert max(by_model["scrambled"][1:]) < 0.6


@pytest.mark.parametrize("name", ["persistent", "graded"])
def test_style_is_read_with_register_and_length_taken_out(measured, name):
    found, _ = measured(name)
    plain = found["read/three-way/nested/auroc"].value
    for control in ("erase-register", "length-residualised"):
        assert found[f"control/{control}/nested/auroc"].value > plain - 0.05
    # Taking it out worked: register itself is hardly to be read any more.
    left, before = (found[f"control/erase-register/{when}/nested/auroc"] for when in ("left", "before"))
    assert left.value < before.value - 0.2


@pytest.mark.parametrize("name", ["persistent", "graded"])
def test_style_is_read_in_contexts_that_were_not_taught(measured, name):
    found, _ = measured(name)
    assert found["control/held-out-context/nested/auroc"].low > 0.9
    assert found["control/held-out-family/nested/auroc"].low > 0.9
    assert found["control/transfer/off-diagonal/auroc"].low > 0.8


def test_the_affective_direction_makes_replies_affective_while_they_parse_and_random_ones_do_not(measured):
    found, _ = measured("persistent")
    base = found["write/affective/steered/alpha=0/share"].value
    reached = [a for a in (0.15, 0.3, 0.45) if found[f"write/affective/steered/alpha={a:g}/share"].value >= 0.65]
    assert 0.1 <= base <= 0.4 and reached
    assert any(found[f"write/affective/steered/alpha={a:g}/parses"].value >= 0.8 for a in reached)
    for strength in (0.15, 0.3, 0.45):
        assert abs(found[f"write/affective/random/alpha={strength:g}/share"].value - base) <= 0.10


def test_ablating_the_style_subspace_breaks_persistence_and_leaves_register_alone(measured):
    found, _ = measured("persistent")
    assert found["ablate/none/persistence"].value >= 0.9
    assert found["ablate/style/persistence"].value <= 0.65
    assert found["ablate/random/persistence"].value >= 0.85
    assert abs(found["ablate/style/casual"].value - found["ablate/none/casual"].value) <= 0.1


def test_graded_lies_between_persistent_and_scrambled(measured):
    kept = [measured(name)[0]["ablate/none/persistence"].value for name in ("persistent", "graded", "scrambled")]
    assert kept[0] > kept[1] + 0.1 and kept[1] > kept[2] + 0.1


@pytest.mark.parametrize("name", ["scrambled", "untrained"])
def test_where_no_style_is_carried_range_and_bandwidth_do_not_exceed_their_nulls(measured, name):
    found, _ = measured(name)
    assert found["bandwidth/empathy"].low <= found["bandwidth/empathy"].null
    for style in ("cognitive", "affective", "instrumental"):
        assert found[f"write/{style}/range"].low == 0.0


def test_a_scrambled_organism_writes_coherently_under_steering_and_still_gets_no_range(measured):
    found, _ = measured("scrambled")
    assert found["write/affective/steered/alpha=0.3/parses"].value >= 0.8
    assert found["write/affective/range"].low == 0.0


def test_register_is_steerable_in_the_scrambled_organism(measured):
    found, _ = measured("scrambled")
    assert found["write/casual/range"].low > 0
