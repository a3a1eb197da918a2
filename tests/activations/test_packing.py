import numpy as np
import pytest

from empathy_core.activations.encoding import EncodedText
from empathy_core.activations.packing import group_by_length, pack

PADDING = 0


def texts_of(*lengths, seed=0):
    """A text for each (scenario, prompt tokens, response tokens), of tokens that are not padding."""
    rng = np.random.default_rng(seed)
    prompts = {scenario: rng.integers(1, 99, prompt) for scenario, prompt, _ in lengths}
    return [
        EncodedText(f"{scenario}-{number}", scenario, prompts[scenario], rng.integers(1, 99, response))
        for number, (scenario, _, response) in enumerate(lengths)
    ]


MANY = texts_of(*((f"s{i % 7}", 10 + i % 7, 5 + i) for i in range(23)))


@pytest.mark.parametrize("share_prompts", [True, False])
@pytest.mark.parametrize("budget", [1, 60, 200, 5000])
def test_every_text_stands_once_in_a_row_that_begins_with_its_prompt(share_prompts, budget):
    batches = pack(MANY, range(23), budget, PADDING, share_prompts)
    assert sorted(np.concatenate([batch.texts for batch in batches])) == list(range(23))
    assert all(batch.ids.size <= budget or len(batch.texts) == 1 for batch in batches)
    for batch in batches:
        assert (batch.ids[~batch.mask] == PADDING).all()
        for number, row, start, end in zip(batch.texts, batch.rows, batch.starts, batch.ends, strict=True):
            text, prompt = MANY[number], slice(len(MANY[number].prompt))
            assert (batch.ids[row, prompt] == text.prompt).all() and not batch.segments[row, prompt].any()
            assert (batch.ids[row, start:end] == text.response).all()
            assert len(set(batch.segments[row, start:end])) == 1 and batch.segments[row, start] > 0
            positions = [*batch.positions[row, prompt], *batch.positions[row, start:end]]
            assert positions == list(range(text.length))


def test_response_tokens_are_counted_once_each():
    batches = pack(MANY, range(23), 200, PADDING, True)
    assert sum(int(batch.response_mask.sum()) for batch in batches) == sum(len(text.response) for text in MANY)


def test_replies_share_a_prompt_wherever_they_stand_in_the_set():
    (batch,) = pack(texts_of(("a", 20, 5), ("b", 20, 5), ("a", 20, 6), ("b", 20, 4)), range(4), 500, PADDING, True)
    assert batch.shares_prompts and batch.ids.shape == (2, 31)
    assert [batch.texts[batch.rows == row].tolist() for row in (0, 1)] == [[0, 2], [1, 3]]


def test_replies_stay_apart_where_that_costs_less_than_a_tenth_more_tokens():
    long_replies, short_replies = (texts_of(("a", 10, n), ("a", 10, n)) for n in (41, 39))
    assert not any(batch.shares_prompts for batch in pack(long_replies, range(2), 500, PADDING, True))
    assert all(batch.shares_prompts for batch in pack(short_replies, range(2), 500, PADDING, True))


def test_a_family_beyond_the_budget_goes_on_in_another_row():
    batches = pack(texts_of(*[("a", 20, 10)] * 5), range(5), 45, PADDING, True)
    assert [batch.texts.tolist() for batch in batches] == [[0, 1], [2, 3], [4]]
    assert [batch.ids.shape for batch in batches] == [(1, 40), (1, 40), (1, 30)]


def test_only_the_texts_asked_for_are_packed_under_their_own_numbers():
    batches = pack(MANY, [20, 3, 6], 5000, PADDING, True)
    assert sorted(np.concatenate([batch.texts for batch in batches])) == [3, 6, 20]


def test_rows_of_unlike_length_do_not_share_a_batch():
    assert group_by_length([10, 40, 39, 12, 30, 29], 1000) == [[1, 2, 4], [5], [3, 0]]
    assert group_by_length([10, 40, 39, 12, 30, 29], 80) == [[1, 2], [4, 5], [3, 0]]
