"""The instrument finds what was planted in the organisms and nothing where nothing was, measured afresh.

Fewer permutations and null directions than the study, the same code.
"""

from functools import cache

import pytest

from empathy_core.activations.extract import extract
from empathy_core.activations.store import point_reader
from empathy_core.datasets.sources import read_source
from empathy_core.geometry.reading import ReadingSettings, read_model
from empathy_core.models.load import load_model
from empathy_core.models.specs import ORGANISMS, resolve
from empathy_core.probes.directions import make_directions
from empathy_core.steering.analysis import analyse
from empathy_core.steering.experiment import run_experiment
from empathy_core.steering.sampling import SamplingSettings
from empathy_core.steering.sweep import SweepSettings
from empathy_core.verdicts import judge_models

SETTINGS = SweepSettings(random_directions=12)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    texts, store = read_source("organism"), tmp_path_factory.mktemp("store")

    @cache
    def measure(name):
        loaded = load_model(resolve(name))
        activations = extract(loaded, texts, store)
        read_point = point_reader(activations, "mean")
        reading = read_model(read_point, activations, texts, ReadingSettings(permutations=200))
        directions = make_directions(read_point, activations, texts, permutations=1)
        experiment = run_experiment(loaded, texts, directions, SETTINGS, SamplingSettings())
        written = analyse(experiment, texts, directions, reading, seed=0)
        estimates = reading.estimates + written.estimates
        verdicts = judge_models(estimates, texts, [activations.model], "")
        return {e.name.removeprefix(f"grammar/{name}/"): e for e in estimates}, verdicts

    return measure


@pytest.mark.parametrize("name", ORGANISMS)
def test_every_verdict_is_the_planted_one(measured, name):
    _, verdicts = measured(name)
    assert {v.criterion: v.outcome for v in verdicts} == {v.criterion: v.expected for v in verdicts}


@pytest.mark.parametrize("name", ["persistent", "graded"])
def test_style_is_read_across_lexical_families_where_words_are_at_chance(measured, name):
    found, _ = measured(name)
    assert found["read/three-way/tfidf/auroc"].low < 0.55
    assert found["read/three-way/nested/auroc"].value > 0.9
    assert found["read/three-way/excess"].low > 0.3


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
