"""Texts to token ids, with the exact span of every response; nothing is ever truncated."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Int

from empathy_core.contracts import BadInput, Text, TextSet
from empathy_core.models.load import LoadedModel
from empathy_core.models.prompt import prompt_ids, response_ids

MIN_RESPONSE_TOKENS = 4
"""One for each quarter pool."""


@dataclass(frozen=True)
class EncodedText:
    """Token ids of one text; its prompt is the same array for every reply to one scenario."""

    id: str
    scenario_id: str
    prompt: Int[np.ndarray, " prompt_token"]
    response: Int[np.ndarray, " response_token"]

    @property
    def length(self) -> int:
        """Number of tokens, prompt included."""
        return len(self.prompt) + len(self.response)


def encode(loaded: LoadedModel, texts: TextSet) -> tuple[EncodedText, ...]:
    """Token ids of every text, in order.

    Raises:
        BadInput: if there is no text, or a response has fewer than 4 tokens.
    """
    if not len(texts):
        raise BadInput("There must be at least one text.", got=f"the empty set {texts.name!r}", fix="check the filters")

    @cache
    def prompt(scenario: str) -> Int[np.ndarray, " token"]:
        return np.array(prompt_ids(loaded.spec, loaded.tokenizer, scenario))

    return tuple(
        EncodedText(text.id, text.scenario_id, prompt(text.scenario), _response(loaded, text)) for text in texts.texts
    )


def fitting(
    loaded: LoadedModel, encoded: tuple[EncodedText, ...], drop_too_long: bool
) -> tuple[tuple[EncodedText, ...], tuple[str, ...]]:
    """The texts that fit the model's context, and a note that names the others.

    Raises:
        BadInput: if a text does not fit and `drop_too_long` is false, or none fits.
    """
    context = loaded.model.config.max_position_embeddings
    too_long = [text for text in encoded if text.length > context]
    if not too_long:
        return encoded, ()
    if not drop_too_long or len(too_long) == len(encoded):
        longest = max(too_long, key=lambda text: text.length)
        raise BadInput(
            f"A text must fit {loaded.spec.name}'s context of {context} tokens; nothing is truncated.",
            got=f"{len(too_long)} too long of {len(encoded)}, the longest {longest.id!r} of {longest.length} tokens",
            cause="long scenarios or responses",
            fix="shorten or remove these rows, or have those that are too long dropped and listed",
        )
    dropped = ", ".join(text.id for text in too_long)
    note = f"{len(too_long)} of {len(encoded)} texts left out, longer than the context of {context} tokens: {dropped}"
    return tuple(text for text in encoded if text.length <= context), (note,)


def _response(loaded: LoadedModel, text: Text) -> Int[np.ndarray, " token"]:
    response = response_ids(loaded.spec, loaded.tokenizer, text.response)
    if len(response) < MIN_RESPONSE_TOKENS:
        raise BadInput(
            f"A response must have at least {MIN_RESPONSE_TOKENS} tokens, one for each quarter.",
            got=f"{len(response)} in text {text.id!r}: {text.response!r}",
            cause="an empty or cut-off response",
            fix="lengthen or drop this row",
        )
    return np.array(response)
