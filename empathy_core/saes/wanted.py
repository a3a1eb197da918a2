"""Which dictionaries a run makes, checked before anything expensive starts. Needs no torch."""

from dataclasses import dataclass

from empathy_core.contracts import BadInput, TextSet
from empathy_core.saes.plan import check_splits


@dataclass(frozen=True)
class Wanted:
    """Which dictionaries are made, and where."""

    seeds: int = 3
    """How many are trained, with seeds from 0; none needs no torch."""
    pretrained: str = ""
    """A folder, or `release/id` of SAELens' registry, instead of training."""
    device: str = "cpu"
    dtype: str = "float32"
    """Of the model's weights."""

    @property
    def any(self) -> bool:
        """Whether there will be a dictionary."""
        return self.seeds > 0 or bool(self.pretrained)


def wanted(texts: TextSet, seeds: int, pretrained: str, device: str, dtype: str) -> Wanted:
    """What a user asked for, if it can be done on these texts.

    Raises:
        BadInput: if the number of dictionaries is negative, or the texts lack a split.
    """
    if seeds < 0:
        raise BadInput("The number of dictionaries is 0 or more.", got=f"--dictionaries {seeds}")
    asked = Wanted(seeds, pretrained, device, dtype)
    if asked.any:
        check_splits(texts)
    return asked
