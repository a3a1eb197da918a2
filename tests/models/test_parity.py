from dataclasses import replace
from functools import partial

import pytest
import torch

from empathy_core.contracts import BadInput, TextSet
from empathy_core.models.load import load_model
from empathy_core.models.parity import parity
from empathy_core.models.specs import resolve


@pytest.fixture(scope="module")
def llama(tiny_llama_folder):
    return load_model(resolve(tiny_llama_folder))


def test_every_decoder_reads_its_own_hidden_states(tiny_folder, small_texts):
    assert parity(load_model(resolve(tiny_folder)), small_texts) < 1e-5


def test_every_encoder_reads_its_own_hidden_states(tiny_encoder_folder, small_texts):
    assert parity(load_model(resolve(tiny_encoder_folder)), small_texts) < 1e-5


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_rounds_and_passes(tiny_llama_folder, small_texts, dtype):
    assert 1e-5 < parity(load_model(resolve(tiny_llama_folder), dtype=dtype), small_texts) < 0.1


def test_blocks_in_another_order_are_refused_at_the_first_wrong_point(llama, small_texts):
    swapped = replace(llama, blocks=[llama.blocks[index] for index in (0, 2, 1)])
    with pytest.raises(BadInput, match=r"at residual point 2 of tiny-llama in float32"):
        parity(swapped, small_texts)


def test_a_point_that_is_not_a_number_is_refused(llama, small_texts):
    handle = llama.blocks[1].register_forward_hook(lambda _, __, output: output * torch.nan)
    with pytest.raises(BadInput, match="nan at residual point 2"):
        parity(llama, small_texts)
    handle.remove()


def test_padding_that_leaks_into_a_text_is_refused(tiny_folders, small_texts, monkeypatch):
    encoder = load_model(resolve(tiny_folders("bert_base")))
    monkeypatch.setattr(encoder.model, "forward", partial(without_mask, encoder.model.forward))
    with pytest.raises(BadInput, match="at residual point 1"):
        parity(encoder, small_texts)


def without_mask(forward, attention_mask=None, **arguments):
    return forward(**arguments)


def test_one_text_is_enough(llama, small_texts):
    assert parity(llama, TextSet("one", "measured", small_texts.texts[:1])) < 1e-5


def test_no_hook_of_ours_stays(llama, small_texts):
    def hooks():
        return [(dict(block._forward_hooks), dict(block._forward_pre_hooks)) for block in llama.blocks]

    parity(llama, small_texts)  # transformers leaves hooks of its own the first time hidden states are asked for
    before = hooks()
    parity(llama, small_texts)
    assert hooks() == before
