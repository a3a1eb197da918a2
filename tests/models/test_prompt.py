import copy
from dataclasses import replace

import pytest

from empathy_core.models.prompt import prompt_ids, response_ids
from empathy_core.models.specs import resolve

# In the manner of each family: what stands in the published template, shortened to what one user turn reaches.
TEMPLATES = {
    "begin token in the template (Llama 3)": (
        "{{ bos_token }}{% if date_string is not defined %}{% set date_string = strftime_now('%d %b %Y') %}{% endif %}"
        "{% if messages[0].role == 'system' %}{% set system = messages[0].content %}{% endif %}"
        "Today: {{ date_string }}\n{% for message in messages %}[{{ message.role }}]\n\n{{ message.content | trim }}|"
        "{% endfor %}{% if add_generation_prompt %}[assistant]\n\n{% endif %}",
        "<bos>Today: 26 Jul 2024\n[user]\n\nHello.|[assistant]\n\n",
    ),
    "no system message allowed (Gemma)": (
        "{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
        "{% for message in messages %}<turn>{{ message.role }}\n{{ message.content }}</turn>\n{% endfor %}"
        "{% if add_generation_prompt %}<turn>model\n{% endif %}",
        "<bos><turn>user\nHello.</turn>\n<turn>model\n",
    ),
    "a system message of its own and no begin token (Qwen 2.5)": (
        "{% if messages[0].role != 'system' %}|system\nYou are helpful.|\n{% endif %}"
        "{% for message in messages %}|{{ message.role }}\n{{ message.content }}|\n{% endfor %}"
        "{% if add_generation_prompt %}|assistant\n{% endif %}",
        "<bos>|system\nYou are helpful.|\n|user\nHello.|\n|assistant\n",
    ),
    "a reply that starts right after the turn (Mistral)": (
        "{{ bos_token }}{% for message in messages %}[INST] {{ message.content }}[/INST]{% endfor %}",
        "<bos>[INST] Hello.[/INST]",
    ),
    "an opened thought (DeepSeek R1)": (
        "{{ bos_token }}{% for message in messages %}|User|{{ message.content }}{% endfor %}"
        "{% if add_generation_prompt %}|Assistant|<think>\n{% endif %}",
        "<bos>|User|Hello.|Assistant|<think>\n\n</think>\n\n",
    ),
    "a thought on demand (Qwen 3)": (
        "{% for message in messages %}|{{ message.role }}\n{{ message.content }}|\n{% endfor %}|assistant\n"
        "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}",
        "<bos>|user\nHello.|\n|assistant\n<think>\n\n</think>\n\n",
    ),
}


@pytest.fixture
def plain(tiny_llama_folder):
    return resolve(tiny_llama_folder)


@pytest.fixture(params=[False, True], ids=["adds no token", "adds a begin token"])
def tokenizer(request, tiny_tokenizer):
    """As tokenizers come: some put a begin token before whatever they encode, some an end token after it."""
    from tokenizers.processors import TemplateProcessing

    tokenizer = copy.deepcopy(tiny_tokenizer)
    if request.param:
        tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
            single="<bos> $A <eos>", special_tokens=[("<bos>", 1), ("<eos>", 2)]
        )
        assert tokenizer.encode("x")[0] == tokenizer.bos_token_id
    return tokenizer


def test_a_plain_prompt_begins_once_and_ends_with_its_template(plain, tokenizer):
    ids = prompt_ids(plain, tokenizer, "I lost my job {x}.")
    assert ids.count(tokenizer.bos_token_id) == 1
    assert tokenizer.decode(ids) == "<bos>I lost my job {x}.\n\n"


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_chat_prompt_begins_once_and_the_response_follows_exactly(plain, tokenizer, name):
    tokenizer.chat_template, expected = TEMPLATES[name]
    spec, response = replace(plain, chat_template=True), "I am so sorry; that must hurt."
    prompt, answer = prompt_ids(spec, tokenizer, "Hello."), response_ids(spec, tokenizer, response)
    assert tokenizer.decode(prompt) == expected
    assert prompt.count(tokenizer.bos_token_id) == 1
    assert tokenizer.decode((prompt + answer)[len(prompt) :]) == response
    assert not set(answer) & set(tokenizer.all_special_ids)


def test_a_model_without_begin_token_gets_none(plain, tokenizer):
    tokenizer.bos_token = None
    assert tokenizer.decode(prompt_ids(plain, tokenizer, "Hello.")) == "Hello.\n\n"


def test_an_encoder_begins_with_its_class_token(plain, tokenizer):
    tokenizer.bos_token, tokenizer.cls_token = None, "<eos>"
    assert tokenizer.decode(prompt_ids(plain, tokenizer, "Hello.")) == "<eos>Hello.\n\n"


def test_a_response_keeps_its_prefix_and_gets_no_special_token(plain, tokenizer):
    ids = response_ids(replace(plain, response_prefix=" "), tokenizer, "I am so sorry.")
    assert tokenizer.decode(ids) == " I am so sorry."


@pytest.mark.parametrize("chat", [False, True], ids=["plain", "chat"])
def test_an_instruction_stands_before_the_scenario_in_the_same_turn(plain, tokenizer, chat):
    tokenizer.chat_template = "{% for message in messages %}|{{ message.role }}: {{ message.content }}|{% endfor %}"
    ids = prompt_ids(replace(plain, chat_template=chat), tokenizer, "I lost my job {x}.", "Be kind {y}.")
    asked = "Be kind {y}.\n\nI lost my job {x}."
    assert tokenizer.decode(ids) == (f"<bos>|user: {asked}|" if chat else f"<bos>{asked}\n\n")
