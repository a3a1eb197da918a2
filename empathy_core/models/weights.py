"""A checkpoint's weights on the devices that run it, in the precision asked for."""

import importlib.util
import logging
import re
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import (
    MODEL_FOR_MASKED_LM_MAPPING,
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    BitsAndBytesConfig,
    PreTrainedConfig,
    PreTrainedModel,
)

from empathy_core.contracts import BadInput

FLOATING = ("float32", "bfloat16", "float16")
QUANTISED = ("8bit", "4bit")
"""Weights of the blocks' linear layers in 8 or 4 bits by bitsandbytes; the residual stream is bfloat16."""


def read_config(folder: Path) -> PreTrainedConfig:
    """The checkpoint's configuration.

    Raises:
        BadInput: if config.json is not one that transformers knows, or describes more than a text model.
    """
    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise BadInput(
            "config.json must describe a model that transformers knows.",
            got=f"{folder}: {_first_line(error)}",
            cause="an architecture that needs its own code, or a cut-off file",
            fix="use a checkpoint whose architecture is part of transformers",
        ) from error
    if config.get_text_config() is not config:
        raise BadInput(
            "A model must read text alone.",
            got=f"{folder}: {config.model_type}",
            cause="a checkpoint that reads pictures or sound as well",
            fix="use the family's text-only checkpoint",
        )
    return config


def is_encoder(config: PreTrainedConfig) -> bool:
    """True for models that see the whole text at every token, such as BERT."""
    return type(config) in MODEL_FOR_MASKED_LM_MAPPING and not config.is_decoder


def model_class(config: PreTrainedConfig) -> type:
    """The transformers class that reads every tensor of this checkpoint."""
    if not is_encoder(config):
        return AutoModelForCausalLM
    without_head = (config.architectures or ["Model"])[0].endswith("Model")
    return AutoModel if without_head else AutoModelForMaskedLM


def check_dtype(dtype: str) -> None:
    """Checks that a dtype is one that weights are loaded in.

    Raises:
        BadInput: if it is not.
    """
    if dtype not in FLOATING + QUANTISED:
        raise BadInput(
            "Weights are loaded in a floating or a quantised dtype.",
            got=dtype,
            fix=f"choose one of {', '.join(FLOATING + QUANTISED)}",
        )


def check_placement(device: str, dtype: str) -> None:
    """Checks that this machine has the device and can hold weights in the dtype.

    Raises:
        BadInput: if it does not.
    """
    check_dtype(dtype)
    usable = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "auto": True}
    if not usable.get(device):
        raise BadInput(
            "A model runs on `cpu`, `cuda` or `mps`, or with `auto` on all devices together.",
            got=f"{device!r}; usable here: {', '.join(name for name in usable if usable[name])}",
            cause="no GPU, a build of torch without support for it, or a device number",
            fix="choose a usable device; CUDA_VISIBLE_DEVICES says which GPU",
        )
    if dtype in QUANTISED and importlib.util.find_spec("bitsandbytes") is None:
        raise BadInput(
            "Weights in 8 or 4 bits need bitsandbytes.",
            got=f"{dtype}, and bitsandbytes is not installed",
            fix="pip install bitsandbytes, or load in bfloat16",
        )


def read_weights(folder: Path, config: PreTrainedConfig, device: str, dtype: str) -> PreTrainedModel:
    """The model in evaluation mode, every tensor read from safetensors straight to its device, no remote code run.

    Raises:
        BadInput: if the files are broken, do not fit config.json, or do not fit the memory of the device.
    """
    try:
        model, report = model_class(config).from_pretrained(
            folder,
            **_precision(dtype),
            device_map=device,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    except torch.OutOfMemoryError as error:
        raise _too_large(folder, device, dtype) from error
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise BadInput(
            "The weights must be whole safetensors that fit config.json.",
            got=f"{folder}: {_first_line(error)}",
            cause="an interrupted copy or download, or a config.json of another model",
            fix="copy the checkpoint again",
        ) from error
    if "disk" in getattr(model, "hf_device_map", {}).values():
        raise _too_large(folder, device, dtype)
    _check_keys(folder, config.num_hidden_layers, report)
    return model


def _precision(dtype: str) -> dict[str, Any]:
    if dtype in FLOATING:
        return {"dtype": getattr(torch, dtype)}
    # It would warn in every layer of every pass that 8-bit products take float16 inputs.
    logging.getLogger("bitsandbytes.autograd._functions").setLevel(logging.ERROR)
    quantisation = BitsAndBytesConfig(
        load_in_8bit=dtype == "8bit", load_in_4bit=dtype == "4bit", bnb_4bit_compute_dtype=torch.bfloat16
    )
    return {"dtype": torch.bfloat16, "quantization_config": quantisation}


def _check_keys(folder: Path, n_layers: int, report: dict[str, Any]) -> None:
    missing = sorted(report["missing_keys"])
    surplus = sorted(key for key in report["unexpected_keys"] if _layer_of(key) >= n_layers)
    if missing or surplus:
        raise BadInput(
            "The checkpoint's tensors must be those its config.json describes.",
            got=f"{folder}: missing {missing[:3]}, beyond the {n_layers} blocks {surplus[:3]}",
            cause="a missing shard, or a wrong num_hidden_layers",
            fix="copy the whole checkpoint with its own config.json",
        )


def _layer_of(key: str) -> int:
    number = re.search(r"\.(\d+)\.", key)
    return int(number.group(1)) if number else -1


def _too_large(folder: Path, device: str, dtype: str) -> BadInput:
    return BadInput(
        "The weights must fit in memory.",
        got=f"{folder} in {dtype} on {device}",
        cause="a model larger than the device",
        fix="spread it over all devices with `auto`, or load it in bfloat16, 8bit or 4bit",
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
