import numpy as np
import pytest
import torch
from tiny_models import DECODERS, ENCODERS, tiny_config

from empathy_core.activations.encoding import EncodedText
from empathy_core.activations.packing import pack
from empathy_core.activations.tree import can_share_prompts, tree_masks

PROMPT = np.arange(1, 21)
# The second reply stands more than a window of 16 away from the prompt that it continues.
TEXTS = [EncodedText(f"{n}", "s", PROMPT, np.arange(1, n + 1)) for n in (19, 6, 4)]
TEXTS += [EncodedText("other", "t", PROMPT[:-1], np.arange(1, 26))]


@pytest.fixture
def batch():
    (batch,) = pack(TEXTS, range(4), 500, 0, True)
    assert batch.ids.shape == (2, 49)
    return batch


def visible_by_path(batch, window):
    """Written from the definition: a token sees those that stand at most a window before it in its own text."""
    visible = np.zeros((*batch.ids.shape, batch.ids.shape[1]), bool)
    for row, start, end in zip(batch.rows, batch.starts, batch.ends, strict=True):
        path = [*np.flatnonzero(batch.segments[row] == 0), *range(start, end)]
        for place, token in enumerate(path):
            visible[row, token, path[max(0, place + 1 - window) : place + 1]] = True
    return visible


def check(mask, batch, window):
    assert mask.shape == (2, 1, 49, 49)
    np.testing.assert_array_equal((mask[:, 0] == 0).numpy()[batch.mask], visible_by_path(batch, window)[batch.mask])
    assert (mask[mask != 0] == torch.finfo(mask.dtype).min).all()


@pytest.mark.parametrize(("architecture", "window"), [("llama", 99), ("gpt2", 99), ("mistral", 16), ("phi3", 16)])
def test_a_token_sees_its_own_text_up_to_itself_within_the_window(batch, architecture, window):
    check(tree_masks(tiny_config(architecture), batch, torch.float32, "cpu"), batch, window)


@pytest.mark.parametrize("architecture", ["gemma2", "gemma3"])
def test_models_that_mix_full_and_local_layers_get_a_mask_for_each(batch, architecture):
    masks = tree_masks(tiny_config(architecture), batch, torch.bfloat16, "cpu")
    assert set(masks) == {"full_attention", "sliding_attention"}
    check(masks["full_attention"], batch, 99)
    check(masks["sliding_attention"], batch, 16)


def test_no_query_is_left_without_a_key(batch):
    mask = tree_masks(tiny_config("mistral"), batch, torch.float32, "cpu")
    assert (mask == 0).any(dim=-1).all()


def test_prompts_are_shared_in_decoders_whose_attention_is_known_and_never_in_encoders():
    assert all(can_share_prompts(tiny_config(name)) for name in DECODERS)
    assert not any(can_share_prompts(tiny_config(name)) for name in ENCODERS)
    both_ways = tiny_config("gemma3")
    both_ways.use_bidirectional_attention = True
    assert not can_share_prompts(both_ways)
