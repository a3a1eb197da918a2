"""Rows to batches: left-padded, with room for the reply, within the budget."""

from collections import Counter

import numpy as np
import pytest

from empathy_core.contracts import BadInput
from empathy_core.models.load import load_model
from empathy_core.models.prompt import prompt_ids, response_ids
from empathy_core.models.specs import resolve
from empathy_core.steering.batches import encode_rows, pack_prompts
from empathy_core.steering.sampling import Row

PROMPTS = [list(range(1, 1 + length)) for length in (5, 3, 9, 5, 1, 4)]
NUMBERS = range(len(PROMPTS))
ROOM, PADDING = 4, 0


@pytest.fixture(scope="module")
def loaded(tiny_llama_folder):
    return load_model(resolve(tiny_llama_folder))


def packed(token_budget, numbers=NUMBERS):
    return pack_prompts(PROMPTS, numbers, token_budget, ROOM, PADDING)


def test_every_row_ends_its_prompt_where_the_batch_begins_to_write():
    for batch in packed(30):
        (start,) = set(batch.starts.tolist())
        for row, number in enumerate(batch.texts):
            prompt = PROMPTS[number]
            first = start - len(prompt)
            assert batch.ids[row].tolist() == [PADDING] * first + prompt + [PADDING] * ROOM
            assert batch.mask[row].tolist() == [False] * first + [True] * (len(prompt) + ROOM)
            assert batch.positions[row, first:].tolist() == list(range(len(prompt) + ROOM))
            assert batch.response_mask[row].tolist() == [False] * start + [True] * ROOM


@pytest.mark.parametrize("token_budget", [1, 13, 30, 1000])
def test_every_row_is_in_one_batch_and_no_batch_of_several_rows_exceeds_the_budget(token_budget):
    batches = packed(token_budget)
    assert Counter(number for batch in batches for number in batch.texts) == Counter(NUMBERS)
    assert all(batch.ids.size <= token_budget or len(batch.texts) == 1 for batch in batches)


def test_what_is_left_after_a_failure_is_packed_under_its_own_numbers():
    assert sorted(number for batch in packed(30, [4, 2, 5]) for number in batch.texts) == [2, 4, 5]


def test_a_row_is_its_instruction_scenario_and_opening(loaded):
    row = Row("I lost my job.", 0, opening="I am so sorry.", instruction="Be brief.")
    (ids,) = encode_rows(loaded, [row], room=8)
    opening = response_ids(loaded.spec, loaded.tokenizer, "I am so sorry.")
    assert list(ids) == prompt_ids(loaded.spec, loaded.tokenizer, "I lost my job.", "Be brief.") + opening


def test_a_prompt_leaves_room_for_its_reply_to_the_last_token(loaded):
    row = Row("Hello.", 0)
    room = 256 - len(prompt_ids(loaded.spec, loaded.tokenizer, "Hello."))
    assert len(encode_rows(loaded, [row], room)) == 1
    with pytest.raises(BadInput, match="leaves room for the reply in a context of 256 tokens"):
        encode_rows(loaded, [row], room + 1)


def test_a_prompt_without_a_token_is_refused(loaded, monkeypatch):
    monkeypatch.setattr("empathy_core.steering.batches.prompt_ids", lambda *_: [])
    with pytest.raises(BadInput, match="holds a token or more"):
        encode_rows(loaded, [Row("", 0)], room=4)


def test_padding_is_at_most_a_quarter_of_a_row():
    batches = packed(1000)
    assert np.min([batch.mask.mean(axis=1).min() for batch in batches]) >= 0.75
