"""Measuring in a notebook gives the numbers of the flows, and says early what it cannot do."""

import contextlib
import gc
from dataclasses import replace
from functools import partial
from pathlib import Path

import jaxtyping
import numpy as np
import pandas
import pytest
from test_docs import ROOT, python_blocks
from toy import toy_texts

import empathy_core
from empathy_core.activations.extract import extract
from empathy_core.activations.store import point_reader
from empathy_core.contracts import BadInput, TextSet
from empathy_core.datasets.files import load
from empathy_core.measured import ENCODER, UNASKED, measure, read_texts
from empathy_core.models.load import load_model
from empathy_core.models.specs import resolve
from empathy_core.organisms.corpus import organism_texts
from empathy_core.probes.reading import ReadingSettings, control_model, holm_over_models, read_model
from empathy_core.results import load_run
from empathy_core.steering.experiment import run_experiment
from empathy_core.steering.judges import NO_JUDGE
from empathy_core.steering.judges.panel import make_panel
from empathy_core.steering.judges.settings import ClaudeSettings
from empathy_core.steering.judging import judge_experiment
from empathy_core.steering.preparation import prepare
from empathy_core.steering.sampling import SamplingSettings
from empathy_core.steering.sweep import SweepSettings
from empathy_core.verdicts import judge_models

_, MEASURE, STEER = python_blocks("notebook")
HUMOUR = ROOT / "docs/examples/humour.csv"
SMALL = {"point": 3, "permutations": 20, "strengths": (0.45,), "prompts": 7, "random_directions": 1}


@contextlib.contextmanager
def unchecked():
    """As a user runs it, without types checked at every call, which takes half of the time; other tests check them."""
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        yield
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(scope="module")
def persistent():
    return load_model(resolve("persistent"))


@pytest.fixture(scope="module")
def grammar():
    """Twelve scenarios in two styles, which make one task."""
    texts = organism_texts(n_scenarios=12)
    return texts.rows(np.isin(texts.column("style"), ("cognitive", "affective")))


@pytest.fixture(scope="module")
def steered(persistent, grammar):
    """A small study of an organism, steering included."""
    with unchecked():
        return measure(persistent, grammar, steering=True, **SMALL)


@pytest.fixture(scope="module")
def page():
    """What the page's example on one's own texts leaves defined."""
    names = {}
    with contextlib.chdir(ROOT), unchecked():
        exec(MEASURE, names)
    return names


@unchecked()
def as_the_flows_do(loaded, texts, folder):
    """The library calls of ProbeFlow's and ValidationFlow's steps: gives model, numbers, transcripts and notes."""
    manifest = extract(loaded, texts, folder)
    reader, settings = partial(point_reader, manifest), ReadingSettings(permutations=20)
    reading = read_model(reader("mean"), manifest, texts, settings)
    read = (*reading.estimates, *control_model(reader, "mean", manifest, texts, reading, 3, settings))
    made = prepare(loaded, texts, reader("mean"), manifest, 3, 0)
    sweep = SweepSettings((0.45,), 7, random_directions=1)
    experiment = run_experiment(loaded, texts, made.directions, sweep, SamplingSettings(), True, made.contexts)
    panel = make_panel("auto", texts, ClaudeSettings(), "", "", 0)
    written = judge_experiment(panel, texts, made, experiment, folder, 0, print, lambda *counts: None)
    numbers = (*read, *holm_over_models(read), *made.estimates, *written.estimates)
    return manifest.model, numbers, written.transcripts, written.notes


def test_the_package_gives_the_functions_after_their_modules_were_imported():
    assert empathy_core.measure is measure and empathy_core.load_run is load_run


def test_a_measured_organism_has_the_numbers_and_verdicts_of_the_flows_to_the_last_digit(
    steered, persistent, grammar, tmp_path
):
    model, numbers, transcripts, notes = as_the_flows_do(persistent, grammar, tmp_path)
    assert steered.numbers == numbers
    assert steered.verdicts == judge_models(numbers, grammar, [model])
    assert steered.transcripts == transcripts and steered.notes == notes


def test_a_planted_style_is_supported_by_a_study_made_in_a_notebook(steered):
    outcomes = {verdict.criterion: verdict.outcome for verdict in steered.verdicts}
    for criterion in ("separation", "excess over text", "selectivity"):
        assert outcomes[criterion] == "supported"


def test_the_page_s_example_measures_and_says_what_is_not_measurable(page):
    study = page["study"]
    outcomes = {verdict.criterion: verdict for verdict in study.verdicts}
    assert outcomes["excess over text"].outcome == "not supported"
    assert outcomes["steerability"].outcome == "not measurable" and outcomes["steerability"].reason == NO_JUDGE
    assert study.notes == (NO_JUDGE,)
    assert study.table("three-way/excess")["n"].tolist() == [12]


def test_the_page_s_example_steers_and_the_table_holds_every_reply(page):
    exec(STEER, page)
    table = page["shown"].table()
    assert table["arm"].tolist() == ["unsteered", "α = 0.3", "α = 0.6", "ablated"] * 2
    assert table["seed"].tolist() == [0] * 4 + [1] * 4
    assert table["reply"].str.len().min() > 0


def test_steering_that_nobody_asked_for_is_the_reason_given_and_activations_go_with_the_result(tiny_gpt2_folder):
    told, texts = [], replace(toy_texts(20), kind="organism")
    with unchecked():
        study = measure(tiny_gpt2_folder, texts, point=1, permutations=20, tell=told.append)
    reasons = {verdict.reason for verdict in study.verdicts if verdict.outcome == "not measurable"}
    assert UNASKED in reasons and NO_JUDGE not in reasons
    assert study.notes == (UNASKED,) and study.transcripts == ()
    assert "texts: 40 of 40" in told and told[-1] == "directions, dimensions and likelihood shift"
    folder = Path(study.scratch.folder)
    assert point_reader(study.activations, "mean")(1).shape == (40, study.activations.dim)
    del study
    gc.collect()
    assert not folder.exists()


def test_an_encoder_is_read_and_what_it_cannot_do_is_said(tiny_folders, tmp_path):
    with unchecked():
        study = measure(tiny_folders("bert"), toy_texts(20), permutations=20, store=tmp_path)
    assert study.number("toy/tiny-bert/dimension/empathy/effective").n == 20
    assert study.notes == (ENCODER,)
    assert {v.reason for v in study.verdicts if v.criterion == "steerability"} == {ENCODER}
    assert any(tmp_path.iterdir()) and not any(Path(study.scratch.folder).iterdir())
    with pytest.raises(BadInput, match="an encoder"):
        study.steer("warm", 0.3, "I lost my job.")
    with pytest.raises(BadInput, match="an encoder"):
        measure(study.loaded, toy_texts(20), steering=True)


def test_records_a_table_and_a_file_give_the_same_texts():
    read = load(str(HUMOUR))
    table = pandas.read_csv(HUMOUR).assign(register=[np.nan] * len(read))
    records = [vars(text) for text in read.texts]
    assert read_texts(HUMOUR) == read
    assert read_texts(table).texts == read_texts(records).texts == read.texts
    assert read_texts(read) is read and read_texts("organism").name == "grammar"


def train_only(n):
    texts = toy_texts(n).texts
    return TextSet("toy", "measured", tuple(text for text in texts if text.split == "train"))


@pytest.mark.parametrize(
    "texts, options, sentence",
    [
        ([{"id": "1", "styel": "warm"}], {}, "1 of 1 rows of records without"),
        ("nowhere.csv", {}, "mistyped path"),
        (toy_texts(3), {}, "scenarios"),
        (toy_texts(20), {"pool": "median"}, "A pool is one of those"),
        (toy_texts(20), {"strengths": (0.3, 0.15)}, "positive and increasing"),
        (toy_texts(20), {"prompts": 2}, "at least 20 unsteered replies"),
        (train_only(20), {}, "give some whole scenarios the split `test`"),
        (toy_texts(20), {"point": 9}, "numbers from 0 to 4"),
        (toy_texts(20), {"point": -1}, "numbers from 0 to 4"),
    ],
)
def test_bad_input_is_refused_before_the_model_reads_anything(persistent, texts, options, sentence):
    told = []
    with pytest.raises(BadInput, match=sentence):
        measure(persistent, texts, tell=told.append, **options)
    assert told == []


def test_a_name_that_is_no_model_is_refused():
    with pytest.raises(BadInput, match="persistant"):
        measure("persistant", toy_texts(20))
