"""The dictionaries of one model at one residual point, trained or given, as codes of every text."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from empathy_core.activations.objects import at
from empathy_core.activations.tokens import TokenShard, extract_tokens, read_tokens
from empathy_core.contracts import ActivationSet, TextSet
from empathy_core.models.load import load_model
from empathy_core.saes.batches import Shards
from empathy_core.saes.codes import DictionaryCodes
from empathy_core.saes.encode import encode_texts
from empathy_core.saes.plan import TEST, TRAIN
from empathy_core.saes.pretrained import fit_notes, open_dictionary, stated
from empathy_core.saes.settings import default_settings, dictionary_key
from empathy_core.saes.training import mean_token, train_dictionary

Progress = Callable[[int, int], None]


def all_codes(
    activations: ActivationSet,
    texts: TextSet,
    point: int,
    seeds: int,
    pretrained: str,
    device: str,
    dtype: str,
    progress: Progress,
) -> tuple[DictionaryCodes, ...]:
    """Codes of all texts: of one dictionary a seed, or of the `pretrained` one.

    Tokens and dictionaries are kept in the store that holds `activations`; what is finished there is reused.
    Dictionaries are trained on the training split only. `progress` is told of training steps.

    Raises:
        BadInput: if a split holds no text, a dictionary does not fit, or the store fails.
    """
    loaded = load_model(activations.model, device, dtype)
    root = activations.folder.removesuffix(f"/{activations.key}")
    train, test = (extract_tokens(loaded, texts, root, str(point), split=split) for split in (TRAIN, TEST))
    del loaded  # its memory is wanted for the dictionary
    mean = mean_token(training_tokens(train, point))

    def codes(sae, source: str, seed: int) -> DictionaryCodes:
        return encode_texts(sae, _tokens_of(texts, (train, test), point), len(texts), mean, source, seed)

    if pretrained:
        sae, source = open_dictionary(pretrained, activations.model, point, device)
        found, held_out = codes(sae, source, 0), np.flatnonzero(texts.column("split") == TEST)
        return (replace(found, notes=fit_notes(found, held_out, stated(pretrained, activations.model))),)
    settings, trained = default_settings(activations.dim, seeds, sum(train.response_tokens)), []
    for number, seed in enumerate(settings.seeds):
        objects = at(f"{root}/{dictionary_key(train.key, point, settings, seed)}")
        told = partial(_told, progress, number, len(settings.seeds))
        sae = train_dictionary(partial(training_tokens, train, point), objects, settings, seed, device, told)
        trained.append(codes(sae, f"trained, seed {seed}", seed))
    return tuple(trained)


def training_tokens(train: ActivationSet, point: int) -> Shards:
    """The tokens alone, shard by shard."""
    return (shard.values for shard in read_tokens(train, point))


def _tokens_of(texts: TextSet, extracted: tuple[ActivationSet, ...], point: int) -> Iterator[TokenShard]:
    """The tokens of all texts, owned by row numbers of the set."""
    row_of = {text.id: row for row, text in enumerate(texts.texts)}
    for activations in extracted:
        rows = np.array([row_of[name] for name in activations.text_ids])
        for shard in read_tokens(activations, point):
            yield replace(shard, texts=rows[shard.texts])


def _told(progress: Progress, number: int, of: int, step: int, steps: int) -> None:
    progress(number * steps + step, of * steps)
