import pytest
import torch
from transformers import AutoModelForCausalLM

from empathy_core.contracts import BadInput
from empathy_core.models.blocks import find_blocks, hook_point, residual_point_name

IDS = torch.arange(3, 40)[None]


@pytest.fixture(params=["llama", "gpt2", "qwen2", "gemma2"])
def model(request):
    folder = request.getfixturevalue(f"tiny_{request.param}_folder")
    return AutoModelForCausalLM.from_pretrained(folder).eval()


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
    final_norm = model.base_model.ln_f if hasattr(model.base_model, "ln_f") else model.base_model.norm
    torch.testing.assert_close(final_norm(found[3]), hidden_states[3], rtol=0, atol=1e-5)
    assert (found[3] - hidden_states[3]).abs().max() > 0.1


def test_points_are_what_the_bridge_of_transformerlens_reads(tiny_llama_folder):
    from transformer_lens.model_bridge import TransformerBridge

    found, _ = read(AutoModelForCausalLM.from_pretrained(tiny_llama_folder).eval(), IDS)
    bridge = TransformerBridge.boot_transformers(tiny_llama_folder, device="cpu")
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


def test_an_architecture_without_adapter_is_refused(model):
    class OurOwnForCausalLM(type(model)):
        pass

    with pytest.raises(BadInput, match="OurOwnForCausalLM"):
        find_blocks(OurOwnForCausalLM(model.config))
