"""What an extraction will take, from configuration and tokenizer alone."""

from dataclasses import replace

import pytest

from empathy_core.activations.extract import extract
from empathy_core.activations.forecast import forecast
from empathy_core.activations.settings import ExtractionSettings
from empathy_core.contracts import BadInput
from empathy_core.models.load import load_model
from empathy_core.models.specs import resolve


def test_the_bytes_foreseen_are_the_bytes_of_the_activations(tiny_llama_folder, small_texts, tmp_path):
    settings = ExtractionSettings(points="1,3", pools="last,mean", dtype="float16")
    [plan] = forecast([resolve(tiny_llama_folder)], small_texts, "float32", settings)
    found = extract(load_model(resolve(tiny_llama_folder)), small_texts, tmp_path, settings)
    arrays = len(found.points) * len(found.pools) * len(found.text_ids) * found.dim * 2
    assert plan.store_bytes == arrays


def test_the_parameters_foreseen_are_those_of_the_model(tiny_llama_folder, small_texts):
    [plan] = forecast([resolve(tiny_llama_folder)], small_texts, "float32", ExtractionSettings())
    assert plan.parameters == load_model(resolve(tiny_llama_folder)).model.num_parameters()


def test_a_text_that_will_not_fit_is_refused_before_anything_is_launched(tiny_llama_folder, small_texts):
    [first, *rest] = small_texts.texts
    long = replace(small_texts, texts=(replace(first, response="and on " * 300), *rest))
    specs = [resolve(tiny_llama_folder)]
    with pytest.raises(BadInput, match="--drop-too-long"):
        forecast(specs, long, "float32", ExtractionSettings())
    assert forecast(specs, long, "float32", ExtractionSettings(drop_too_long=True))[0].longest > 256


def test_a_point_that_one_of_the_models_lacks_is_refused(tiny_llama_folder, small_texts):
    with pytest.raises(BadInput, match="from 0 to 3"):
        forecast([resolve(tiny_llama_folder)], small_texts, "float32", ExtractionSettings(points="7"))
