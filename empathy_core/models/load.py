"""Loads a model and its tokenizer, and checks once, here, all that later stages rely on."""

import logging
import re
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import nn
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from empathy_core.contracts import BadInput, ModelSpec
from empathy_core.models.blocks import find_blocks
from empathy_core.models.fetch import fetch

DTYPES = ("float32", "bfloat16", "float16")
LOGGER = logging.getLogger(__name__)


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


def load_model(spec: ModelSpec, device: str = "cpu", dtype: str = "float32") -> LoadedModel:
    """Loads the weights (safetensors only, no remote code) and completes the specification from the checkpoint.

    Raises:
        BadInput: if the checkpoint is missing, gated, broken, incomplete, without tokenizer, holds NaN, or disagrees
            with its specification.
    """
    if dtype not in DTYPES:
        raise BadInput("Weights are loaded in a floating dtype.", got=dtype, fix=f"choose one of {', '.join(DTYPES)}")
    folder, revision = fetch(spec)
    tokenizer = _tokenizer(folder)
    model = _weights(folder, getattr(torch, dtype)).to(device).eval()
    blocks = find_blocks(model)
    _check(spec, model, tokenizer, blocks)
    # A spec that states its layers states its template too; a stranger uses the one its tokenizer brings.
    chat_template = spec.chat_template if spec.n_layers else bool(tokenizer.chat_template)
    spec = replace(
        spec,
        revision=revision,
        n_layers=len(blocks),
        d_model=model.config.hidden_size,
        chat_template=chat_template,
    )
    return LoadedModel(spec, model, tokenizer, blocks, device)


def _tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The folder's tokenizer; where it has no pad token, an existing token stands in, hidden by the attention mask."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise BadInput(
            "A model folder must hold its tokenizer.",
            got=f"{folder}: {_first_line(error)}",
            cause="only the weights were copied",
            fix="copy tokenizer.json and tokenizer_config.json from the original model",
        ) from error
    tokenizer.padding_side = "right"
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.convert_ids_to_tokens(0)
        LOGGER.info("%s has no pad token; %r pads, hidden by the attention mask", folder.name, tokenizer.pad_token)
    return tokenizer


def _weights(folder: Path, dtype: torch.dtype) -> PreTrainedModel:
    try:
        model, report = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, use_safetensors=True, trust_remote_code=False, output_loading_info=True
        )
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise BadInput(
            "The weights must be whole safetensors that fit config.json.",
            got=f"{folder}: {_first_line(error)}",
            cause="an interrupted copy or download, or a config.json of another model",
            fix="copy the checkpoint again",
        ) from error
    n_layers = model.config.num_hidden_layers
    surplus = [key for key in report["unexpected_keys"] if _layer_of(key) >= n_layers]
    if report["missing_keys"] or surplus:
        missing = sorted(report["missing_keys"])
        raise BadInput(
            "The checkpoint's tensors must be those its config.json describes.",
            got=f"{folder}: missing {missing[:3]}, beyond the {n_layers} blocks {sorted(surplus)[:3]}",
            cause="a missing shard, or a wrong num_hidden_layers",
            fix="copy the whole checkpoint with its own config.json",
        )
    return model


def _layer_of(key: str) -> int:
    number = re.search(r"\.(\d+)\.", key)
    return int(number.group(1)) if number else -1


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
    if spec.chat_template and not tokenizer.chat_template:
        raise BadInput(
            "A chat model's tokenizer must bring its chat template.",
            got=spec.name,
            cause="tokenizer_config.json or chat_template.jinja was not copied",
            fix="copy the tokenizer files again",
        )
    if broken := next((name for name, value in model.named_parameters() if not value.isfinite().all()), None):
        raise BadInput(
            "Weights must be finite.",
            got=f"NaN or infinity in {broken} of {spec.name}",
            cause="training diverged, or float16 cannot hold these weights",
            fix="load in float32 or bfloat16, or use another checkpoint",
        )


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
