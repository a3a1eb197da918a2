import pytest
import torch
from tiny_models import DECODERS, ENCODERS, tiny_model
from transformers import AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM

from empathy_core.contracts import BadInput
from empathy_core.models.blocks import find_blocks, find_final_norm, hook_point, residual_point_name

IDS = torch.arange(3, 40)[None]


def model_of(folder):
    classes = {"tiny-bert": AutoModelForMaskedLM, "tiny-bert_base": AutoModel}
    return classes.get(folder.rsplit("/", 1)[1], AutoModelForCausalLM).from_pretrained(folder).eval()


@pytest.fixture(scope="module")
def model(tiny_folder):
    return model_of(tiny_folder)


@pytest.fixture(scope="module")
def encoder(tiny_encoder_folder):
    return model_of(tiny_encoder_folder)


def read(model, ids):
    blocks, found = find_blocks(model), {}
    handles = [
        hook_point(blocks, point, lambda residual, point=point: found.update({point: residual}))
        for point in range(len(blocks) + 1)
    ]
    with torch.no_grad():
        output = model(ids, output_hidden_states=True)
    for handle in handles:
        handle.remove()
    return found, output.hidden_states


def test_points_are_the_hidden_states_up_to_the_last_which_is_raw(model):
    found, hidden_states = read(model, IDS)
    assert len(found) == len(hidden_states) == 4
    for point in range(3):
        torch.testing.assert_close(found[point], hidden_states[point], rtol=0, atol=1e-6)
    torch.testing.assert_close(find_final_norm(model)(found[3]), hidden_states[3], rtol=0, atol=1e-5)
    assert (found[3] - hidden_states[3]).abs().max() > 0.1


def test_every_point_of_an_encoder_is_a_hidden_state(encoder):
    found, hidden_states = read(encoder, IDS)
    assert len(found) == len(hidden_states) == 4
    for point in range(4):
        torch.testing.assert_close(found[point], hidden_states[point], rtol=0, atol=1e-6)
    assert find_final_norm(encoder)(found[3]) is found[3]


@pytest.mark.parametrize("architecture", DECODERS + ENCODERS)
def test_points_are_what_the_bridge_of_transformerlens_reads(architecture, tiny_folders):
    from transformer_lens.model_bridge import TransformerBridge

    folder = tiny_folders(architecture)
    found, _ = read(model_of(folder), IDS)
    bridge = TransformerBridge.boot_transformers(folder, device="cpu")
    _, cache = bridge.run_with_cache(IDS)
    for point, residual in found.items():
        torch.testing.assert_close(residual, cache[residual_point_name(point)], rtol=0, atol=1e-5)


@pytest.mark.parametrize("point", [0, 2])
def test_what_a_hook_returns_replaces_the_stream(model, point):
    before, _ = read(model, IDS)
    handle = hook_point(find_blocks(model), point, lambda residual: residual + 1)
    moved, _ = read(model, IDS)
    handle.remove()
    after, _ = read(model, IDS)
    torch.testing.assert_close(moved[point], before[point] + 1)
    assert (moved[3] - before[3]).abs().max() > 0.01
    assert torch.equal(after[3], before[3])


def first_block_changes(folder, position):
    """Where the first block's output changes when one token does."""
    ids, model = IDS.clone(), model_of(folder)
    ids[0, position] = 7
    return (read(model, ids)[0][1] != read(model, IDS)[0][1]).any(dim=-1)[0].tolist()


def test_a_sliding_window_is_kept(tiny_folders):
    n_tokens, window = IDS.shape[1], 16
    for architecture in ("mistral", "gemma2", "gemma3", "phi3"):
        assert first_block_changes(tiny_folders(architecture), 0) == [token < window for token in range(n_tokens)]


def test_an_encoder_sees_the_whole_text_and_a_decoder_what_came_before(tiny_folders):
    n_tokens, last = IDS.shape[1], IDS.shape[1] - 1
    assert all(first_block_changes(tiny_folders("bert"), last))
    assert first_block_changes(tiny_folders("llama"), last) == [token == last for token in range(n_tokens)]


def test_an_architecture_without_adapter_is_refused(tiny_folders):
    class OurOwnForCausalLM(AutoModelForCausalLM.from_pretrained(tiny_folders("llama")).__class__):
        pass

    with pytest.raises(BadInput, match="OurOwnForCausalLM"):
        find_blocks(OurOwnForCausalLM(tiny_model("llama").config))


def test_a_state_space_model_is_refused():
    from transformers import MambaConfig, MambaForCausalLM

    with pytest.raises(BadInput, match="MambaForCausalLM"):
        find_blocks(MambaForCausalLM(MambaConfig(vocab_size=8, hidden_size=8, num_hidden_layers=1, state_size=4)))
