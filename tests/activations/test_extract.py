import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from unbatched import pooled, response_states

from empathy_core.activations import collect, shards
from empathy_core.activations.extract import extract
from empathy_core.activations.settings import ExtractionSettings
from empathy_core.activations.store import read_point
from empathy_core.contracts import BadInput
from empathy_core.models.load import load_model
from empathy_core.models.specs import resolve

ORDERS = {"by scenario": range(9), "by style": (0, 3, 6, 1, 4, 7, 2, 5, 8), "mixed": (4, 0, 8, 5, 1, 3, 7, 2, 6)}
THREE_SHARDS = ExtractionSettings(shard_texts=3)


@pytest.fixture(scope="module")
def decoder(tiny_folder):
    return load_model(resolve(tiny_folder))


@pytest.fixture
def llama(tiny_llama_folder):
    return load_model(resolve(tiny_llama_folder))


@pytest.fixture
def forwards(monkeypatch):
    """Every batch that went through the model."""
    batches = []
    forward = shards.forward

    def counted(loaded, batch, *rest):
        batches.append(batch)
        return forward(loaded, batch, *rest)

    monkeypatch.setattr(shards, "forward", counted)
    return batches


@pytest.fixture
def no_parity(monkeypatch):
    """For models that are broken on purpose."""
    monkeypatch.setattr(collect, "parity", lambda *_: 0.0)


def values(activations):
    return np.stack([read_point(activations, point) for point in activations.points])


def expected(loaded, texts):
    states = [response_states(loaded, text) for text in texts.texts]
    return np.stack([pooled(tokens) for tokens in states], axis=1), np.concatenate(states, axis=1)


@pytest.mark.parametrize("share_prefix", [True, False])
def test_batches_give_what_the_model_gives_one_text_at_a_time(decoder, small_texts, tmp_path, share_prefix):
    settings = ExtractionSettings(share_prefix=share_prefix, token_budget=600)
    activations = extract(decoder, small_texts, tmp_path, settings)
    pools, tokens = expected(decoder, small_texts)
    np.testing.assert_allclose(values(activations), pools, rtol=0, atol=1e-5)
    norms = np.linalg.norm(tokens, axis=-1).mean(1)
    np.testing.assert_allclose(activations.residual_norms, norms, rtol=1e-5)
    assert sum(activations.response_tokens) == tokens.shape[1]


def test_every_decoder_computes_a_shared_prompt_once(decoder, small_texts, tmp_path, forwards):
    activations = extract(decoder, small_texts, tmp_path)
    plain = extract(decoder, small_texts, tmp_path / "plain", ExtractionSettings(share_prefix=False))
    tokens = {
        shares: sum(int(b.mask.sum()) for b in forwards if b.shares_prompts == shares) for shares in (True, False)
    }
    assert activations.response_tokens == plain.response_tokens
    prompts = (tokens[False] - sum(plain.response_tokens)) // 3
    assert tokens[True] == prompts + sum(plain.response_tokens)


def test_an_encoder_is_read_with_a_row_for_each_text(tiny_encoder_folder, small_texts, tmp_path):
    encoder = load_model(resolve(tiny_encoder_folder))
    pools, _ = expected(encoder, small_texts)
    np.testing.assert_allclose(values(extract(encoder, small_texts, tmp_path)), pools, rtol=0, atol=1e-5)


@pytest.mark.parametrize("order", ORDERS)
def test_rows_are_those_of_the_set_in_its_order(llama, small_texts, tmp_path, order):
    texts = small_texts.rows(np.array(ORDERS[order]))
    activations = extract(llama, texts, tmp_path, replace(THREE_SHARDS, shard_texts=4))
    assert activations.text_ids == tuple(text.id for text in texts.texts)
    pools, _ = expected(llama, texts)
    np.testing.assert_allclose(values(activations), pools, rtol=0, atol=1e-5)


def test_padding_never_reaches_a_pool(llama, small_texts, tmp_path):
    plain = values(extract(llama, small_texts, tmp_path / "a"))
    llama.tokenizer.pad_token = "<eos>"
    np.testing.assert_allclose(values(extract(llama, small_texts, tmp_path / "b")), plain, rtol=0, atol=1e-6)


def test_a_model_in_half_precision_gives_nearly_the_same_pools(tiny_llama_folder, llama, small_texts, tmp_path):
    half = load_model(resolve(tiny_llama_folder), dtype="bfloat16")
    single, rough = (values(extract(model, small_texts, tmp_path)) for model in (llama, half))
    assert 0 < np.abs(single - rough).max() < 0.05 * np.abs(single).max()


def test_chosen_points_and_pools_are_slices_of_all(llama, small_texts, tmp_path):
    everything = extract(llama, small_texts, tmp_path)
    part = extract(llama, small_texts, tmp_path, ExtractionSettings(points="3,1", pools="quarter_4,mean"))
    assert part.points == (1, 3) and part.pools == ("mean", "quarter_4")
    np.testing.assert_allclose(values(part), values(everything)[[1, 3]][:, :, [1, 5]], rtol=0, atol=1e-6)
    np.testing.assert_allclose(part.residual_norms, np.array(everything.residual_norms)[[1, 3]])


def test_a_finished_key_is_reused_without_a_forward_pass(llama, small_texts, tmp_path, forwards):
    first = extract(llama, small_texts, tmp_path)
    done = len(forwards)
    assert extract(llama, small_texts, tmp_path) == first
    assert len(forwards) == done
    extract(llama, small_texts.rows(np.arange(3)), tmp_path)
    assert len(forwards) > done


def arrays_on_disk(root):
    return {path.relative_to(root): path.read_bytes() for path in Path(root).rglob("*.safetensors")}


def test_a_run_that_was_cut_off_goes_on_and_ends_with_the_same_bytes(llama, small_texts, tmp_path, forwards):
    def killed(report):
        if report.texts_done > 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract(llama, small_texts, tmp_path / "a", THREE_SHARDS, killed)
    forwards.clear()
    reports = []
    resumed = extract(llama, small_texts, tmp_path / "a", THREE_SHARDS, reports.append)
    assert sorted(text for batch in forwards for text in batch.texts) == [6, 7, 8]
    assert reports[0].texts_done > 6 and reports[-1].texts_done == 9
    whole = extract(llama, small_texts, tmp_path / "b", THREE_SHARDS)
    assert arrays_on_disk(tmp_path / "a") == arrays_on_disk(tmp_path / "b")
    assert len(arrays_on_disk(tmp_path / "a")) == 3 * 4
    assert (resumed.residual_norms, resumed.response_tokens) == (whole.residual_norms, whole.response_tokens)


def test_one_shard_at_a_time_is_in_memory(llama, small_texts, tmp_path, monkeypatch):
    written = []
    compute_shard = collect.compute_shard

    def watched(*arguments):
        assert not any(array() is not None for array in written)
        arrays, facts = compute_shard(*arguments)
        assert {array.shape for array in arrays.values()} == {(3, 6, 32)}
        written.extend(weakref.ref(array) for array in arrays.values())
        return arrays, facts

    monkeypatch.setattr(collect, "compute_shard", watched)
    extract(llama, small_texts, tmp_path, THREE_SHARDS)
    assert len(written) == 3 * 4


def test_memory_running_out_shrinks_the_batches_and_changes_no_value(llama, small_texts, tmp_path, no_parity):
    plain = extract(llama, small_texts, tmp_path / "a")
    seen = []

    def small_device(_, arguments):
        seen.append(arguments[0].shape[0] * arguments[0].shape[1])
        if seen[-1] > 80:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    llama.blocks[1].register_forward_pre_hook(small_device)
    settings = ExtractionSettings(token_budget=500, shard_texts=3)
    shrunk = extract(llama, small_texts, tmp_path / "b", settings)
    np.testing.assert_allclose(values(shrunk), values(plain), rtol=0, atol=1e-5)
    assert not plain.notes
    # What was learnt in one shard holds for the next.
    assert [size for size in seen if size > 80] == seen[:1]
    assert shrunk.notes == (f"out of memory at {seen[0]} tokens a batch, went on with {seen[0] // 2}",)


def test_progress_says_how_far_how_fast_and_how_much_memory(llama, small_texts, tmp_path):
    reports = []
    extract(llama, small_texts, tmp_path, ExtractionSettings(token_budget=200, shard_texts=3), reports.append)
    assert [report.texts for report in reports] == [9] * len(reports)
    assert [report.texts_done for report in reports] == sorted({report.texts_done for report in reports})
    assert reports[-1].texts_done == 9 and reports[-1].seconds_left == 0
    assert all(report.tokens_per_second > 0 and report.seconds_left > 0 for report in reports[:-1])
    assert 1e7 < reports[-1].memory_bytes < 2 * psutil.Process().memory_info().rss


def test_texts_beyond_the_context_are_refused_or_dropped_and_listed(llama, small_texts, tmp_path):
    long = [replace(small_texts.texts[i], response="I am so sorry. " * 90) for i in (1, 4)]
    texts = replace(small_texts, texts=(small_texts.texts[0], *long, *small_texts.texts[5:]))
    with pytest.raises(BadInput, match=r"context of 256 tokens.*2 too long of 7"):
        extract(llama, texts, tmp_path)
    kept = extract(llama, texts, tmp_path, ExtractionSettings(drop_too_long=True))
    assert kept.text_ids == tuple(texts.texts[i].id for i in (0, 3, 4, 5, 6))
    assert kept.dataset_hash == texts.content_hash
    assert len(kept.notes) == 1 and all(text.id in kept.notes[0] for text in long)
    pools, _ = expected(llama, texts.rows(np.array([0, 3, 4, 5, 6])))
    np.testing.assert_allclose(values(kept), pools, rtol=0, atol=1e-5)
    with pytest.raises(BadInput, match="too long of 7"):
        extract(llama, texts, tmp_path)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize(
    ("share_prefix", "named"),
    [(False, "text 's3-instrumental'"), (True, "text 's3-cognitive' or 's3-affective' or 's3-instrumental'")],
)
def test_a_broken_activation_names_its_point_and_row(
    llama, small_texts, tmp_path, no_parity, value, share_prefix, named
):
    def poison(_, __, output):
        output[0, -1] = value  # longest row first: row 0 of the first batch has no padding

    llama.blocks[1].register_forward_hook(poison)
    with pytest.raises(BadInput, match=rf"residual point 2 of tiny-llama, {named}\. "):
        extract(llama, small_texts, tmp_path, ExtractionSettings(share_prefix=share_prefix))
    assert not arrays_on_disk(tmp_path)


def test_a_value_that_half_precision_cannot_store_is_refused(llama, small_texts, tmp_path):
    llama.blocks[0].register_forward_hook(lambda _, __, output: output * 1e6)
    with pytest.raises(BadInput, match=r"6\.55e\+04.*residual point 1 of tiny-llama, text 's3-"):
        extract(llama, small_texts, tmp_path, ExtractionSettings(dtype="float16"))
    assert extract(llama, small_texts, tmp_path).dtype == "float32"


def test_half_precision_is_stored_in_half_the_bytes(llama, small_texts, tmp_path):
    extract(llama, small_texts, tmp_path / "single")
    half = extract(llama, small_texts, tmp_path / "half", ExtractionSettings(dtype="float16"))
    sizes = [sum(map(len, arrays_on_disk(tmp_path / name).values())) for name in ("single", "half")]
    assert sizes[1] < 0.55 * sizes[0]
    pools, _ = expected(llama, small_texts)
    np.testing.assert_allclose(values(half), pools, rtol=1e-3, atol=1e-3)


def test_the_parity_that_was_measured_is_kept(llama, small_texts, tmp_path, monkeypatch):
    monkeypatch.setattr(collect, "parity", lambda *_: 0.125)
    assert extract(llama, small_texts, tmp_path).parity == 0.125


def test_hooks_that_disagree_with_the_model_stop_the_run(llama, small_texts, tmp_path, forwards):
    swapped = replace(llama, blocks=[llama.blocks[1], llama.blocks[0], llama.blocks[2]])
    with pytest.raises(BadInput, match=r"residual point 0 of tiny-llama"):
        extract(swapped, small_texts, tmp_path)
    assert not forwards and not list(tmp_path.iterdir())
