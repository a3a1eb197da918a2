"""The one place that knows how a scenario and a response become token ids.

Prompt and response are tokenised separately, so that the response's span is exact in every tokenizer.
"""

from transformers import PreTrainedTokenizerBase

from empathy_core.contracts import ModelSpec

TEMPLATE_VARIABLES = {"enable_thinking": False, "date_string": "26 Jul 2024"}
"""Hybrid reasoning models answer without a thought; templates that state the date (Llama 3) state one that stays."""


def prompt_ids(spec: ModelSpec, tokenizer: PreTrainedTokenizerBase, scenario: str, instruction: str = "") -> list[int]:
    """Token ids of everything before the response: begin token once (where one exists), template, scenario.

    An instruction stands before the scenario, as a paragraph of its own in the same turn.
    """
    asked = f"{instruction}\n\n{scenario}" if instruction else scenario
    if spec.chat_template:
        text = _chat_prompt(tokenizer, asked)
    else:
        text = spec.prompt_template.format(scenario=asked)
    # Special tokens written by a chat template are recognised in the text; the tokenizer must not add them again.
    ids = tokenizer.encode(text, add_special_tokens=False)
    # An encoder has no begin token; its class token stands where one would.
    begin = tokenizer.cls_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id
    return ids if begin is None or ids[:1] == [begin] else [begin, *ids]


def _chat_prompt(tokenizer: PreTrainedTokenizerBase, asked: str) -> str:
    messages = [{"role": "user", "content": asked}]
    # Only the user's turn is given: some templates (Gemma) refuse a system message.
    text = str(
        tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False, **TEMPLATE_VARIABLES)
    )
    # Reasoning models open a thought here; the response is the answer, so it belongs after an empty one.
    return f"{text.rstrip()}\n\n</think>\n\n" if text.rstrip().endswith("<think>") else text


def response_ids(spec: ModelSpec, tokenizer: PreTrainedTokenizerBase, response: str) -> list[int]:
    """Token ids of the response alone, its prefix included, without begin or end token."""
    return tokenizer.encode(spec.response_prefix + response, add_special_tokens=False)
