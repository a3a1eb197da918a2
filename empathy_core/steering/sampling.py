"""What generation starts from and what it returns: plain records, so that judging needs no torch."""

from dataclasses import dataclass, field

from empathy_core.contracts import BadInput
from empathy_core.steering.operators import Edits


@dataclass(frozen=True)
class SamplingSettings:
    """How replies are drawn."""

    temperature: float = 0.7
    """0 is greedy."""
    max_new_tokens: int = 72
    """A reply that has not ended by then counts as unfinished."""
    token_budget: int = 16384
    """Most tokens in a batch: its rows × (longest prompt + `max_new_tokens`); halved when memory runs out."""

    def __post_init__(self) -> None:
        if not self.temperature >= 0 or self.max_new_tokens < 1 or self.token_budget < 1:
            raise BadInput(
                "Replies are drawn at a temperature of at least 0, with room for a token, in batches that hold one.",
                got=f"temperature {self.temperature:g}, {self.max_new_tokens} new tokens, budget {self.token_budget}",
                fix="use a temperature of 0 for greedy replies",
            )


@dataclass(frozen=True)
class Row:
    """What one row of a generation batch starts from, and what is done to it."""

    scenario: str
    seed: int
    """All the row's random numbers come from it, so equal seeds pair arms and batching changes nothing."""
    opening: str = ""
    """Response text already given; the model continues it."""
    edits: Edits = field(default_factory=dict)
    """What happens to the row's residual stream; empty leaves the model as it is."""
    instruction: str = ""
    """What to do, in words: stands before the scenario in the prompt."""


@dataclass(frozen=True)
class Reply:
    """One generated reply, without prompt and special tokens."""

    text: str
    finished: bool
    """The model ended it by itself."""
