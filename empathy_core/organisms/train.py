"""Train one organism from scratch and ship it as a Hugging Face folder with its model card.

    python -m empathy_core.organisms.train persistent

All organisms share tokenizer, initial weights, steps and order of lengths; only their texts differ. On one machine
with one thread a run repeats bit for bit.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch.nn.functional import cross_entropy
from tqdm import tqdm
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from empathy_core.organisms.corpus import Dialogue, dialogues_hash, training_dialogues
from empathy_core.organisms.grammar import LAWS, entropy
from empathy_core.organisms.model_card import SampleFigures, TrainingFigures, sample_figures, write_card
from empathy_core.organisms.score import score_reply

WEIGHTS = Path(__file__).parent / "weights"
PAD, BOS, EOS = 0, 1, 2
BATCH_SIZE = 16
BATCHES_PER_SORT = 50
"""Batches are cut from runs of dialogues sorted by length, which saves padding."""
WARMUP_STEPS = 50
HASHED_DIALOGUES = 1000
"""The card names the corpus by the hash of this many of its first dialogues; a seed and a law fix the rest."""
MAX_NEW_TOKENS = 96
"""More than the longest reply of the grammar."""


@dataclass(frozen=True)
class Settings:
    """What a training run depends on, beside the organism's name."""

    steps: int = 1600
    seed: int = 0
    """Initial weights and training texts; the next two seeds make the tokenizer's and the validation texts."""
    learning_rate: float = 6e-3
    validation_dialogues: int = 500
    samples: int = 300
    """Sampled replies behind each share on the card."""


def fit_tokenizer(seed: int) -> PreTrainedTokenizerFast:
    """Fit a byte-level BPE on persistent dialogues: every word of the grammar becomes one token; it adds no BOS."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=2048,
        special_tokens=["<pad>", "<bos>", "<eos>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    dialogues = training_dialogues(LAWS["persistent"], seed, 4000)
    tokenizer.train_from_iterator([f"{dialogue.prompt} {dialogue.reply}" for dialogue in dialogues], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<bos>",
        eos_token="<eos>",
        pad_token="<pad>",
        padding_side="left",
        clean_up_tokenization_spaces=False,
    )


def build_model(vocabulary: int, seed: int) -> LlamaForCausalLM:
    """Build the organism's network with random weights: 4 blocks of width 128, about a million parameters."""
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=128,
        intermediate_size=304,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=256,
        tie_word_embeddings=True,
        pad_token_id=PAD,
        bos_token_id=BOS,
        eos_token_id=EOS,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(config)


def encode(tokenizer: PreTrainedTokenizerFast, dialogues: Sequence[Dialogue]) -> list[list[int]]:
    """Tokenise prompt and reply apart, as every later stage does: BOS, prompt, space and reply, EOS."""
    texts = [(dialogue.prompt, f" {dialogue.reply}") for dialogue in dialogues]
    return [[BOS, *tokenizer(prompt)["input_ids"], *tokenizer(reply)["input_ids"], EOS] for prompt, reply in texts]


def pad(sequences: Sequence[list[int]]) -> Int[torch.Tensor, "text token"]:
    """Stack sequences, padded on the right."""
    longest = max(map(len, sequences))
    return torch.tensor([sequence + [PAD] * (longest - len(sequence)) for sequence in sequences])


def batches(sequences: Sequence[list[int]], rng: np.random.Generator) -> Iterator[Int[torch.Tensor, "text token"]]:
    """Yield every sequence once, in batches of similar length and random order."""
    run = BATCH_SIZE * BATCHES_PER_SORT
    for start in range(0, len(sequences), run):
        ordered = sorted(sequences[start : start + run], key=len)
        cuts = range(0, len(ordered), BATCH_SIZE)
        for cut in rng.permutation(cuts):
            yield pad(ordered[cut : cut + BATCH_SIZE])


def token_loss(model: LlamaForCausalLM, ids: Int[torch.Tensor, "text token"], reduction: str = "mean") -> torch.Tensor:
    """Next-token loss in nats over everything but padding, which stands on the right and needs no mask."""
    logits = model(input_ids=ids[:, :-1]).logits
    return cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), ignore_index=PAD, reduction=reduction)


def train_model(model: LlamaForCausalLM, sequences: Sequence[list[int]], settings: Settings) -> None:
    """Train in place: Muon on the matrices, AdamW on embedding and norms, warm-up, then linear decay to zero."""
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    others = [p for name, p in model.named_parameters() if p.ndim < 2 or "embed" in name]
    optimizers = (
        torch.optim.Muon(matrices, lr=0.0, momentum=0.95, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=0.0, betas=(0.9, 0.98), weight_decay=0.0),
    )
    stream = batches(sequences, np.random.default_rng(settings.seed))
    for step, ids in enumerate(tqdm(stream, total=-(-len(sequences) // BATCH_SIZE), unit="step", mininterval=1)):
        rate = settings.learning_rate * min((step + 1) / WARMUP_STEPS, 1 - step / settings.steps)
        token_loss(model, ids).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.step()
            optimizer.zero_grad()


@torch.no_grad()
def validate(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, dialogues: Sequence[Dialogue]
) -> tuple[float, float]:
    """Mean loss per token on these dialogues and, on the same tokens, what the grammar itself scores, in nats."""
    sequences = encode(tokenizer, dialogues)
    tokens = sum(len(sequence) - 1 for sequence in sequences)
    loss = sum(token_loss(model, pad(sequences[i : i + 50]), "sum").item() for i in range(0, len(sequences), 50))
    return loss / tokens, -sum(dialogue.log_probability for dialogue in dialogues) / tokens


@torch.no_grad()
def sample_replies(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    prompts: Sequence[str],
    temperature: float,
    seed: int,
) -> list[tuple[str, bool]]:
    """Sample one reply to each prompt: its text, and whether it ended by itself."""
    ids = [[BOS, *prompt] for prompt in tokenizer(list(prompts))["input_ids"]]
    rows = tokenizer.pad({"input_ids": ids}, return_tensors="pt")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        tokens = model.generate(  # pyright: ignore[reportAttributeAccessIssue] - transformers' own protocol misfits
            **rows, do_sample=True, temperature=temperature, top_k=0, top_p=1.0, max_new_tokens=MAX_NEW_TOKENS
        )
    new = tokens[:, rows["input_ids"].shape[1] :]
    texts = tokenizer.batch_decode(new, skip_special_tokens=True)
    return list(zip(texts, (new == EOS).any(1).tolist(), strict=True))


def measure_samples(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    prompts: Sequence[str],
    temperature: float,
    seed: int,
) -> SampleFigures:
    """Sample a reply to each prompt and let the grammar judge them."""
    replies = sample_replies(model, tokenizer, prompts, temperature, seed)
    scores = [score_reply(prompt, *reply) for prompt, reply in zip(prompts, replies, strict=True)]
    return sample_figures(temperature, scores)


def train_organism(name: str, settings: Settings, output: Path) -> None:
    """Train the organism `name` and write its folder; `untrained` takes no step."""
    steps = 0 if name == "untrained" else settings.steps
    dialogues = training_dialogues(LAWS[name], settings.seed, steps * BATCH_SIZE)
    tokenizer = fit_tokenizer(settings.seed + 1)
    model = build_model(len(tokenizer), settings.seed)
    train_model(model, encode(tokenizer, dialogues), settings)
    model.half().save_pretrained(output)
    tokenizer.save_pretrained(output)
    describe_organism(name, model.float().eval(), tokenizer, dialogues, settings, output / "README.md")


def describe_organism(
    name: str,
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    dialogues: Sequence[Dialogue],
    settings: Settings,
    path: Path,
) -> None:
    """Measure a finished organism on texts it has not seen and write its model card."""
    held_out = training_dialogues(LAWS[name], settings.seed + 2, settings.validation_dialogues)
    loss, grammar_loss = validate(model, tokenizer, held_out)
    prompts = [dialogue.prompt for dialogue in held_out[: settings.samples]]
    training = TrainingFigures(
        steps=len(dialogues) // BATCH_SIZE,
        seed=settings.seed,
        dialogues=len(dialogues),
        parameters=model.num_parameters(),
        corpus_hash=dialogues_hash(dialogues[:HASHED_DIALOGUES]),
        loss=loss,
        grammar_loss=grammar_loss,
        entropy=entropy(LAWS[name]),
    )
    samples = [measure_samples(model, tokenizer, prompts, temperature, settings.seed) for temperature in (0.7, 1.0)]
    write_card(path, name, training, samples)


def main(arguments: Sequence[str]) -> None:
    """Command line: name of the organism, steps, output folder, threads."""
    parser = argparse.ArgumentParser(prog="python -m empathy_core.organisms.train", description=__doc__)
    parser.add_argument("name", choices=LAWS)
    parser.add_argument("--steps", type=int, default=Settings.steps)
    parser.add_argument("--output", type=Path, help="default: empathy_core/organisms/weights/NAME")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    train_organism(options.name, Settings(steps=options.steps), options.output or WEIGHTS / options.name)


if __name__ == "__main__":
    main(sys.argv[1:])
