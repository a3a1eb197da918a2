"""Generation: strength 0 changes nothing, batching changes nothing, and every reply is the model's own."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from empathy_core.contracts import BadInput
from empathy_core.models.load import load_model
from empathy_core.models.prompt import prompt_ids
from empathy_core.models.specs import resolve
from empathy_core.steering.batches import encode_rows
from empathy_core.steering.generate import generate
from empathy_core.steering.hooks import steered
from empathy_core.steering.operators import ablate, ablate_then_add, add, clamp
from empathy_core.steering.sampling import Row, SamplingSettings

WIDTH = 32
SAMPLED = SamplingSettings(temperature=0.7, max_new_tokens=8)
GREEDY = SamplingSettings(temperature=0.0, max_new_tokens=8)
PROMPTS = ("I lost my job on Friday.", "My father is ill and nobody will tell us anything at all.", "Hello.")


@pytest.fixture(scope="module")
def loaded(tiny_folder):
    """Every architecture in turn, made to end some replies early: of 400 tokens, each tenth ends one."""
    loaded = load_model(resolve(tiny_folder))
    loaded.model.generation_config.eos_token_id = list(range(5, 400, 10))
    return loaded


@pytest.fixture
def llama(tiny_llama_folder):
    return load_model(resolve(tiny_llama_folder))


def rows(*prompts):
    return [Row(prompt, seed) for seed, prompt in enumerate(prompts)]


def vector(strength):
    return strength * np.random.default_rng(0).standard_normal(WIDTH)


def basis(rank):
    return np.linalg.qr(np.random.default_rng(1).standard_normal((WIDTH, rank)))[0]


def arms():
    """Every kind of row: strengths, points, ranks, an opening, an instruction, and rows left alone."""
    everywhere = {point: ablate(basis(2)) for point in range(4)}
    edits = [
        {},
        {1: add(vector(0.0))},
        {1: add(vector(0.5))},
        {1: add(vector(4.0))},
        {0: add(vector(1.0)), 3: clamp(basis(1)[:, 0], 2.0)},
        everywhere,
        {**everywhere, 2: ablate_then_add(basis(3), vector(2.0))},
    ]
    steered_rows = [Row(prompt, seed, edits=of_row) for seed, prompt in enumerate(PROMPTS) for of_row in edits]
    return [
        *steered_rows,
        Row(PROMPTS[0], 7, opening="I am so sorry.", edits=edits[3]),
        Row(PROMPTS[0], 8, instruction="Say what they feel."),
    ]


def by_the_library(loaded, row, max_new_tokens=8):
    """Greedy reply to one row by the library's own loop, under the row's edits."""
    (ids,) = encode_rows(loaded, [row], max_new_tokens)
    with steered(loaded, [row.edits], [len(ids) - 1]):
        found = loaded.model.generate(
            torch.tensor([ids]),
            attention_mask=torch.ones(1, len(ids), dtype=torch.long),
            do_sample=False,
            max_new_tokens=max_new_tokens,
            pad_token_id=0,
        )[0, len(ids) :].tolist()
    finished = found[-1] in loaded.model.generation_config.eos_token_id
    text = loaded.tokenizer.decode(found[:-1] if finished else found, skip_special_tokens=True).strip()
    return text, finished


@pytest.mark.parametrize("settings", [SAMPLED, GREEDY], ids=["sampled", "greedy"])
def test_strength_zero_equals_the_unhooked_model_token_for_token(loaded, settings):
    at_zero = [replace(row, edits={point: add(vector(0.0)) for point in range(4)}) for row in rows(*PROMPTS)]
    assert generate(loaded, at_zero, settings) == generate(loaded, rows(*PROMPTS), settings)


@pytest.mark.parametrize("settings", [SAMPLED, GREEDY], ids=["sampled", "greedy"])
def test_a_batch_of_all_arms_gives_what_each_row_gives_alone(loaded, settings):
    together = generate(loaded, arms(), settings)
    assert together == [generate(loaded, [row], settings)[0] for row in arms()]
    assert {reply.finished for reply in together} == {True, False}


def test_every_arm_of_a_batch_is_what_the_library_writes_for_it_alone(loaded):
    replies = generate(loaded, arms(), GREEDY)
    assert [(reply.text, reply.finished) for reply in replies] == [by_the_library(loaded, row) for row in arms()]
    assert len({reply.text for reply in replies}) > len(replies) / 3


def test_a_prompt_of_one_token_is_continued_like_any_other(llama, monkeypatch):
    monkeypatch.setattr("empathy_core.steering.batches.prompt_ids", lambda *_: [7])
    llama.model.generation_config.eos_token_id = [2]
    row = Row("x", 0, edits={2: add(vector(1.0))})
    assert generate(llama, [row, Row("x", 0)], GREEDY)[0].text == by_the_library(llama, row)[0]


def test_another_seed_draws_another_reply_and_the_same_seed_the_same(loaded):
    replies = generate(loaded, [Row(PROMPTS[0], seed) for seed in (5, 5, 6)], SAMPLED)
    assert replies[0] == replies[1] != replies[2]


def test_sampled_tokens_follow_the_softmax_at_that_temperature(llama):
    """Independent oracle: first-token frequencies over many seeds against the model's own probabilities."""
    settings = SamplingSettings(temperature=0.7, max_new_tokens=1)
    n = 3000
    drawn = [reply.text for reply in generate(llama, [Row("Hello.", seed) for seed in range(n)], settings)]
    ids = torch.tensor([prompt_ids(llama.spec, llama.tokenizer, "Hello.")])
    with torch.inference_mode():
        logits = llama.model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0, -1]
    probabilities = torch.softmax(logits.double() / 0.7, -1)
    likeliest = int(probabilities.argmax())
    text = llama.tokenizer.decode([likeliest], skip_special_tokens=True).strip()
    same_text = [llama.tokenizer.decode([i], skip_special_tokens=True).strip() == text for i in range(len(logits))]
    expected = float(probabilities[torch.tensor(same_text)].sum())
    assert abs(drawn.count(text) / n - expected) < 4 * np.sqrt(expected * (1 - expected) / n)


def test_a_prompt_is_read_once_for_all_rows_that_only_add(llama):
    """Twelve rows: two prompts, each under five strengths and one ablation, make four prompts to read."""
    read = []
    handle = llama.model.base_model.register_forward_pre_hook(
        lambda _, __, keywords: read.append(tuple(keywords["input_ids"].shape)), with_kwargs=True
    )
    edits = [*({1: add(vector(strength))} for strength in range(5)), {1: ablate(basis(2))}]
    generate(llama, [Row(f"{word} is late.", 0, edits=of_row) for word in ("He", "Bo") for of_row in edits], GREEDY)
    handle.remove()
    assert read[0][0] == 4 and read[0][1] > 1
    assert read[1] == (12, 1)


def test_a_prompt_that_begins_with_the_padding_token_is_not_taken_for_a_padded_one(llama, monkeypatch):
    prompts = {"padded": [7, 8], "real": [0, 0, 7, 8]}
    monkeypatch.setattr("empathy_core.steering.batches.prompt_ids", lambda _, __, scenario, ___: prompts[scenario])
    assert llama.tokenizer.pad_token_id == 0
    together = generate(llama, rows("padded", "real"), GREEDY)
    assert together == [generate(llama, rows(name), GREEDY)[0] for name in ("padded", "real")]
    assert together[0] != together[1]


def test_rows_that_have_ended_leave_the_batch(llama):
    llama.model.generation_config.eos_token_id = list(range(5, 400, 3))
    sizes = []
    handle = llama.model.lm_head.register_forward_pre_hook(lambda _, arguments: sizes.append(len(arguments[0])))
    replies = generate(llama, [Row("Hello.", seed) for seed in range(40)], replace(SAMPLED, temperature=1.5))
    handle.remove()
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 40 and sizes[-1] < 20 < sum(reply.finished for reply in replies)


def test_batches_shrink_when_memory_runs_out_and_the_replies_stay_the_same(llama, caplog):
    expected = generate(llama, arms(), SAMPLED)

    def refuse(_, arguments, keywords):
        if len(keywords["input_ids"]) > 6:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")

    handle = llama.model.register_forward_pre_hook(refuse, with_kwargs=True)
    assert generate(llama, arms(), SAMPLED) == expected
    handle.remove()
    assert "out of memory at" in caplog.text
    assert not llama.model.base_model._forward_pre_hooks


def test_progress_and_replies_are_reported_after_every_batch(llama):
    counts, streamed = [], {}
    settings = replace(GREEDY, token_budget=150)
    replies = generate(llama, arms(), settings, lambda *count: counts.append(count), streamed.__setitem__)
    assert len(counts) > 2
    assert counts == sorted(counts) and counts[-1] == (len(arms()), len(arms()))
    assert streamed == dict(enumerate(replies))


def test_no_rows_give_no_replies(llama):
    assert generate(llama, [], GREEDY) == []


def test_a_chat_template_wraps_instruction_and_scenario(llama):
    template = "{{ bos_token }}{% for message in messages %}[INST] {{ message.content }}[/INST]{% endfor %}"
    tokenizer = copy.deepcopy(llama.tokenizer)
    tokenizer.chat_template = template
    chat = replace(llama, spec=replace(llama.spec, chat_template=True), tokenizer=tokenizer)
    (ids,) = encode_rows(chat, [Row("Hello.", 0, instruction="Be kind.")], 8)
    assert tokenizer.decode(ids) == "<bos>[INST] Be kind.\n\nHello.[/INST]"
    assert generate(chat, rows("Hello."), GREEDY) != generate(llama, rows("Hello."), GREEDY)


def test_what_cannot_be_generated_is_refused_before_anything_is(llama, tiny_encoder_folder):
    def unexpected(*_):
        raise AssertionError("the model ran")

    handle = llama.model.base_model.register_forward_pre_hook(unexpected)
    for row, message in (
        (Row("Hello.", 1, edits={1: add(np.ones(3))}), "width of the model"),
        (Row("Hello.", 1, edits={9: add(vector(1.0))}), "between 0 and the number of blocks"),
        (Row("Hello. " * 200, 1), "leaves room for the reply"),
    ):
        with pytest.raises(BadInput, match=message):
            generate(llama, [*rows(*PROMPTS), row], GREEDY)
    handle.remove()
    with pytest.raises(BadInput, match="writes from left to right"):
        generate(load_model(resolve(tiny_encoder_folder)), rows("Hello."), GREEDY)


@pytest.mark.parametrize("settings", [SAMPLED, GREEDY], ids=["sampled", "greedy"])
def test_a_stream_steered_beyond_float16_is_an_error_that_says_so(tiny_llama_folder, settings):
    narrow = load_model(resolve(tiny_llama_folder), dtype="float16")
    with pytest.raises(BadInput, match=r"Logits must be finite.*bfloat16"):
        generate(narrow, [Row("Hello.", 0, edits={2: add(np.full(WIDTH, 1e6))})], settings)


@pytest.mark.parametrize(
    "field, value", [("temperature", -0.1), ("temperature", np.nan), ("max_new_tokens", 0), ("token_budget", 0)]
)
def test_settings_that_draw_nothing_are_refused(field, value):
    with pytest.raises(BadInput, match="Replies are drawn"):
        replace(SAMPLED, **{field: value})
