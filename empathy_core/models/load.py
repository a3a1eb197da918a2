"""Loads a model and its tokenizer, and checks once, here, all that later stages rely on."""

from dataclasses import dataclass, replace

import torch
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from empathy_core.contracts import BadInput, ModelSpec
from empathy_core.models.blocks import find_blocks
from empathy_core.models.fetch import fetch
from empathy_core.models.threads import limit_threads
from empathy_core.models.tokenizer import read_tokenizer, with_template
from empathy_core.models.weights import QUANTISED, check_placement, is_encoder, read_config, read_weights


@dataclass(frozen=True)
class LoadedModel:
    """A checked model in evaluation mode, ready for extraction and steering."""

    spec: ModelSpec
    """With revision, layer count, width and chat template as loaded."""
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    blocks: list[nn.Module]
    """Block l of `models.blocks`' convention is `blocks[l - 1]`."""
    device: str
    """Where token ids go: the device of the embedding, when the blocks are spread over several."""

    @property
    def causal(self) -> bool:
        """False for an encoder, which can be read but neither steered nor made to write."""
        return not is_encoder(self.model.config)

    @property
    def precision(self) -> str:
        """The dtype asked for when loading: that of the residual stream, or `8bit` or `4bit`."""
        quantised = (dtype for dtype in QUANTISED if getattr(self.model, f"is_loaded_in_{dtype}", False))
        return next(quantised, str(self.model.dtype).removeprefix("torch."))


def require_causal(loaded: LoadedModel) -> None:
    """Checks that the model can continue a text.

    Raises:
        BadInput: if it is an encoder.
    """
    if not loaded.causal:
        raise BadInput(
            "Steering and generation need a model that writes from left to right.",
            got=f"{loaded.spec.name}, an encoder ({type(loaded.model).__name__})",
            cause="an encoder sees the whole text at every token; it can be read and probed only",
            fix="choose a decoder, or stop after probing",
        )


def load_model(spec: ModelSpec, device: str = "cpu", dtype: str = "float32") -> LoadedModel:
    """Loads the weights (safetensors only, no remote code) and completes the specification from the checkpoint.

    `device` is `cpu`, `cuda`, `mps`, or `auto` for a model larger than one device; `dtype` is `float32`, `bfloat16`,
    `float16`, or with bitsandbytes `8bit` or `4bit`.

    Raises:
        BadInput: if the checkpoint is missing, gated, broken, incomplete, without tokenizer, holds NaN, disagrees
            with its specification, or cannot be held by this machine.
    """
    check_placement(device, dtype)
    limit_threads()
    folder, revision = fetch(spec)
    tokenizer = read_tokenizer(folder)
    model = read_weights(folder, read_config(folder), device, dtype)
    blocks = find_blocks(model)
    _check(spec, model, tokenizer, blocks)
    spec = replace(
        with_template(spec, tokenizer), revision=revision, n_layers=len(blocks), d_model=model.config.hidden_size
    )
    return LoadedModel(spec, model, tokenizer, blocks, str(model.device))


def _check(
    spec: ModelSpec, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, blocks: list[nn.Module]
) -> None:
    config = model.config
    found = (len(blocks), config.hidden_size)
    stated = (spec.n_layers or config.num_hidden_layers, spec.d_model or config.hidden_size)
    if found != stated or len(blocks) != config.num_hidden_layers:
        raise BadInput(
            "Block count and width must be those stated for the model.",
            got=f"{spec.name}: {found[0]} blocks of width {found[1]}, stated {stated[0]} and {stated[1]}",
            cause="another checkpoint under this model's name",
            fix="check the folder, or correct models/specs.py",
        )
    if len(tokenizer) > config.vocab_size:
        raise BadInput(
            "Every token id must have an embedding row.",
            got=f"{spec.name}: {len(tokenizer)} tokens, {config.vocab_size} rows",
            cause="the tokenizer of another model, or tokens added after training",
            fix="use the tokenizer that was saved with these weights",
        )
    if broken := next((name for name, value in model.named_parameters() if not _finite(value)), None):
        raise BadInput(
            "Weights must be finite.",
            got=f"NaN or infinity in {broken} of {spec.name}",
            cause="training diverged, or float16 cannot hold these weights",
            fix="load in float32 or bfloat16, or use another checkpoint",
        )


def _finite(value: nn.Parameter) -> bool:
    # The extremes are found where the tensor lies and without a copy of it; NaN is an extreme.
    # Quantised weights are integers, and offloaded ones are elsewhere until their block runs.
    if value.is_meta or not value.is_floating_point():
        return True
    return bool(torch.stack(torch.aminmax(value)).isfinite().all())
