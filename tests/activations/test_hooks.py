import pytest
import torch

from empathy_core.activations.hooks import read_residual
from empathy_core.models.load import load_model
from empathy_core.models.specs import resolve


@pytest.fixture(scope="module")
def loaded(tiny_llama_folder):
    return load_model(resolve(tiny_llama_folder))


@pytest.mark.parametrize("points", [(0, 1, 2, 3), (1, 3)])
def test_every_wanted_point_is_read_and_reduced(loaded, points):
    with torch.no_grad(), read_residual(loaded.blocks, points, lambda residual: tuple(residual.shape)) as found:
        loaded.model(torch.arange(3, 12)[None])
    assert found == dict.fromkeys(points, (1, 9, 32))


def test_hooks_are_gone_after_an_error(loaded):
    def hooks():
        return [hook for block in loaded.blocks for hook in (*block._forward_hooks, *block._forward_pre_hooks)]

    with pytest.raises(ZeroDivisionError), read_residual(loaded.blocks, range(4), lambda residual: 1 / 0):
        assert len(hooks()) == 4
        loaded.model(torch.arange(3, 12)[None])
    assert not hooks()
