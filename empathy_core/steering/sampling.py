"""What generation starts from and what it returns: plain records, so that judging needs no torch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SamplingSettings:
    """How replies are drawn."""

    temperature: float = 0.7
    """0 is greedy."""
    max_new_tokens: int = 72
    """A reply that has not ended by then counts as unfinished."""
    batch_rows: int = 64


@dataclass(frozen=True)
class Row:
    """What one row of a generation batch starts from."""

    scenario: str
    seed: int
    """All the row's random numbers come from it, so equal seeds pair arms and batching changes nothing."""
    opening: str = ""
    """Response text already given; the model continues it."""


@dataclass(frozen=True)
class Reply:
    """One generated reply, without prompt and special tokens."""

    text: str
    finished: bool
    """The model ended it by itself."""
