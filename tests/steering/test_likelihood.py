"""Likelihood of given replies: exact against one text at a time, untouched to the bit where nothing is changed."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from empathy_core.contracts import BadInput
from empathy_core.models.load import load_model
from empathy_core.models.prompt import prompt_ids, response_ids
from empathy_core.models.specs import resolve
from empathy_core.steering import likelihood
from empathy_core.steering.likelihood import departures, negative_log_likelihood, shifts
from empathy_core.steering.operators import ablate, add

RNG = np.random.default_rng(0)
VECTOR, OTHER = RNG.standard_normal((2, 32))
BASIS = np.linalg.qr(RNG.standard_normal((32, 2)))[0]
CONDITIONS = [{1: add(VECTOR)}, {2: ablate(BASIS)}, {0: add(OTHER), 3: add(-VECTOR)}]


@pytest.fixture(scope="module", params=["llama", "gpt2", "gemma2"])
def loaded(request, tiny_folders):
    return load_model(resolve(tiny_folders(request.param)))


@pytest.fixture(scope="module")
def llama(tiny_llama_folder):
    return load_model(resolve(tiny_llama_folder))


def columns(texts):
    return [text.scenario for text in texts.texts], [text.response for text in texts.texts]


def log_probabilities(loaded, text, edits):
    """One text alone, every token of its response: naive loops, and edits written out on the hidden states."""
    prompt = prompt_ids(loaded.spec, loaded.tokenizer, text.scenario)
    response = response_ids(loaded.spec, loaded.tokenizer, text.response)

    def edit(point):
        def hook(residual):
            moved = residual.clone()
            basis = torch.tensor(edits[point].basis, dtype=torch.float32)
            moved -= (moved @ basis) @ basis.T
            moved[:, len(prompt) - 1 :] += torch.tensor(edits[point].added, dtype=torch.float32)
            return moved

        return hook

    handles = []
    for point in edits:
        if point == 0:
            handles.append(loaded.blocks[0].register_forward_pre_hook(lambda _, given: (edit(0)(given[0]), *given[1:])))
        else:
            handles.append(loaded.blocks[point - 1].register_forward_hook(_after(edit(point))))
    try:
        with torch.inference_mode():
            logits = loaded.model(input_ids=torch.tensor([prompt + response])).logits[0]
    finally:
        for handle in handles:
            handle.remove()
    return torch.log_softmax(logits.double(), -1)[len(prompt) - 1 : -1].numpy(), response


def _after(edit):
    def hook(module, given, output):
        return (edit(output[0]), *output[1:]) if isinstance(output, tuple) else edit(output)

    return hook


def naive_likelihood(loaded, text, edits):
    found, response = log_probabilities(loaded, text, edits)
    return np.mean([found[position, token] for position, token in enumerate(response)])


def test_untouched_it_is_the_library_s_own_loss(loaded, small_texts):
    scenarios, responses = columns(small_texts)
    together = negative_log_likelihood(loaded, scenarios, responses)
    for text, value in zip(small_texts.texts, together, strict=True):
        start = prompt_ids(loaded.spec, loaded.tokenizer, text.scenario)
        reply = response_ids(loaded.spec, loaded.tokenizer, text.response)
        labels = torch.tensor([[-100] * len(start) + reply])
        with torch.inference_mode():
            loss = loaded.model(input_ids=torch.tensor([start + reply]), labels=labels).loss
        assert value == pytest.approx(float(loss), abs=1e-5)


def test_every_row_is_scored_under_its_own_edits_as_if_it_were_alone(loaded, small_texts):
    edits = [CONDITIONS[row % 3] if row % 4 else {} for row in range(len(small_texts))]
    together = negative_log_likelihood(loaded, *columns(small_texts), edits)
    alone = [-naive_likelihood(loaded, text, edits[row]) for row, text in enumerate(small_texts.texts)]
    assert together == pytest.approx(alone, abs=1e-4)


def test_shifts_equal_naive_loops_and_batching_changes_nothing(llama, small_texts, monkeypatch):
    together = shifts(llama, small_texts, CONDITIONS)
    naive = [
        [naive_likelihood(llama, text, edits) - naive_likelihood(llama, text, {}) for text in small_texts.texts]
        for edits in CONDITIONS
    ]
    assert together == pytest.approx(np.array(naive), abs=1e-4)
    monkeypatch.setattr(likelihood, "TOKEN_BUDGET", 1)
    assert shifts(llama, small_texts, CONDITIONS) == pytest.approx(together, abs=1e-5)


def test_departures_equal_naive_loops(llama, small_texts):
    found = departures(llama, small_texts, CONDITIONS)
    for row, text in enumerate(small_texts.texts):
        before, _ = log_probabilities(llama, text, {})
        for condition, edits in enumerate(CONDITIONS):
            after, _ = log_probabilities(llama, text, edits)
            divergence = (np.exp(before) * (before - after)).sum(axis=1).mean()
            assert found[condition, 0, row] == pytest.approx(divergence, abs=1e-4)
    assert found[:, 1] == pytest.approx(shifts(llama, small_texts, CONDITIONS), abs=1e-6)
    assert (found[:, 0] > 0).all()


def test_strength_zero_changes_nothing_to_the_bit(loaded, small_texts):
    nothing = {point: add(0 * VECTOR) for point in range(4)}
    plain = negative_log_likelihood(loaded, *columns(small_texts))
    assert np.array_equal(negative_log_likelihood(loaded, *columns(small_texts), [nothing] * len(small_texts)), plain)
    assert not shifts(loaded, small_texts, [nothing, CONDITIONS[0], {}])[[0, 2]].any()
    assert not departures(loaded, small_texts, [nothing]).any()


def test_a_push_along_an_unembedding_row_at_the_last_point_shifts_likelihoods_as_the_formula_says(llama, small_texts):
    """Only the norm and the head come after the last point, so that the new distribution has a formula."""
    weight = llama.model.lm_head.weight.detach().double().numpy()
    gain = llama.model.model.norm.weight.detach().double().numpy()
    push = {len(llama.blocks): add(weight[5] * gain)}
    for text, shift in zip(small_texts.texts, shifts(llama, small_texts, [push])[0], strict=True):
        ids = prompt_ids(llama.spec, llama.tokenizer, text.scenario)
        response = response_ids(llama.spec, llama.tokenizer, text.response)
        with torch.inference_mode():
            seen = _last_point(llama, ids + response)[len(ids) - 1 : -1]
        expected = np.mean(
            [
                _log_softmax(weight @ _rms(state + weight[5] * gain, gain))[token]
                - _log_softmax(weight @ _rms(state, gain))[token]
                for state, token in zip(seen, response, strict=True)
            ]
        )
        assert shift == pytest.approx(expected, abs=1e-4)


def _last_point(loaded, ids):
    seen = []
    handle = loaded.blocks[-1].register_forward_hook(
        lambda _, __, output: seen.append(output[0] if isinstance(output, tuple) else output)
    )
    loaded.model(input_ids=torch.tensor([ids]))
    handle.remove()
    return seen[0].reshape(len(ids), -1).double().numpy()


def _rms(state, gain):
    return gain * state / np.sqrt((state**2).mean() + 1e-6)


def _log_softmax(logits):
    return logits - np.log(np.exp(logits - logits.max()).sum()) - logits.max()


def test_when_memory_runs_out_batches_shrink_and_the_numbers_stay(llama, small_texts, monkeypatch):
    expected = shifts(llama, small_texts, CONDITIONS)
    whole, sizes = likelihood._logits, []

    def scarce(loaded, batch, edits):
        sizes.append(batch.ids.size)
        if batch.ids.size > 250:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
        return whole(loaded, batch, edits)

    monkeypatch.setattr(likelihood, "_logits", scarce)
    assert shifts(llama, small_texts, CONDITIONS) == pytest.approx(expected, abs=1e-5)
    assert max(sizes) > 250 > min(sizes)


def test_an_empty_reply_is_infinitely_unlikely_and_does_not_disturb_the_others(llama):
    prompts = ["Hello.", "I lost my job.", "Hello."]
    found = negative_log_likelihood(llama, prompts, ["", "Call in the morning.", ""], [CONDITIONS[0]] * 3)
    alone = negative_log_likelihood(llama, prompts[1:2], ["Call in the morning."], CONDITIONS[:1])
    assert found.tolist() == [np.inf, pytest.approx(alone[0]), np.inf]
    assert negative_log_likelihood(llama, prompts, [""] * 3).tolist() == [np.inf] * 3


def test_an_encoder_and_edits_of_another_width_are_refused(llama, tiny_folders, small_texts):
    with pytest.raises(BadInput, match="width of the model"):
        shifts(llama, small_texts, [{1: add(np.ones(3))}])
    with pytest.raises(BadInput, match="left to right"):
        shifts(load_model(resolve(tiny_folders("bert"))), small_texts, [{}])
    short = replace(small_texts, texts=tuple(replace(text, response="I") for text in small_texts.texts))
    with pytest.raises(BadInput, match="at least 4 tokens"):
        departures(llama, short, [{}])
