"""Generation: strength 0 changes nothing, batching changes nothing, hooks never outlive their block."""

import numpy as np
import pytest
import torch

from empathy_core.contracts import BadInput
from empathy_core.models.load import load_model
from empathy_core.models.prompt import prompt_ids
from empathy_core.models.specs import resolve
from empathy_core.steering.generate import generate
from empathy_core.steering.hooks import addition, edited_residual
from empathy_core.steering.likelihood import negative_log_likelihood
from empathy_core.steering.sampling import Row, SamplingSettings

SAMPLED = SamplingSettings(temperature=0.7, max_new_tokens=12)
GREEDY = SamplingSettings(temperature=0.0, max_new_tokens=12)
PROMPTS = ("I lost my job on Friday.", "My father is ill and nobody will tell us anything at all.", "Hello.")


@pytest.fixture(scope="module", params=["tiny_llama_folder", "tiny_gpt2_folder", "tiny_gemma2_folder"])
def loaded(request):
    return load_model(resolve(request.getfixturevalue(request.param)))


def rows(*prompts):
    return [Row(prompt, seed) for seed, prompt in enumerate(prompts)]


@pytest.mark.parametrize("settings", [SAMPLED, GREEDY], ids=["sampled", "greedy"])
def test_strength_zero_equals_the_unhooked_model_token_for_token(loaded, settings):
    width = loaded.model.config.hidden_size
    plain = generate(loaded, rows(*PROMPTS), settings)
    steered = generate(loaded, rows(*PROMPTS), settings, point=1, additions=np.zeros((3, width)))
    assert steered == plain


@pytest.mark.parametrize("settings", [SAMPLED, GREEDY], ids=["sampled", "greedy"])
def test_a_batch_of_prompts_gives_what_each_prompt_gives_alone(loaded, settings):
    together = generate(loaded, rows(*PROMPTS), settings)
    alone = [generate(loaded, [row], settings)[0] for row in rows(*PROMPTS)]
    assert together == alone


def test_greedy_generation_equals_the_library_on_one_prompt(loaded):
    ids = torch.tensor([prompt_ids(loaded.spec, loaded.tokenizer, PROMPTS[0])])
    library = loaded.model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=12)
    text = loaded.tokenizer.decode(library[0, ids.shape[1] :], skip_special_tokens=True).strip()
    assert generate(loaded, rows(PROMPTS[0]), GREEDY)[0].text == text


def test_every_row_is_steered_by_its_own_vector(loaded):
    width = loaded.model.config.hidden_size
    additions = np.zeros((3, width))
    additions[1] = 50 * np.random.default_rng(0).standard_normal(width)
    plain = generate(loaded, rows(*PROMPTS), GREEDY)
    steered = generate(loaded, rows(*PROMPTS), GREEDY, point=2, additions=additions)
    assert [a == b for a, b in zip(plain, steered, strict=True)] == [True, False, True]


def test_another_seed_draws_another_reply_and_the_same_seed_the_same(loaded):
    replies = generate(loaded, [Row(PROMPTS[0], seed) for seed in (5, 5, 6)], SAMPLED)
    assert replies[0] == replies[1] != replies[2]


def test_sampled_tokens_follow_the_softmax_at_that_temperature(loaded):
    """Independent oracle: first-token frequencies over many seeds against the model's own probabilities."""
    settings = SamplingSettings(temperature=0.7, max_new_tokens=1)
    n = 3000
    drawn = [reply.text for reply in generate(loaded, [Row("Hello.", seed) for seed in range(n)], settings)]
    ids = torch.tensor([prompt_ids(loaded.spec, loaded.tokenizer, "Hello.")])
    with torch.inference_mode():
        logits = loaded.model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0, -1]
    probabilities = torch.softmax(logits.double() / 0.7, -1)
    likeliest = int(probabilities.argmax())
    text = loaded.tokenizer.decode([likeliest], skip_special_tokens=True).strip()
    same_text = [loaded.tokenizer.decode([i], skip_special_tokens=True).strip() == text for i in range(len(logits))]
    expected = float(probabilities[torch.tensor(same_text)].sum())
    assert abs(drawn.count(text) / n - expected) < 4 * np.sqrt(expected * (1 - expected) / n)


def test_hooks_are_removed_even_when_the_block_fails(loaded):
    with pytest.raises(RuntimeError), edited_residual(loaded.blocks, {1: addition(torch.zeros(1, 3))}):
        loaded.model(input_ids=torch.tensor([[1, 5]]))
    assert all(not block._forward_hooks and not block._forward_pre_hooks for block in loaded.blocks)


def test_a_direction_of_another_width_or_point_is_refused(loaded):
    with pytest.raises(BadInput, match="width of the model"):
        generate(loaded, rows("Hello."), GREEDY, point=1, additions=np.zeros((1, 3)))
    with pytest.raises(BadInput, match="between 0 and the number of blocks"):
        generate(loaded, rows("Hello."), GREEDY, point=9, additions=np.zeros((1, loaded.model.config.hidden_size)))


def test_surprise_equals_the_model_s_own_loss_and_ignores_the_batch(loaded):
    responses = ["I am so sorry; that must hurt.", "Call in the morning.", ""]
    together = negative_log_likelihood(loaded, PROMPTS, responses)
    assert together[2] == np.inf
    for prompt, response, value in zip(PROMPTS[:2], responses[:2], together[:2], strict=True):
        start = prompt_ids(loaded.spec, loaded.tokenizer, prompt)
        ids = start + loaded.tokenizer(response, add_special_tokens=False)["input_ids"]
        labels = [-100] * len(start) + ids[len(start) :]
        with torch.inference_mode():
            loss = loaded.model(input_ids=torch.tensor([ids]), labels=torch.tensor([labels])).loss
        assert value == pytest.approx(float(loss), abs=1e-5)
