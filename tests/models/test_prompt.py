import copy
from dataclasses import replace

import pytest

from empathy_core.models.prompt import prompt_ids, response_ids
from empathy_core.models.specs import resolve

TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}[{{ message.role }}] {{ message.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{{ opening }}{% endif %}"
)


@pytest.fixture
def plain(tiny_llama_folder):
    return resolve(tiny_llama_folder)


def chat(tiny_tokenizer, monkeypatch, template):
    monkeypatch.setattr(tiny_tokenizer, "chat_template", template)
    return tiny_tokenizer


def test_a_plain_prompt_begins_once_and_ends_with_its_template(plain, tiny_tokenizer):
    ids = prompt_ids(plain, tiny_tokenizer, "I lost my job {x}.")
    assert ids.count(tiny_tokenizer.bos_token_id) == 1
    assert tiny_tokenizer.decode(ids) == "<bos>I lost my job {x}.\n\n"


def test_a_model_without_begin_token_gets_none(plain, tiny_tokenizer):
    tokenizer = copy.deepcopy(tiny_tokenizer)
    tokenizer.bos_token = None
    assert tokenizer.decode(prompt_ids(plain, tokenizer, "Hello.")) == "Hello.\n\n"


@pytest.mark.parametrize("template", [TEMPLATE, TEMPLATE.removeprefix("{{ bos_token }}")])
def test_a_chat_template_is_applied_and_its_begin_token_not_doubled(plain, tiny_tokenizer, monkeypatch, template):
    tokenizer = chat(tiny_tokenizer, monkeypatch, template)
    ids = prompt_ids(replace(plain, chat_template=True), tokenizer, "Hello.")
    assert tokenizer.decode(ids) == "<bos>[user] Hello.\n[assistant]"


def test_an_opened_thought_is_closed_before_the_response(plain, tiny_tokenizer, monkeypatch):
    tokenizer = chat(tiny_tokenizer, monkeypatch, TEMPLATE.replace("{{ opening }}", "<think>\n"))
    ids = prompt_ids(replace(plain, chat_template=True), tokenizer, "Hello.")
    assert tokenizer.decode(ids).endswith("[assistant]<think>\n\n</think>\n\n")


def test_a_response_keeps_its_prefix_and_gets_no_special_token(plain, tiny_tokenizer):
    ids = response_ids(replace(plain, response_prefix=" "), tiny_tokenizer, "I am so sorry.")
    assert tiny_tokenizer.decode(ids) == " I am so sorry."
