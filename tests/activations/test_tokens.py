from dataclasses import replace

import numpy as np
import pytest
from unbatched import response_states

from empathy_core.activations import shards
from empathy_core.activations.extract import extract
from empathy_core.activations.settings import ExtractionSettings
from empathy_core.activations.store import point_reader
from empathy_core.activations.tokens import extract_tokens, read_tokens
from empathy_core.contracts import BadInput
from empathy_core.models.load import load_model
from empathy_core.models.specs import resolve

BY_THREE = ExtractionSettings(shard_texts=3)


@pytest.fixture(scope="module")
def loaded(tiny_gemma2_folder):
    return load_model(resolve(tiny_gemma2_folder))


@pytest.fixture(scope="module")
def texts(small_texts):
    """The middle scenario is held out."""
    rows = [replace(text, split="test" if text.scenario_id == "s2" else "train") for text in small_texts.texts]
    return replace(small_texts, texts=tuple(rows))


@pytest.mark.parametrize("share_prefix", [True, False])
def test_tokens_are_those_of_training_responses_one_text_after_another(loaded, texts, tmp_path, share_prefix):
    settings = replace(BY_THREE, share_prefix=share_prefix)
    activations = extract_tokens(loaded, texts, tmp_path, "1,3", settings)
    train = [text for text in texts.texts if text.split == "train"]
    assert activations.text_ids == tuple(text.id for text in train)
    assert (activations.points, activations.pools) == ((1, 3), ())
    states = [response_states(loaded, text) for text in train]
    for point in (1, 3):
        found = list(read_tokens(activations, point))
        assert len(found) == 2
        values = np.concatenate([shard.values for shard in found])
        np.testing.assert_allclose(values, np.concatenate(states, axis=1)[point], rtol=1e-5, atol=1e-5)
        where = [
            (text, position) for shard in found for text, position in zip(shard.texts, shard.positions, strict=True)
        ]
        assert where == [(text, position) for text, state in enumerate(states) for position in range(state.shape[1])]


def test_the_mean_of_a_responses_tokens_is_its_mean_pool(loaded, texts, tmp_path):
    train = texts.rows(texts.column("split") == "train")
    pooled = point_reader(extract(loaded, train, tmp_path), "mean")(2)
    tokens = list(read_tokens(extract_tokens(loaded, texts, tmp_path, "2", BY_THREE), 2))
    values, owners = (np.concatenate([getattr(shard, field) for shard in tokens]) for field in ("values", "texts"))
    means = [values[owners == text].mean(0) for text in range(len(train))]
    np.testing.assert_allclose(means, pooled, rtol=0, atol=1e-5)


def test_half_precision_is_read_back_as_single(loaded, texts, tmp_path):
    half = extract_tokens(loaded, texts, tmp_path, "middle", replace(BY_THREE, dtype="float16"))
    assert half.points == (2,)
    assert all(shard.values.dtype == np.float32 for shard in read_tokens(half, 2))


def test_a_finished_key_is_reused_without_a_forward_pass(loaded, texts, tmp_path, monkeypatch):
    first = extract_tokens(loaded, texts, tmp_path, "2")
    monkeypatch.setattr(shards, "forward", lambda *_: 1 / 0)
    assert extract_tokens(loaded, texts, tmp_path, "2") == first
    with pytest.raises(ZeroDivisionError):
        extract_tokens(loaded, texts, tmp_path, "1")


def test_a_set_without_training_texts_is_refused(loaded, texts, tmp_path):
    with pytest.raises(BadInput, match="training texts"):
        extract_tokens(loaded, texts.rows(texts.column("split") == "test"), tmp_path, "2")
