import json
from dataclasses import replace

import pytest

from empathy_core.contracts import BadInput
from empathy_core.models.load import load_model
from empathy_core.models.plan import plan
from empathy_core.models.prompt import prompt_ids, response_ids
from empathy_core.models.specs import REGISTRY, resolve

# Shapes from the models' own config.json; parameter counts from their model cards.
LLAMA_8B = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "max_position_embeddings": 131072,
    "tie_word_embeddings": False,
}
GEMMA_2_9B = {
    "model_type": "gemma2",
    "architectures": ["Gemma2ForCausalLM"],
    "hidden_size": 3584,
    "intermediate_size": 14336,
    "num_hidden_layers": 42,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "head_dim": 256,
    "vocab_size": 256000,
    "max_position_embeddings": 8192,
}


@pytest.fixture
def folder_of(tmp_path, tiny_tokenizer):
    """A folder with this configuration and a tokenizer, and no weights."""

    def write(config):
        tiny_tokenizer.save_pretrained(tmp_path)
        (tmp_path / "config.json").write_text(json.dumps(config))
        return str(tmp_path)

    return write


def test_a_plan_agrees_with_the_model_once_loaded(tiny_folder, small_texts):
    found, loaded = plan(resolve(tiny_folder), small_texts), load_model(resolve(tiny_folder))
    assert found.parameters == sum(parameter.numel() for parameter in loaded.model.parameters())
    assert found.weight_bytes == loaded.model.get_memory_footprint(return_buffers=False)
    assert replace(found.model, revision=loaded.spec.revision) == loaded.spec
    ids = [
        prompt_ids(loaded.spec, loaded.tokenizer, text.scenario)
        + response_ids(loaded.spec, loaded.tokenizer, text.response)
        for text in small_texts.texts
    ]
    assert found.tokens == sum(map(len, ids))
    assert (found.longest, found.context) == (max(map(len, ids)), 256)
    assert found.store_bytes == 4 * 6 * 9 * 32 * 4


def test_an_encoder_is_planned_as_well(tiny_encoder_folder, small_texts):
    loaded = load_model(resolve(tiny_encoder_folder))
    assert plan(resolve(tiny_encoder_folder), small_texts).parameters == loaded.model.num_parameters()


@pytest.mark.parametrize("config, parameters", [(LLAMA_8B, 8_030_261_248), (GEMMA_2_9B, 9_241_705_984)])
def test_published_parameter_counts_are_found_without_weights(config, parameters, folder_of, small_texts):
    found = plan(resolve(folder_of(config)), small_texts, dtype="bfloat16")
    assert found.parameters == parameters
    assert found.weight_bytes == 2 * parameters
    assert found.memory_bytes == int(1.2 * 2 * parameters)


def test_fewer_points_pools_and_bytes_take_less_room(tiny_llama_folder, small_texts):
    assert plan(resolve(tiny_llama_folder), small_texts, n_points=1, n_pools=2, stored="float16").store_bytes == (
        1 * 2 * 9 * 32 * 2
    )


def test_time_grows_with_tokens_and_with_the_weights_of_the_blocks(folder_of, small_texts):
    found = plan(resolve(folder_of(LLAMA_8B)), small_texts)
    in_blocks = 8_030_261_248 - 2 * 128256 * 4096 - 4096
    assert found.gpu_seconds == pytest.approx(2 * in_blocks * found.tokens / 156e12)


def test_quantised_weights_take_less_inside_the_blocks_only(folder_of, small_texts):
    outside = 2 * 128256 * 4096 + 4096
    in_blocks = 8_030_261_248 - outside
    spec = resolve(folder_of(LLAMA_8B))
    assert plan(spec, small_texts, dtype="8bit").weight_bytes == in_blocks + 2 * outside
    assert plan(spec, small_texts, dtype="4bit").weight_bytes == in_blocks // 2 + 2 * outside


def test_a_dtype_that_nothing_is_loaded_in_is_refused(tiny_llama_folder, small_texts):
    with pytest.raises(BadInput, match="int8"):
        plan(resolve(tiny_llama_folder), small_texts, dtype="int8")


def test_a_gated_model_is_refused_before_anything_is_launched(monkeypatch, small_texts):
    monkeypatch.setattr("empathy_core.models.fetch.get_token", lambda: None)
    with pytest.raises(BadInput, match="licence"):
        plan(REGISTRY["llama-3.1-8b-instruct"], small_texts)
