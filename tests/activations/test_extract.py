from dataclasses import replace

import numpy as np
import pytest
import torch

from empathy_core.activations import extract as extraction
from empathy_core.activations.extract import ExtractionSettings, activation_key, extract
from empathy_core.activations.store import read_point
from empathy_core.contracts import BadInput
from empathy_core.models.load import load_model
from empathy_core.models.prompt import prompt_ids, response_ids
from empathy_core.models.specs import resolve


@pytest.fixture(scope="module", params=["llama", "gpt2", "qwen2", "gemma2"])
def any_model(request):
    return load_model(resolve(request.getfixturevalue(f"tiny_{request.param}_folder")))


@pytest.fixture
def llama(tiny_llama_folder):
    return load_model(resolve(tiny_llama_folder))


def values(activations):
    return np.stack([read_point(activations, point) for point in activations.points])


def by_hand(loaded, text):
    """Pools of one text straight from transformers' hidden states (points 0 to L-1), written out with slices."""
    prompt = prompt_ids(loaded.spec, loaded.tokenizer, text.scenario)
    response = response_ids(loaded.spec, loaded.tokenizer, text.response)
    with torch.no_grad():
        states = loaded.model(torch.tensor([prompt + response]), output_hidden_states=True).hidden_states[:-1]
    tokens = torch.stack(states)[:, 0, len(prompt) :].numpy()
    n = tokens.shape[1]
    quarters = [tokens[:, i * n // 4 : (i + 1) * n // 4].mean(1) for i in range(4)]
    return np.stack([tokens[:, -1], tokens.mean(1), *quarters], axis=1), np.linalg.norm(tokens, axis=-1)


def test_batched_equals_unbatched_at_every_point_and_pool(any_model, small_texts, tmp_path):
    batched = values(extract(any_model, small_texts, tmp_path / "a", ExtractionSettings(token_budget=4096)))
    single = values(extract(any_model, small_texts, tmp_path / "b", ExtractionSettings(token_budget=1)))
    assert batched.shape == (4, 9, 6, 32)
    np.testing.assert_allclose(batched, single, rtol=0, atol=1e-5)


def test_pools_and_norms_are_those_of_the_models_own_hidden_states(any_model, small_texts, tmp_path):
    activations = extract(any_model, small_texts, tmp_path, ExtractionSettings(token_budget=300))
    expected, norms = zip(*(by_hand(any_model, text) for text in small_texts.texts), strict=True)
    np.testing.assert_allclose(values(activations)[:3], np.stack(expected, axis=1), rtol=0, atol=1e-5)
    np.testing.assert_allclose(activations.residual_norms[:3], np.concatenate(norms, axis=1).mean(1), rtol=1e-5)
    assert activations.response_tokens == tuple(norm.shape[1] for norm in norms)


def test_padding_never_reaches_a_pool(llama, small_texts, tmp_path):
    settings = ExtractionSettings(token_budget=4096)
    plain = values(extract(llama, small_texts, tmp_path / "a", settings))
    llama.tokenizer.pad_token = "<eos>"
    np.testing.assert_allclose(values(extract(llama, small_texts, tmp_path / "b", settings)), plain, rtol=0, atol=1e-6)


def test_a_model_in_half_precision_gives_nearly_the_same_pools(tiny_llama_folder, llama, small_texts, tmp_path):
    half = load_model(resolve(tiny_llama_folder), dtype="bfloat16")
    single, rough = (values(extract(model, small_texts, tmp_path)) for model in (llama, half))
    assert 0 < np.abs(single - rough).max() < 0.05 * np.abs(single).max()


def test_a_finished_key_is_reused_without_a_forward_pass(llama, small_texts, tmp_path, monkeypatch):
    first = extract(llama, small_texts, tmp_path)
    monkeypatch.setattr(extraction, "forward", lambda *_: 1 / 0)
    assert extract(llama, small_texts, tmp_path) == first
    with pytest.raises(ZeroDivisionError):
        extract(llama, small_texts.rows(np.arange(3)), tmp_path)


def test_the_key_follows_everything_that_decides_the_values(llama, small_texts):
    spec, other_texts = llama.spec, small_texts.rows(np.arange(3))
    keys = [
        activation_key(spec, small_texts, "float32", "torch.float32"),
        activation_key(replace(spec, revision="other"), small_texts, "float32", "torch.float32"),
        activation_key(replace(spec, prompt_template="{scenario}\n"), small_texts, "float32", "torch.float32"),
        activation_key(spec, other_texts, "float32", "torch.float32"),
        activation_key(spec, small_texts, "float16", "torch.float32"),
        activation_key(spec, small_texts, "float32", "torch.bfloat16"),
    ]
    assert len(set(keys)) == len(keys)
    moved = replace(spec, location="/elsewhere/tiny-llama")
    assert activation_key(moved, small_texts, "float32", "torch.float32") == keys[0]


def test_progress_counts_texts_to_the_end(llama, small_texts, tmp_path):
    calls = []
    extract(llama, small_texts, tmp_path, ExtractionSettings(token_budget=200), lambda *call: calls.append(call))
    assert [total for _, total in calls] == [9] * len(calls)
    assert [done for done, _ in calls] == sorted({done for done, _ in calls})
    assert calls[-1] == (9, 9)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_broken_activation_names_its_point_and_text(llama, small_texts, tmp_path, value):
    def poison(_, __, output):
        output[0, -1] = value  # longest text first: row 0 of the first batch has no padding

    llama.blocks[1].register_forward_hook(poison)
    with pytest.raises(BadInput, match=r"residual point 2, text 's3-instrumental'"):
        extract(llama, small_texts, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_value_that_half_precision_cannot_store_is_refused(llama, small_texts, tmp_path):
    llama.blocks[0].register_forward_hook(lambda _, __, output: output * 1e6)
    with pytest.raises(BadInput, match=r"6\.55e\+04.*residual point 1"):
        extract(llama, small_texts, tmp_path, ExtractionSettings(dtype="float16"))
    assert extract(llama, small_texts, tmp_path).dtype == "float32"


def test_an_unknown_storage_dtype_is_refused(llama, small_texts, tmp_path):
    with pytest.raises(BadInput, match="bfloat16"):
        extract(llama, small_texts, tmp_path, ExtractionSettings(dtype="bfloat16"))
