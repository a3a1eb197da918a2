"""Configurations of tiny random models, one for each architecture the tests read."""

from typing import Any

TOKENS, ROWS = 400, 408  # more embedding rows than tokens, as in most real checkpoints
DECODERS = "llama qwen2 qwen3 mistral gemma gemma2 gemma3 gpt2 gpt_neox phi phi3".split()
ENCODERS = ["bert", "bert_base"]
# Shorter than the texts, so that a model with a sliding window uses it.
WINDOW = {"sliding_window": 16}
# Wide initial weights make the random model far from linear, so that a wrong mask or position shows.
SPREAD = {"initializer_range": 0.2}
TOKEN_IDS = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
SIZE = {"vocab_size": ROWS, "max_position_embeddings": 256}
WIDTH = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 64}
GROUPED = {"num_key_value_heads": 2}
LOCAL_AND_GLOBAL = ["sliding_attention", "full_attention", "sliding_attention"]


def tiny_config(architecture: str) -> Any:
    """Three blocks of width 32; `bert_base` is the encoder without its language-model head."""
    import transformers

    shape = {**SIZE, **WIDTH, **SPREAD, **TOKEN_IDS}
    grouped = {**shape, **GROUPED}
    make = {
        "llama": lambda: transformers.LlamaConfig(**grouped),
        "qwen2": lambda: transformers.Qwen2Config(**grouped),
        "qwen3": lambda: transformers.Qwen3Config(**grouped, head_dim=8),
        "mistral": lambda: transformers.MistralConfig(**grouped, **WINDOW),
        "gemma": lambda: transformers.GemmaConfig(**grouped, head_dim=8),
        "gemma2": lambda: transformers.Gemma2Config(**grouped, **WINDOW, head_dim=8),
        "gemma3": lambda: transformers.Gemma3TextConfig(**grouped, **WINDOW, head_dim=8, layer_types=LOCAL_AND_GLOBAL),
        "gpt2": lambda: transformers.GPT2Config(
            **SPREAD, **TOKEN_IDS, vocab_size=ROWS, n_positions=256, n_embd=32, n_layer=3, n_head=4
        ),
        "gpt_neox": lambda: transformers.GPTNeoXConfig(**shape),
        "phi": lambda: transformers.PhiConfig(**grouped),
        "phi3": lambda: transformers.Phi3Config(**grouped, **WINDOW),
        "bert": lambda: transformers.BertConfig(**shape),
        "bert_base": lambda: transformers.BertConfig(**shape),
    }
    return make[architecture]()


def tiny_model(architecture: str) -> Any:
    """A random model of this architecture."""
    from transformers import AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM

    classes = {"bert": AutoModelForMaskedLM, "bert_base": AutoModel}
    return classes.get(architecture, AutoModelForCausalLM).from_config(tiny_config(architecture))
