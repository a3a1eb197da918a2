"""One forward pass a text: every residual point, all six pools, straight into the store."""

from collections.abc import Callable
from pathlib import Path

from empathy_core.activations.collect import collect
from empathy_core.activations.pooling import PooledResponses
from empathy_core.activations.progress import Progress
from empathy_core.activations.settings import DEFAULTS, ExtractionSettings, activation_key, chosen_pools
from empathy_core.contracts import ActivationSet, TextSet
from empathy_core.models.load import LoadedModel


def extract(
    loaded: LoadedModel,
    texts: TextSet,
    store_root: Path | str,
    settings: ExtractionSettings = DEFAULTS,
    progress: Callable[[Progress], None] | None = None,
) -> ActivationSet:
    """Activations `[point, text, pool, dim]` of all texts, from the store if this key is finished, else computed.

    A run that was killed goes on after its last whole shard. `progress` is called after every batch.

    Raises:
        BadInput: if a text cannot be encoded, one text exceeds memory, an activation is not finite, or the store fails.
    """
    key = activation_key(loaded.spec, texts, settings, loaded.precision)
    return collect(loaded, texts, store_root, key, PooledResponses(chosen_pools(settings.pools)), settings, progress)
