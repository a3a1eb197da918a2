"""Tiny random models that any test can load: real architectures, a tokenizer that encodes any English text."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["HF_HUB_OFFLINE"] = "1"

from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import settings
from tiny_models import DECODERS, ENCODERS, TOKENS, tiny_model

from empathy_core.contracts import Text, TextSet

# The same examples in every run: a failure must come from a change.
settings.register_profile("same", derandomize=True, database=None)
settings.load_profile("same")

LONGEST = ("test_chain.py", "test_acceptance.py", "test_activation_flow.py", "test_dataset_flow.py")
"""Minutes each. Begun last, one of them would keep a single worker busy at the end."""


def pytest_collection_modifyitems(items):
    """The longest files first, all others in their order."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


SCENARIOS = {
    "s1": "My father went into hospital last night and nobody will tell us anything.",
    "s2": "I lost my job on Friday.",
    "s3": "We are moving away, and my daughter has not spoken to me for a week now. I do not know what to do.",
}
RESPONSES = {
    "cognitive": "It sounds as if the not knowing is the hardest part, because you cannot plan.",
    "affective": "I am so sorry; that must hurt.",
    "instrumental": "Call in the morning, ask who is in charge, write the answer down, and then ring your sister.",
}
SEED = 0


@pytest.fixture(scope="session")
def small_texts() -> TextSet:
    """Three scenarios by three styles, of very different lengths."""
    rows = [
        Text(f"{scenario_id}-{style}", scenario_id, "family", style, scenario, response)
        for scenario_id, scenario in SCENARIOS.items()
        for style, response in RESPONSES.items()
    ]
    return TextSet("small", "measured", tuple(rows))


@pytest.fixture(scope="session")
def tiny_tokenizer():
    """Byte-level BPE with begin, end and pad tokens; adds none of them by itself."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=TOKENS,
        special_tokens=["<pad>", "<bos>", "<eos>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([*SCENARIOS.values(), *RESPONSES.values()], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<bos>", eos_token="<eos>")


@pytest.fixture(scope="session")
def tiny_folders(tmp_path_factory, tiny_tokenizer) -> Callable[[str], str]:
    """From an architecture of `tiny_models` to the folder of its tiny random model, written when first asked for."""
    parent = tmp_path_factory.mktemp("models")

    @cache
    def folder(architecture: str) -> str:
        import torch

        torch.manual_seed(SEED)
        written = parent / f"tiny-{architecture}"
        tiny_model(architecture).save_pretrained(written)
        tiny_tokenizer.save_pretrained(written)
        return str(written)

    return folder


@pytest.fixture(scope="session", params=DECODERS)
def tiny_folder(request, tiny_folders) -> str:
    """Every decoder in turn."""
    return tiny_folders(request.param)


@pytest.fixture(scope="session", params=ENCODERS)
def tiny_encoder_folder(request, tiny_folders) -> str:
    """Every encoder in turn: with and without its language-model head."""
    return tiny_folders(request.param)


@pytest.fixture(scope="session")
def tiny_llama_folder(tiny_folders) -> str:
    return tiny_folders("llama")


@pytest.fixture(scope="session")
def tiny_qwen2_folder(tiny_folders) -> str:
    return tiny_folders("qwen2")


@pytest.fixture(scope="session")
def tiny_gemma2_folder(tiny_folders) -> str:
    return tiny_folders("gemma2")


@pytest.fixture(scope="session")
def tiny_gpt2_folder(tiny_folders) -> str:
    return tiny_folders("gpt2")
