from dataclasses import replace

import numpy as np
import pytest

from empathy_core.activations.encoding import encode, fitting
from empathy_core.contracts import BadInput, TextSet
from empathy_core.models.load import load_model
from empathy_core.models.specs import resolve


@pytest.fixture(scope="module")
def llama(tiny_llama_folder):
    return load_model(resolve(tiny_llama_folder))


def with_responses(texts, *responses):
    rows = [replace(text, response=response) for text, response in zip(texts.texts, responses, strict=False)]
    return TextSet("some", "measured", tuple(rows))


def test_prompt_and_response_are_exactly_those_of_the_text(llama, small_texts):
    for text, encoded in zip(small_texts.texts, encode(llama, small_texts), strict=True):
        assert (encoded.id, encoded.scenario_id) == (text.id, text.scenario_id)
        assert llama.tokenizer.decode(encoded.prompt) == f"<bos>{text.scenario}\n\n"
        assert llama.tokenizer.decode(encoded.response) == text.response
        assert encoded.length == len(encoded.prompt) + len(encoded.response)


def test_the_prompt_of_a_scenario_is_held_once(llama, small_texts):
    encoded = encode(llama, small_texts)
    assert len({id(text.prompt) for text in encoded}) == 3


@pytest.mark.parametrize("response", ["", "I"])
def test_a_response_too_short_for_quarters_is_refused_by_id(llama, small_texts, response):
    with pytest.raises(BadInput, match="s1-cognitive"):
        encode(llama, with_responses(small_texts, response))


def test_an_empty_set_is_refused(llama):
    with pytest.raises(BadInput, match="at least one text"):
        encode(llama, TextSet("none", "measured", ()))


def test_a_text_of_just_the_context_fits(llama, small_texts):
    encoded = encode(llama, small_texts)[:1]
    room = llama.model.config.max_position_embeddings - len(encoded[0].prompt)
    full = (replace(encoded[0], response=np.arange(room)),)
    assert fitting(llama, full, False) == (full, ())
    with pytest.raises(BadInput, match=r"'s1-cognitive' of 257 tokens"):
        fitting(llama, (replace(encoded[0], response=np.arange(room + 1)),), False)


def test_a_set_of_which_nothing_fits_is_refused_even_when_rows_may_be_dropped(llama, small_texts):
    with pytest.raises(BadInput, match="1 too long of 1"):
        fitting(llama, encode(llama, with_responses(small_texts, "I am so sorry. " * 90)), True)
