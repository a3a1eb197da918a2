"""What a user decides about language-model judges."""

from dataclasses import dataclass

from empathy_core.contracts import BadInput


@dataclass(frozen=True)
class ClaudeSettings:
    """Two models judge: the first every reply, the second a share of them, to see how far they agree."""

    model: str = "claude-opus-5-5"
    second: str = "claude-haiku-5-5"
    """Of another model line, so that agreement is more than one model's habit."""
    second_share: float = 0.2
    """Share of the replies that the second model judges too."""
    attempts: int = 2
    """How often a reply is put to a model that refuses it or gives no readable answer."""
    most_missing: float = 0.1
    """Largest share of replies without a verdict that a study may go on with."""
    seed: int = 0
    """Of the order in which the qualities are asked for, and of the second model's share."""
    poll_seconds: float = 60.0
    """Time between two questions whether a batch has ended."""

    def __post_init__(self):
        if self.model == self.second:
            raise BadInput(
                "The second judge is of another model line than the first.",
                f"{self.model} for both",
                fix="choose another model for one of them",
            )
        if not 0 < self.second_share <= 1:
            raise BadInput(
                "The second judge's share of replies lies above 0 and is at most 1.", f"{self.second_share:g}"
            )
        if not 0 <= self.most_missing < 1:
            raise BadInput(
                "The largest share without a verdict lies between 0 and 1, 1 excluded.", f"{self.most_missing:g}"
            )
        if self.attempts < 1:
            raise BadInput("A reply is put to a judge at least once.", f"{self.attempts} attempts")
