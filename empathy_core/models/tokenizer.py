"""A checkpoint's tokenizer, and whether its chat template wraps the prompt."""

import logging
from dataclasses import replace
from pathlib import Path

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from empathy_core.contracts import BadInput, ModelSpec

LOGGER = logging.getLogger(__name__)


def read_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The folder's tokenizer; where it has no pad token, an existing token stands in, hidden by the attention mask.

    Raises:
        BadInput: if the folder holds no tokenizer.
    """
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise BadInput(
            "A model folder must hold its tokenizer.",
            got=f"{folder}: {str(error).strip().splitlines()[0]}",
            cause="only the weights were copied",
            fix="copy tokenizer.json and tokenizer_config.json from the original model",
        ) from error
    tokenizer.padding_side = "right"
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.convert_ids_to_tokens(0)
        LOGGER.info("%s has no pad token; %r pads, hidden by the attention mask", folder.name, tokenizer.pad_token)
    return tokenizer


def with_template(spec: ModelSpec, tokenizer: PreTrainedTokenizerBase) -> ModelSpec:
    """The specification with its chat template decided.

    Raises:
        BadInput: if the model is stated to have a chat template and its tokenizer brings none.
    """
    if spec.chat_template and not tokenizer.chat_template:
        raise BadInput(
            "A chat model's tokenizer must bring its chat template.",
            got=spec.name,
            cause="tokenizer_config.json or chat_template.jinja was not copied",
            fix="copy the tokenizer files again",
        )
    # A spec that states its layers states its template too; a stranger uses the one its tokenizer brings.
    return spec if spec.n_layers else replace(spec, chat_template=bool(tokenizer.chat_template))
