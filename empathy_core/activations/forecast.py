"""What an extraction will take, model by model, before anything is launched."""

from collections.abc import Sequence
from dataclasses import replace

from empathy_core.activations.settings import ExtractionSettings, chosen_points, chosen_pools
from empathy_core.contracts import BadInput, ModelSpec, Plan, TextSet
from empathy_core.models.plan import plan


def forecast(specs: Sequence[ModelSpec], texts: TextSet, dtype: str, settings: ExtractionSettings) -> tuple[Plan, ...]:
    """A plan for each model, with the bytes of the chosen points and pools only.

    Raises:
        BadInput: as `models.plan.plan` does, for a point that a model lacks, and for a text that exceeds its context
            when such texts are not to be left out.
    """
    return tuple(_forecast(spec, texts, dtype, settings) for spec in specs)


def _forecast(spec: ModelSpec, texts: TextSet, dtype: str, settings: ExtractionSettings) -> Plan:
    whole = plan(spec, texts, dtype, n_pools=len(chosen_pools(settings.pools)), stored=settings.dtype)
    n_layers = whole.model.n_layers or 0
    if whole.longest > whole.context and not settings.drop_too_long:
        raise BadInput(
            f"A text must fit {spec.name}'s context of {whole.context} tokens; nothing is truncated.",
            got=f"one of {whole.longest} tokens in {texts.name}",
            cause="a long scenario or response",
            fix="shorten it, or give --drop-too-long",
        )
    points = len(chosen_points(settings.points, n_layers))
    return replace(whole, store_bytes=whole.store_bytes * points // (n_layers + 1))
