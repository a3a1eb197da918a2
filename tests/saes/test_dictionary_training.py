"""Dictionaries recover planted features, and a run that was killed ends where an undisturbed one does."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sae_lens import SAE
from sae_lens.evals import ExplainedVarianceCalculator
from synthetic_tokens import SETTINGS, TRUTH, tokens

from empathy_core.activations.objects import at
from empathy_core.contracts import BadInput
from empathy_core.saes import training
from empathy_core.saes.checkpoint import CHECKPOINT
from empathy_core.saes.encode import encode_texts
from empathy_core.saes.files import CONFIG, RECORD, WEIGHTS
from empathy_core.saes.training import mean_token, train_dictionary

SHORT = replace(SETTINGS, steps=12, checkpoint_every=4, batch=64)
STYLES = np.tile(np.arange(3), 60)
SHARD = tokens(STYLES, gain=1.0)
HELD_OUT = tokens(STYLES[:90], gain=1.0, seed=1)


def read():
    return iter(np.array_split(SHARD.values, 3))


@pytest.fixture(scope="module")
def dictionary(tmp_path_factory):
    return train_dictionary(read, at(tmp_path_factory.mktemp("dictionary")), SETTINGS, seed=0)


@pytest.fixture(scope="module")
def codes(dictionary):
    return encode_texts(dictionary, [HELD_OUT], 90, mean_token(read()), "trained, seed 0", 0)


def weights(sae):
    return {name: value.clone() for name, value in sae.state_dict().items()}


def killed_after(steps, monkeypatch):
    """The batches of a run that dies when it asks for one more."""
    whole = training.token_batches

    def batches(*arguments, **named):
        for number, batch in enumerate(whole(*arguments, **named)):
            if number == steps:
                raise KeyboardInterrupt
            yield batch

    monkeypatch.setattr(training, "token_batches", batches)


def test_planted_features_are_recovered(dictionary):
    decoder = dictionary.W_dec.detach().numpy()
    decoder = decoder / np.linalg.norm(decoder, axis=1, keepdims=True)
    assert np.median((TRUTH @ decoder.T).max(axis=1)) > 0.9


def test_a_short_run_keeps_about_k_latents_active_where_it_was_not_trained(codes):
    assert codes.l0(np.arange(90)) == pytest.approx(SETTINGS.k, rel=0.25)


def test_the_fit_is_the_one_that_saelens_computes(dictionary, codes):
    x = torch.from_numpy(HELD_OUT.values)
    calculator = ExplainedVarianceCalculator()
    calculator.add_batch(dictionary(x), x)
    # Theirs is about the mean of these tokens, ours about that of the training tokens.
    assert codes.explained(np.arange(90)) == pytest.approx(float(calculator.compute()), abs=2e-3)
    assert codes.explained(np.arange(90)) > 0.8


def test_codes_are_the_means_of_each_text_s_tokens_and_dead_latents_are_left_out(dictionary, codes):
    with torch.no_grad():
        of_tokens = dictionary.encode(torch.from_numpy(HELD_OUT.values)).numpy()
    expected = np.array([of_tokens[HELD_OUT.texts == text].mean(axis=0) for text in range(90)])
    np.testing.assert_allclose(codes.dense, expected[:, codes.latents], atol=1e-6)
    assert not np.delete(expected, codes.latents, axis=1).any()
    np.testing.assert_allclose(np.linalg.norm(codes.decoder, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("steps", [2, 9])
def test_a_killed_run_goes_on_and_ends_with_the_same_bits(objects, tmp_path, monkeypatch, steps):
    undisturbed = train_dictionary(read, at(tmp_path / "undisturbed"), SHORT, seed=1)
    with monkeypatch.context() as patched:
        killed_after(steps, patched)
        with pytest.raises(KeyboardInterrupt):
            train_dictionary(read, objects, SHORT, seed=1)
    assert (objects.read(CHECKPOINT) is not None) == (steps > 4)
    told = []
    resumed = train_dictionary(read, objects, SHORT, seed=1, progress=lambda done, total: told.append(done))
    assert told == [4, 8, 12] if steps == 2 else [12]
    for name, value in weights(undisturbed).items():
        assert torch.equal(value, resumed.state_dict()[name]), name
    assert set(objects.entries()) == {WEIGHTS, CONFIG, RECORD}, "a finished dictionary leaves no checkpoint"


def test_a_finished_dictionary_is_reused_without_a_step(tmp_path, monkeypatch):
    first = train_dictionary(read, at(tmp_path), SHORT, seed=0)
    killed_after(0, monkeypatch)
    again = train_dictionary(read, at(tmp_path), SHORT, seed=0)
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in weights(first).items())


def test_a_stored_dictionary_that_was_altered_is_refused(tmp_path):
    train_dictionary(read, at(tmp_path), SHORT, seed=0)
    damaged = bytearray((tmp_path / WEIGHTS).read_bytes())
    damaged[-1] ^= 1
    (tmp_path / WEIGHTS).write_bytes(damaged)
    with pytest.raises(BadInput, match="missing, or not what was written"):
        train_dictionary(read, at(tmp_path), SHORT, seed=0)


def test_a_seed_makes_a_dictionary_of_its_own_and_leaves_torch_s_generator_alone(tmp_path):
    state = torch.get_rng_state()
    first, second = (train_dictionary(read, at(tmp_path / str(seed)), SHORT, seed) for seed in (0, 1))
    assert torch.equal(state, torch.get_rng_state())
    assert not torch.equal(first.W_dec, second.W_dec)


def test_training_that_diverges_is_refused_and_leaves_nothing_finished(tmp_path):
    with pytest.raises(BadInput, match="finite weights"):
        train_dictionary(read, at(tmp_path), replace(SHORT, learning_rate=1e30), seed=0)
    assert not (tmp_path / RECORD).exists()


def test_a_dictionary_is_a_folder_that_saelens_itself_reads(tmp_path):
    ours = train_dictionary(read, at(tmp_path), SHORT, seed=0)
    theirs = SAE.load_from_disk(str(tmp_path), device="cpu")
    assert torch.equal(ours.W_enc, theirs.W_enc)
