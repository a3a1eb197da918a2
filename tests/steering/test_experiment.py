"""A whole experiment on a tiny random model: every arm generated, scored where it is read, and the same twice."""

from dataclasses import replace

import numpy as np
import pytest

from empathy_core.activations.extract import extract
from empathy_core.activations.store import point_reader
from empathy_core.models.load import load_model
from empathy_core.models.specs import resolve
from empathy_core.organisms.corpus import organism_texts
from empathy_core.probes.directions import make_directions
from empathy_core.steering.contexts import context_directions
from empathy_core.steering.experiment import run_experiment
from empathy_core.steering.forecast import count_replies, forecast_steering
from empathy_core.steering.sampling import SamplingSettings
from empathy_core.steering.sweep import SweepSettings

WHOLE = organism_texts(16)
# Byte by byte, whole replies do not fit the tiny model.
TEXTS = replace(WHOLE, texts=tuple(replace(t, response=t.response.split(". ")[0] + ".") for t in WHOLE.texts))
SETTINGS = SweepSettings(strengths=(0.3,), prompts=4, repeats=5, random_directions=2)
SAMPLING = SamplingSettings(max_new_tokens=3)
STYLES = ("cognitive", "affective", "instrumental")


@pytest.fixture(scope="module")
def loaded(tiny_llama_folder):
    return load_model(resolve(tiny_llama_folder))


@pytest.fixture(scope="module")
def activations(loaded, tmp_path_factory):
    return extract(loaded, TEXTS, tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def directions(activations):
    return make_directions(point_reader(activations, "mean"), activations, TEXTS, permutations=1)


@pytest.fixture(scope="module")
def run(loaded, activations, directions):
    features = point_reader(activations, "mean")(directions.point)
    contexts = context_directions(features, TEXTS, directions, seed=0)
    return lambda judged: run_experiment(loaded, TEXTS, directions, SETTINGS, SAMPLING, judged, contexts=contexts)


def test_every_arm_has_its_replies_and_those_that_coherence_is_read_of_are_scored(run):
    done = run(True)
    arms = np.array([trial.arm for trial in done.trials])
    assert len(done.replies) == len(arms) and all(reply.text for reply in done.replies)
    assert set(arms) >= {"none", "steered", "opposed", "random", "permuted", "ablated", "prompted"}
    scored = np.isin(arms, ["none", "steered", "opposed", "random"])
    assert np.isfinite(done.surprise[scored]).all() and np.isnan(done.surprise[~scored]).all()
    assert done.notes == ("no words ask for casual: its prompted arm is left out",)


def test_ablation_continues_every_opened_text_with_the_whole_subspace_out_and_with_single_styles_out(run):
    done = run(True)
    assert len(done.openings) == len(done.opened) and set(done.openings) > set(STYLES)
    assert {arm: len(replies) // len(done.opened) for arm, replies in done.continuations.items()} == {
        "none": 1,
        "style": 1,
        "random": 2,
    }
    assert set(done.continuations_without) == set(STYLES)
    assert done.continuations["style"] != done.continuations["none"]
    assert done.continuations_without["cognitive"] != done.continuations_without["affective"]


@pytest.mark.parametrize("judged", [True, False])
def test_the_forecast_counts_exactly_the_replies_that_are_generated(run, directions, judged):
    done = run(judged)
    continued = (*done.continuations.values(), *done.continuations_without.values())
    assert count_replies(TEXTS, directions, SETTINGS, judged) == len(done.replies) + sum(map(len, continued))


def test_writing_takes_a_read_of_all_weights_a_token_of_each_batch(activations, directions, loaded):
    of_models = {activations.model.name: directions}
    (found,) = forecast_steering([activations], TEXTS, of_models, SETTINGS, 3, True, "bfloat16")
    assert found.new_tokens == 3 * found.replies == 3 * count_replies(TEXTS, directions, SETTINGS, True)
    # Byte by byte, these rows fill four batches; half of an A100's bandwidth.
    assert found.gpu_seconds == pytest.approx(4 * 3 * 2 * loaded.model.num_parameters() / (0.5 * 2.039e12))


def test_the_same_seed_gives_the_same_replies_and_unjudged_ones_stand_alone(run):
    done, alone = run(True), run(False)
    replies = {
        (t.arm, t.target, t.draw, t.strength, t.prompt): r for t, r in zip(done.trials, done.replies, strict=True)
    }
    for trial, reply in zip(alone.trials, alone.replies, strict=True):
        assert replies[trial.arm, trial.target, trial.draw, trial.strength, trial.prompt] == reply
    assert {trial.arm for trial in alone.trials} == {"none", "steered"}
    assert alone.opened == () and alone.continuations == {} == alone.continuations_without and alone.notes == ()
