"""The one layer convention, and where a model's blocks are.

Residual point 0 is the input of block 0; point l is the output of block l (1…L), raw, before the final norm.
In TransformerLens: `blocks.0.hook_resid_pre`, then `blocks.{l-1}.hook_resid_post`.
"""

from collections.abc import Callable, Sequence

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle
from transformers import PreTrainedModel

from empathy_core.contracts import BadInput


def find_blocks(model: PreTrainedModel) -> list[nn.Module]:
    """The model's blocks in order, found through TransformerLens' map of architectures; the model is left as it is.

    Raises:
        BadInput: if TransformerLens has no adapter for this architecture.
    """
    return list(model.get_submodule(_paths(model)["blocks"]).children())


def find_final_norm(model: PreTrainedModel) -> nn.Module:
    """The norm between the last point and the head; the identity in models that normalise inside their blocks.

    Raises:
        BadInput: if TransformerLens has no adapter for this architecture.
    """
    path = _paths(model).get("ln_final")
    return model.get_submodule(path) if path else nn.Identity()


def _paths(model: PreTrainedModel) -> dict[str, str]:
    """TransformerLens' component names and where this model keeps each."""
    # Imported here: it costs 0.8 s more once transformers is in memory, and only those who load a model pay it.
    from transformer_lens.config import TransformerBridgeConfig
    from transformer_lens.factories.architecture_adapter_factory import (
        SUPPORTED_ARCHITECTURES,
        ArchitectureAdapterFactory,
    )

    config, name = model.config, type(model).__name__
    # An encoder is often saved without its head; TransformerLens maps the model with the head.
    with_head = (name, f"{name.removesuffix('Model')}ForMaskedLM")
    architecture = next((known for known in with_head if known in SUPPORTED_ARCHITECTURES), None)
    if architecture is None or not hasattr(config, "num_attention_heads"):
        raise BadInput(
            "The model's architecture must be a transformer that TransformerLens can map.",
            got=name,
            cause="a new or custom architecture",
            fix="use a decoder such as Llama, Qwen, Mistral, Gemma, GPT-2, GPT-NeoX or Phi, or an encoder such as BERT",
        )
    adapter = ArchitectureAdapterFactory.select_architecture_adapter(
        TransformerBridgeConfig(
            d_model=config.hidden_size,
            d_head=config.hidden_size // config.num_attention_heads,
            n_heads=config.num_attention_heads,
            n_layers=config.num_hidden_layers,
            n_ctx=config.max_position_embeddings,
            d_vocab=config.vocab_size,
            architecture=architecture,
        )
    )
    prefix, mapping = f"{model.base_model_prefix}.", adapter.component_mapping
    # What is mapped outside the base model belongs to a head (BERT's has a norm of its own) and touches no point.
    inside = {part: path for part in mapping if (path := mapping[part].name or "").startswith(prefix)}
    # A model without head is itself what the prefix names.
    return {part: path.removeprefix(prefix) if model.base_model is model else path for part, path in inside.items()}


def residual_point_name(point: int) -> str:
    """The TransformerLens hook that reads the same tensor."""
    return "blocks.0.hook_resid_pre" if point == 0 else f"blocks.{point - 1}.hook_resid_post"


def hook_point(blocks: Sequence[nn.Module], point: int, function: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
    """Calls `function` with the residual stream `[text, token, dim]` at a point in every forward pass.

    What it returns replaces the stream; None leaves it. The caller removes the hook.
    """

    def before(_, arguments):
        replaced = function(arguments[0])
        return None if replaced is None else (replaced, *arguments[1:])

    def after(_, __, output):
        # Some architectures return the stream alone, others a tuple that begins with it.
        stream = output[0] if isinstance(output, tuple) else output
        replaced = function(stream)
        if replaced is None:
            return None
        return (replaced, *output[1:]) if isinstance(output, tuple) else replaced

    if point == 0:
        return blocks[0].register_forward_pre_hook(before)
    return blocks[point - 1].register_forward_hook(after)
