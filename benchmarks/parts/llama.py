"""Random Llamas of any shape, and the texts and tokenizer they read: nothing is downloaded."""

from functools import cache

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedTokenizerFast

from empathy_core.contracts import ModelSpec, TextSet
from empathy_core.datasets.files import bundled
from empathy_core.models.load import LoadedModel

VOCABULARY = 8192
SPREAD = 0.05
"""Of the initial weights: wide enough that attention is far from uniform, so that a wrong mask would show."""


def llama_config(layers: int, width: int) -> LlamaConfig:
    """Heads of 64 and an MLP of 8/3 the width, as Llama has them; 12 layers of width 512 make 42M parameters."""
    return LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
        intermediate_size=width * 43 // 16,
        initializer_range=SPREAD,
        tie_word_embeddings=True,
    )


def random_llama(config: LlamaConfig, device: str = "cpu", dtype: torch.dtype = torch.float32) -> LoadedModel:
    """A model with these initial weights, always the same on one device, made where it will run."""
    torch.manual_seed(0)
    with torch.device(device):
        model = AutoModelForCausalLM.from_config(config, dtype=dtype).eval()
    spec = ModelSpec("random-llama", "nowhere", n_layers=config.num_hidden_layers, d_model=config.hidden_size)
    return LoadedModel(spec, model, bundled_tokenizer(), list(model.model.layers), device)


def scenarios(count: int) -> TextSet:
    """The three replies to each of `count` of the 90 bundled main scenarios, evenly spaced."""
    texts = bundled()
    texts = texts.rows(texts.column("role") == "main")
    names = list(dict.fromkeys(texts.column("scenario_id").tolist()))
    chosen = {names[index * len(names) // count] for index in range(count)}
    return texts.rows([text.scenario_id in chosen for text in texts.texts])


@cache
def bundled_tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level BPE learnt from the bundled texts, whose tokens are therefore about as long as a real model's."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<pad>", "<bos>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(
        [part for text in bundled().texts for part in (text.scenario, text.response)], trainer
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<bos>")
