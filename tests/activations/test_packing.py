from dataclasses import replace

import numpy as np
import pytest

from empathy_core.activations.packing import group_by_length, pack
from empathy_core.contracts import BadInput, TextSet
from empathy_core.models.specs import resolve


@pytest.fixture
def spec(tiny_llama_folder):
    return resolve(tiny_llama_folder)


def with_response(texts, response):
    return TextSet("one", "measured", (replace(texts.texts[0], response=response),))


def test_every_text_is_packed_once_within_the_budget(small_texts, spec, tiny_tokenizer):
    batches = pack(small_texts, spec, tiny_tokenizer, 256, 200)
    assert sorted(np.concatenate([batch.rows for batch in batches])) == list(range(9))
    assert len(batches) > 1
    assert all(batch.ids.size <= 200 or len(batch.rows) == 1 for batch in batches)


def test_spans_hold_exactly_the_response(small_texts, spec, tiny_tokenizer):
    for batch in pack(small_texts, spec, tiny_tokenizer, 256, 400):
        for row, ids, shown, real in zip(batch.rows, batch.ids, batch.response_mask, batch.mask, strict=True):
            text = small_texts.texts[row]
            assert tiny_tokenizer.decode(ids[shown]) == text.response
            assert tiny_tokenizer.decode(ids[real]) == f"<bos>{text.scenario}\n\n{text.response}"
            assert (ids[~real] == tiny_tokenizer.pad_token_id).all()


def test_a_budget_below_the_longest_text_gives_batches_of_one(small_texts, spec, tiny_tokenizer):
    assert [len(batch.rows) for batch in pack(small_texts, spec, tiny_tokenizer, 256, 1)] == [1] * 9


def test_rows_of_unlike_length_do_not_share_a_batch():
    assert group_by_length([10, 40, 39, 12, 30, 29], 1000) == [[1, 2, 4], [5], [3, 0]]
    assert group_by_length([10, 40, 39, 12, 30, 29], 80) == [[1, 2], [4, 5], [3, 0]]


@pytest.mark.parametrize("response", ["", "I"])
def test_a_response_too_short_for_quarters_is_refused_by_id(small_texts, spec, tiny_tokenizer, response):
    with pytest.raises(BadInput, match="s1-cognitive"):
        pack(with_response(small_texts, response), spec, tiny_tokenizer, 256, 400)


def test_a_text_beyond_the_context_is_refused_and_not_truncated(small_texts, spec, tiny_tokenizer):
    with pytest.raises(BadInput, match=r"context of 256 tokens.*s1-cognitive"):
        pack(with_response(small_texts, "I am so sorry. " * 90), spec, tiny_tokenizer, 256, 400)


def test_an_empty_set_is_refused(spec, tiny_tokenizer):
    with pytest.raises(BadInput, match="at least one text"):
        pack(TextSet("none", "measured", ()), spec, tiny_tokenizer, 256, 400)
