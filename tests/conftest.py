"""Tiny random models that any test can load: real architectures, a tokenizer that encodes any English text."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["HF_HUB_OFFLINE"] = "1"

import pytest

from empathy_core.contracts import Text, TextSet

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
TOKENS, ROWS = 400, 408  # more embedding rows than tokens, as in most real checkpoints
SIZE = {"vocab_size": ROWS, "max_position_embeddings": 256}
WIDTH = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 64}
# Wide initial weights make the random model far from linear, so that a wrong mask or position shows.
SEED, SPREAD = 0, {"initializer_range": 0.2}


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


def _save(folder, config, tokenizer) -> str:
    import torch
    from transformers import AutoModelForCausalLM

    torch.manual_seed(SEED)
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="session")
def tiny_llama_folder(tmp_path_factory, tiny_tokenizer) -> str:
    from transformers import LlamaConfig

    config = LlamaConfig(**SIZE, **WIDTH, **SPREAD, num_key_value_heads=2, bos_token_id=1, eos_token_id=2)
    return _save(tmp_path_factory.mktemp("models") / "tiny-llama", config, tiny_tokenizer)


@pytest.fixture(scope="session")
def tiny_qwen2_folder(tmp_path_factory, tiny_tokenizer) -> str:
    from transformers import Qwen2Config

    config = Qwen2Config(**SIZE, **WIDTH, **SPREAD, num_key_value_heads=2, bos_token_id=1, eos_token_id=2)
    return _save(tmp_path_factory.mktemp("models") / "tiny-qwen2", config, tiny_tokenizer)


@pytest.fixture(scope="session")
def tiny_gemma2_folder(tmp_path_factory, tiny_tokenizer) -> str:
    from transformers import Gemma2Config

    # The window is shorter than the texts, so that the alternating local layers are exercised.
    config = Gemma2Config(**SIZE, **WIDTH, **SPREAD, num_key_value_heads=2, head_dim=8, sliding_window=16)
    return _save(tmp_path_factory.mktemp("models") / "tiny-gemma2", config, tiny_tokenizer)


@pytest.fixture(scope="session")
def tiny_gpt2_folder(tmp_path_factory, tiny_tokenizer) -> str:
    from transformers import GPT2Config

    config = GPT2Config(
        vocab_size=ROWS, n_positions=256, n_embd=32, n_layer=3, n_head=4, bos_token_id=1, eos_token_id=2, **SPREAD
    )
    return _save(tmp_path_factory.mktemp("models") / "tiny-gpt2", config, tiny_tokenizer)
