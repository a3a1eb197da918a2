"""The loops of the earlier study: one text at a time through TransformerLens, with the language-model head."""

import tempfile
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from transformer_lens import HookedTransformer, HookedTransformerConfig
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.pretrained.weight_conversions import convert_llama_weights

from empathy_core.activations.encoding import EncodedText
from empathy_core.models.blocks import residual_point_name
from empathy_core.models.load import LoadedModel


def hooked_transformer(loaded: LoadedModel) -> HookedTransformer:
    """The same Llama as a HookedTransformer, its weights converted and otherwise left as they are."""
    config = loaded.model.config
    head = config.hidden_size // config.num_attention_heads
    hooked_config = HookedTransformerConfig(
        n_layers=config.num_hidden_layers,
        d_model=config.hidden_size,
        d_head=head,
        n_heads=config.num_attention_heads,
        d_mlp=config.intermediate_size,
        d_vocab=config.vocab_size,
        n_ctx=config.max_position_embeddings,
        act_fn="silu",
        gated_mlp=True,
        normalization_type="RMS",
        final_rms=True,
        eps=config.rms_norm_eps,
        positional_embedding_type="rotary",
        rotary_dim=head,
        rotary_base=config.rope_parameters["rope_theta"],
        device="cpu",
    )
    hooked = HookedTransformer(hooked_config)
    # Not strict: masks and rotary tables are no weights, and the checkpoint has none.
    hooked.load_state_dict(convert_llama_weights(loaded.model, hooked_config), strict=False)
    return hooked.eval()


def bridge(loaded: LoadedModel) -> TransformerBridge:
    """The same Llama as a TransformerBridge, from a copy on disk, since a bridge changes the model it is given."""
    with tempfile.TemporaryDirectory() as folder:
        loaded.model.save_pretrained(folder)
        loaded.tokenizer.save_pretrained(folder)
        return TransformerBridge.boot_transformers(folder, device="cpu")


def a_pass_a_layer(layers: int) -> list[list[str]]:
    """Hook names for one pass at a time: each asks for the output of one block."""
    return [[residual_point_name(layer)] for layer in range(1, layers + 1)]


def one_pass(layers: int) -> list[list[str]]:
    """Hook names for a single pass, which asks for the output of every block."""
    return [[name for (name,) in a_pass_a_layer(layers)]]


@torch.inference_mode()
def response_means(
    model: HookedTransformer | TransformerBridge, text: EncodedText, passes: Sequence[Sequence[str]]
) -> Float[np.ndarray, "layer dim"]:
    """Mean over the response of the output of every block, read in as many passes as asked for."""
    ids = torch.from_numpy(np.concatenate([text.prompt, text.response]))[None]
    means = []
    for names in passes:
        _, cache = model.run_with_cache(ids, names_filter=list(names))
        means.extend(cache[name][0, len(text.prompt) :].mean(0) for name in names)
    return torch.stack(means).numpy()
