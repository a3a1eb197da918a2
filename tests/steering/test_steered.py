"""Edits in a running model: each row gets its own, others none, and hooks never outlive their block."""

import numpy as np
import pytest
import torch

from empathy_core.contracts import BadInput
from empathy_core.models.load import load_model
from empathy_core.models.specs import resolve
from empathy_core.steering.hooks import steered
from empathy_core.steering.operators import ablate, ablate_then_add, add, clamp

ROWS, LENGTH = 4, 20
STARTS = [12, 12, 15, 12]


@pytest.fixture(scope="module")
def loaded(tiny_folder):
    """Every architecture in turn."""
    return load_model(resolve(tiny_folder))


@pytest.fixture(scope="module")
def llama(tiny_llama_folder):
    return load_model(resolve(tiny_llama_folder))


@pytest.fixture(scope="module")
def ids():
    return torch.from_numpy(np.random.default_rng(0).integers(3, 400, (ROWS, LENGTH)))


def basis(rank, seed=0):
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((32, rank)))[0]


def vector(seed=1):
    return 5 * np.random.default_rng(seed).standard_normal(32)


def logits(loaded, ids, edits=(), starts=()):
    with steered(loaded, edits, starts), torch.inference_mode():
        return loaded.model(input_ids=ids, use_cache=False).logits


def hooks_of(loaded):
    return [hook for module in loaded.model.modules() for hook in (*module._forward_hooks, *module._forward_pre_hooks)]


def mixed():
    """An untouched row, three points with three ranks, and a row whose edits change nothing."""
    return [
        {},
        {0: add(vector()), 2: ablate(basis(3))},
        {1: clamp(basis(1)[:, 0], 2.0), 2: ablate_then_add(basis(1), vector()), 3: ablate(basis(2))},
        {1: add(np.zeros(32)), 3: add(np.zeros(32))},
    ]


def edited_by_hand(loaded, ids, edits, start):
    """One row under edits that take the stream through numpy, position by position, at the blocks themselves."""

    def change(edit, stream):
        changed = stream[0].double().numpy()
        for place, x in enumerate(changed):
            x += edit.basis @ (edit.held - edit.basis.T @ x) + edit.added * (place >= start)
        return torch.from_numpy(changed[None]).float()

    def after(edit):
        def hook(_, __, output):
            if isinstance(output, tuple):
                return (change(edit, output[0]), *output[1:])
            return change(edit, output)

        return hook

    def before(edit):
        return lambda _, arguments: (change(edit, arguments[0]), *arguments[1:])

    handles = [
        loaded.blocks[point - 1].register_forward_hook(after(edit))
        if point
        else loaded.blocks[0].register_forward_pre_hook(before(edit))
        for point, edit in edits.items()
    ]
    with torch.no_grad():
        result = loaded.model(input_ids=ids[None], use_cache=False).logits[0]
    for handle in handles:
        handle.remove()
    return result


def test_untouched_rows_of_a_mixed_batch_are_left_to_the_bit(loaded, ids):
    plain, touched = logits(loaded, ids), logits(loaded, ids, mixed(), STARTS)
    assert torch.equal(touched[[0, 3]], plain[[0, 3]])
    assert (touched[[1, 2]] - plain[[1, 2]]).abs().amax((1, 2)).min() > 0.1


def test_every_row_gets_its_own_edits_as_if_they_were_made_by_hand(loaded, ids):
    together = logits(loaded, ids, mixed(), STARTS)
    for row, edits in enumerate(mixed()):
        expected = edited_by_hand(loaded, ids[row], edits, STARTS[row])
        assert torch.allclose(together[row], expected, atol=2e-4)


def test_a_prompt_and_a_reply_read_in_pieces_are_edited_as_in_one_pass(loaded, ids):
    from transformers import DynamicCache

    whole = logits(loaded, ids, mixed(), STARTS)
    cache, pieces = DynamicCache(config=loaded.model.config), []
    with steered(loaded, mixed(), STARTS):
        for piece in (ids[:, :11], *ids[:, 11:].split(1, dim=1)):
            pieces.append(loaded.model(input_ids=piece, past_key_values=cache, use_cache=True).logits)
    assert torch.allclose(torch.cat(pieces, 1), whole, atol=2e-4)


def test_a_second_pass_without_cache_begins_at_the_first_position_again(llama, ids):
    with steered(llama, mixed(), STARTS):
        first, second = (llama.model(input_ids=ids, use_cache=False).logits for _ in range(2))
    assert torch.equal(first, second)


def test_addition_leaves_all_before_the_last_prompt_token_to_the_bit(loaded, ids):
    plain = logits(loaded, ids)
    steered_rows = logits(loaded, ids, [{1: add(vector())}] * ROWS, STARTS)
    for row, start in enumerate(STARTS):
        assert torch.equal(steered_rows[row, :start], plain[row, :start])
        assert (steered_rows[row, start:] - plain[row, start:]).abs().amax(-1).min() > 1e-3


def test_a_held_coordinate_is_what_the_stream_shows_at_every_position(llama, ids):
    seen = []
    with steered(llama, [{2: clamp(basis(1)[:, 0], 2.5)}] * ROWS, STARTS):
        handle = llama.blocks[2].register_forward_pre_hook(lambda _, arguments: seen.append(arguments[0]))
        llama.model(input_ids=ids, use_cache=False)
    handle.remove()
    assert np.allclose(seen[0].numpy() @ basis(1), 2.5, atol=1e-5)


def test_an_edit_in_a_narrow_dtype_is_rounded_once(tiny_llama_folder, ids):
    narrow = load_model(resolve(tiny_llama_folder), dtype="bfloat16")
    streams = {}

    def keep(name):
        return lambda _, arguments: streams.setdefault(name, arguments[0])

    for name, edits in (("before", []), ("after", [{1: ablate(basis(2))}] * ROWS)):
        with steered(narrow, edits, STARTS):
            handle = narrow.blocks[1].register_forward_pre_hook(keep(name))
            narrow.model(input_ids=ids, use_cache=False)
        handle.remove()
    before = streams["before"].double().numpy()
    exact = torch.from_numpy(before - before @ basis(2) @ basis(2).T).bfloat16()
    assert streams["after"].dtype == torch.bfloat16
    assert (streams["after"] == exact).double().mean() > 0.99


def test_edits_that_change_nothing_put_no_hook_on_the_model(loaded):
    untouched = hooks_of(loaded)
    with steered(loaded, [{}, {1: add(np.zeros(32)), 3: add(np.zeros(32))}], [3, 3]):
        assert hooks_of(loaded) == untouched
    with steered(loaded, mixed(), STARTS):
        # Points 0 to 3 and, once, what tells them how much the cache holds.
        assert len(hooks_of(loaded)) == len(untouched) + 5
    assert hooks_of(loaded) == untouched


def test_hooks_are_removed_even_when_the_block_fails(loaded, ids):
    untouched = hooks_of(loaded)
    with pytest.raises(RuntimeError, match="stop"), steered(loaded, mixed(), STARTS):
        loaded.model(input_ids=ids)
        raise RuntimeError("stop")
    assert hooks_of(loaded) == untouched


def test_an_edit_of_another_width_or_point_is_refused_and_leaves_no_hook(llama):
    untouched = hooks_of(llama)
    for edits, message in (
        ({1: add(np.ones(32)), 2: add(np.ones(3))}, "width of the model"),
        ({1: add(np.ones(32)), 4: add(np.ones(32))}, "between 0 and the number of blocks"),
        ({-1: ablate(basis(1))}, "between 0 and the number of blocks"),
    ):
        with pytest.raises(BadInput, match=message), steered(llama, [{}, edits], [3, 3]):
            pass
    assert hooks_of(llama) == untouched
