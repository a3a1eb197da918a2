"""The trainer, and the organisms that ship."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from empathy_core.organisms import train
from empathy_core.organisms.corpus import dialogues_hash, training_dialogues
from empathy_core.organisms.grammar import LAWS, entropy
from empathy_core.organisms.train import (
    BATCH_SIZE,
    BOS,
    EOS,
    HASHED_DIALOGUES,
    MAX_NEW_TOKENS,
    WEIGHTS,
    Settings,
    batches,
    encode,
    measure_samples,
    token_loss,
    train_organism,
    validate,
)

CORPUS = "corpus, hash of its first 1000 dialogues"
SMALL = Settings(steps=3, validation_dialogues=8, samples=4)


def card(folder) -> dict[str, str]:
    """The model card's table."""
    return dict(re.findall(r"^\| (.+?) \| (.+?) \|$", (folder / "README.md").read_text(), flags=re.M))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A persistent organism after three steps, twice."""
    torch.set_num_threads(1)
    folders = [tmp_path_factory.mktemp(f"run{number}") for number in range(2)]
    for folder in folders:
        train_organism("persistent", SMALL, folder)
    return folders


@pytest.fixture(scope="module", params=list(LAWS))
def shipped(request):
    """Name, model and tokenizer of each organism that ships."""
    torch.set_num_threads(1)
    folder = WEIGHTS / request.param
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    return request.param, model, AutoTokenizer.from_pretrained(folder)


def test_two_runs_write_the_same_bytes(trained):
    first, second = trained
    names = sorted(path.name for path in first.iterdir())
    assert {"model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json", "README.md"} <= set(names)
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_a_trained_folder_loads_back_and_has_left_its_initial_weights(trained):
    model = AutoModelForCausalLM.from_pretrained(trained[0])
    untrained = AutoModelForCausalLM.from_pretrained(WEIGHTS / "untrained")
    assert not torch.equal(model.model.layers[0].mlp.up_proj.weight, untrained.model.layers[0].mlp.up_proj.weight)
    assert card(trained[0])["steps"] == "3"
    assert card(trained[0])[CORPUS] == dialogues_hash(training_dialogues(LAWS["persistent"], 0, 3 * BATCH_SIZE))


def test_the_untrained_organism_is_the_shared_starting_point_and_takes_no_step(tmp_path):
    train_organism("untrained", SMALL, tmp_path)
    assert (tmp_path / "model.safetensors").read_bytes() == (WEIGHTS / "untrained" / "model.safetensors").read_bytes()
    assert card(tmp_path)["steps"] == "0"


@pytest.mark.parametrize(
    ("arguments", "settings", "folder"),
    [
        (["graded"], Settings(), WEIGHTS / "graded"),
        (["graded", "--steps", "7", "--output", "elsewhere"], Settings(steps=7), Path("elsewhere")),
    ],
)
def test_the_command_line_passes_its_options_on(monkeypatch, arguments, settings, folder):
    calls = []
    monkeypatch.setattr(train, "train_organism", lambda *given: calls.append(given))
    train.main(arguments)
    assert calls == [("graded", settings, folder)]


def test_an_unknown_organism_is_refused_by_the_command_line(capsys):
    with pytest.raises(SystemExit):
        train.main(["fluent"])
    assert "invalid choice: 'fluent'" in capsys.readouterr().err


def test_batches_hold_every_sequence_once():
    sequences = [[BOS, *([7] * length), EOS] for length in np.random.default_rng(1).integers(1, 20, size=1000)]
    rows = [row for batch in batches(sequences, np.random.default_rng(2)) for row in batch.tolist()]
    assert sorted(row.count(7) for row in rows) == sorted(sequence.count(7) for sequence in sequences)


def test_padding_does_not_change_the_loss(shipped):
    _, model, tokenizer = shipped
    sequences = encode(tokenizer, training_dialogues(LAWS["graded"], 5, 4))
    longest = max(map(len, sequences))
    padded = torch.tensor([sequence + [0] * (longest - len(sequence)) for sequence in sequences])
    alone = sum(token_loss(model, torch.tensor([sequence]), "sum").item() for sequence in sequences)
    assert token_loss(model, padded, "sum").item() == pytest.approx(alone, rel=1e-5)


def test_shipped_weights_are_half_precision_and_at_most_two_megabytes(shipped):
    name, _, _ = shipped
    path = WEIGHTS / name / "model.safetensors"
    assert path.stat().st_size <= 2_000_000
    assert {tensor.dtype for tensor in load_file(path).values()} == {torch.float16}


def test_shipped_tokenizers_add_no_bos_and_keep_every_word_of_the_grammar_whole(shipped):
    _, _, tokenizer = shipped
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id) == (BOS, EOS)
    for dialogue in training_dialogues(LAWS["graded"], 6, 200):
        reply = dialogue.reply
        ids = tokenizer(f" {reply}")["input_ids"]
        assert BOS not in ids
        assert len(ids) == len(re.findall(r"[A-Za-z]+|[.,]", reply))
        assert len(ids) < MAX_NEW_TOKENS
        assert tokenizer.decode(ids) == f" {reply}"


def test_shipped_cards_name_their_corpus_and_entropy(shipped):
    name, _, _ = shipped
    figures, exact = card(WEIGHTS / name), entropy(LAWS[name])
    hashed = min(int(figures["dialogues"]), HASHED_DIALOGUES)
    assert figures[CORPUS] == dialogues_hash(training_dialogues(LAWS[name], int(figures["seed"]), hashed))
    assert figures["entropy of a dialogue, nats (prompt + reply)"] == f"{exact.prompt:.2f} + {exact.reply:.2f}"


def test_trained_organisms_took_identical_steps():
    steps = {name: card(WEIGHTS / name)["steps"] for name in LAWS}
    assert steps["persistent"] == steps["graded"] == steps["scrambled"] == str(Settings.steps)
    assert steps["untrained"] == "0"


def test_shipped_cards_agree_with_a_fresh_sample(shipped):
    name, model, tokenizer = shipped
    figures = card(WEIGHTS / name)
    dialogues = training_dialogues(LAWS[name], 77, 60)
    loss, grammar_loss = validate(model, tokenizer, dialogues)
    assert loss == pytest.approx(float(figures["loss, nats per token"]), abs=0.03)
    assert grammar_loss == pytest.approx(float(figures["grammar's own loss, nats per token"]), abs=0.02)
    sample = measure_samples(model, tokenizer, [dialogue.prompt for dialogue in dialogues], 0.7, seed=77)
    stated = {label.split(",")[0]: float(value) for label, value in figures.items() if "T = 0.7" in label}
    shares = {
        "replies that parse": sample.parse_share,
        "sentences that parse": sample.sentence_share,
        "mentions on topic": sample.on_topic,
        "second sentence keeps the first's style": sample.persistence,
    }
    for label, share in shares.items():
        expected = stated[label]
        if math.isnan(expected):
            assert math.isnan(share)
            continue
        assert share == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / sample.n) + 0.03), label
