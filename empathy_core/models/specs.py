"""Every fact about every model, once; and the one way from what a user types to a model.

Imports neither torch nor transformers, so that flows can check names before anything expensive starts.
Layer counts and widths are those of each checkpoint's own config.json; `models.load` checks them again.
"""

import difflib
import re
from dataclasses import replace
from pathlib import Path

from empathy_core.contracts import BadInput, ModelSpec

ORGANISM_WEIGHTS = "empathy_core/organisms/weights"
"""Relative to where the package lies (`models.fetch` joins the two): the same on every machine."""
ORGANISMS = ("persistent", "graded", "scrambled", "untrained")
"""The embedded models, whose truth is planted."""

HUB_ID = re.compile(r"[\w-][\w.-]*/[\w.-]+")
PINNED = re.compile(r"([^@]+)@([\w./-]+)")


def _chat(name: str, hub_id: str, n_layers: int, d_model: int, licence: str, gated: bool = False) -> ModelSpec:
    return ModelSpec(name, hub_id, n_layers=n_layers, d_model=d_model, chat_template=True, gated=gated, licence=licence)


def _base(name: str, hub_id: str, n_layers: int, d_model: int, licence: str, gated: bool = False) -> ModelSpec:
    return ModelSpec(name, hub_id, n_layers=n_layers, d_model=d_model, gated=gated, licence=licence)


def _organism(name: str) -> ModelSpec:
    """A grammar prompt ends in "the nurse:", so its reply begins with a space and nothing else stands between."""
    return ModelSpec(
        name,
        f"{ORGANISM_WEIGHTS}/{name}",
        kind="organism",
        n_layers=4,
        d_model=128,
        prompt_template="{scenario}",
        response_prefix=" ",
        licence="MIT",
    )


_SPECS = (
    _chat("gemma-2-9b-it", "google/gemma-2-9b-it", 42, 3584, "Gemma terms of use", gated=True),
    _chat("llama-3.1-8b-instruct", "meta-llama/Llama-3.1-8B-Instruct", 32, 4096, "Llama 3.1 Community", gated=True),
    _chat("qwen2.5-7b-instruct", "Qwen/Qwen2.5-7B-Instruct", 28, 3584, "Apache-2.0"),
    _chat("mistral-7b-instruct-v0.3", "mistralai/Mistral-7B-Instruct-v0.3", 32, 4096, "Apache-2.0"),
    _chat("deepseek-r1-distill-qwen-7b", "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", 28, 3584, "MIT"),
    _chat("deepseek-r1-distill-llama-8b", "deepseek-ai/DeepSeek-R1-Distill-Llama-8B", 32, 4096, "MIT"),
    _base("llama-3-8b", "meta-llama/Meta-Llama-3-8B", 32, 4096, "Llama 3 Community", gated=True),
    _base("gemma-7b", "google/gemma-7b", 28, 3072, "Gemma terms of use", gated=True),
    _chat("qwen2.5-3b-instruct", "Qwen/Qwen2.5-3B-Instruct", 36, 2048, "Qwen Research"),
    _chat("tinyllama-1.1b-chat", "TinyLlama/TinyLlama-1.1B-Chat-v1.0", 22, 2048, "Apache-2.0"),
    _base("phi-2", "microsoft/phi-2", 32, 2560, "MIT"),
    _base("pythia-1.4b", "EleutherAI/pythia-1.4b", 24, 2048, "Apache-2.0"),
    _base("gpt2", "openai-community/gpt2", 12, 768, "MIT"),
    _base("gpt2-xl", "openai-community/gpt2-xl", 48, 1600, "MIT"),
    *(_organism(name) for name in ORGANISMS),
)

REGISTRY: dict[str, ModelSpec] = {spec.name: spec for spec in _SPECS}
"""Registry name to specification."""


def _registered(name: str) -> ModelSpec | None:
    """The registered model of this name or hub id, or the only one whose name begins with these words."""
    wanted = name.lower()
    exact = [spec for spec in _SPECS if wanted in (spec.name, spec.location.lower())]
    longer = [spec for spec in _SPECS if spec.name.startswith(f"{wanted}-")]
    matches = exact or longer
    return matches[0] if len(matches) == 1 else None


def _folder(path: Path) -> ModelSpec:
    if not (path / "config.json").is_file():
        raise BadInput(
            "A model folder must hold config.json.",
            got=str(path),
            cause="the folder is empty, or is the parent of the checkpoint",
            fix="give the folder that `save_pretrained` wrote",
        )
    return ModelSpec(name=path.name, location=str(path))


def resolve(name: str) -> ModelSpec:
    """The specification of a registry name (or its unique beginning), a local folder or a hub id `org/name`.

    A branch, tag or commit of the hub may follow: `org/name@revision`. What is not registered has no stated layer
    count; loading fills it in, with the tokenizer's own chat template.

    Raises:
        BadInput: if the name is none of the three, or a folder without config.json.
    """
    if spec := _registered(name):
        return spec
    path = Path(name).expanduser()
    if path.is_dir():
        return _folder(path.resolve())
    if pinned := PINNED.fullmatch(name):
        return replace(resolve(pinned[1]), revision=pinned[2])
    if HUB_ID.fullmatch(name):
        return ModelSpec(name=name.split("/")[1], location=name)
    near = [key for key in REGISTRY if key.startswith(name.lower())] or difflib.get_close_matches(
        name.lower(), REGISTRY, n=4, cutoff=0.4
    )
    raise BadInput(
        "A model is a registry name, an existing local folder, or a hub id `org/name` or `org/name@revision`.",
        got=repr(name),
        cause="a misspelt or ambiguous name, or a folder that does not exist",
        fix=f"choose one of {', '.join(near or REGISTRY)}",
    )


def resolve_all(names: str) -> tuple[ModelSpec, ...]:
    """The specifications of a comma-separated list, in order.

    Raises:
        BadInput: if the list is empty, one name is unknown, or two of them share a short name (names key every number).
    """
    specs = tuple(resolve(name.strip()) for name in names.split(",") if name.strip())
    if not specs:
        raise BadInput("At least one model is needed.", got=repr(names), fix=f"choose from {', '.join(REGISTRY)}")
    seen: dict[str, ModelSpec] = {}
    for spec in specs:
        if spec.name in seen:
            raise BadInput(
                "The models of one run must have different short names.",
                got=f"{spec.name!r} for {seen[spec.name].location} and {spec.location}",
                cause="one model given twice, or two folders of the same name",
                fix="give each model once, and rename one of the folders",
            )
        seen[spec.name] = spec
    return specs
