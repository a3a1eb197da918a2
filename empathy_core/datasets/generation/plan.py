"""What a user decides about a generation, and the key under which everything paid for it is kept."""

from dataclasses import asdict, dataclass

from empathy_core.contracts import BadInput
from empathy_core.datasets.generation import judge, writing
from empathy_core.datasets.generation.grid import LARGEST, cells
from empathy_core.datasets.generation.requests import MAX_TOKENS, fingerprint


@dataclass(frozen=True)
class GenerationSettings:
    """How to generate a set of texts."""

    writer: str = "claude-haiku-5-5"
    """Model that writes."""
    judge: str = "claude-opus-5-5"
    """Model that judges; of another line, so that none marks its own kind of text."""
    triplets: int = LARGEST
    attempts: int = 3
    """How often a triplet is tried before it is reported missing."""
    seed: int = 0
    poll_seconds: float = 60.0
    """Time between two questions whether a batch has ended."""

    def __post_init__(self):
        cells(self.triplets)
        if self.attempts < 1:
            raise BadInput("A triplet is tried at least once.", f"{self.attempts} attempts")
        if self.writer == self.judge:
            raise BadInput(
                "Generator and judge are of different model lines, so that no model marks its own kind of text.",
                f"{self.writer} for both",
                fix="choose the judge from another line",
            )


def plan_key(settings: GenerationSettings) -> str:
    """Sixteen hexadecimal digits over everything that decides what is asked: settings, grid, briefs and rubrics."""
    decided = {field: value for field, value in asdict(settings).items() if field != "poll_seconds"}
    asked = [writing.BRIEF, judge.BRIEF, judge.RUBRICS, judge.COMMON, MAX_TOKENS]
    return fingerprint([decided, asked, [asdict(cell) for cell in cells(settings.triplets)]])[:16]
