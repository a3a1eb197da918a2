"""Which numbers may stand together: those of one set of texts, and never planted ones beside measured ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from empathy_core.cards.keys import parse_key
from empathy_core.cards.numbers import arrange, check_numbers, check_verdicts, texts_of
from empathy_core.contracts import Estimate, Verdict
from empathy_core.models.specs import REGISTRY

GRAMMAR = "grammar"
"""The name of the texts that the organisms' grammar writes."""


@dataclass(frozen=True)
class Group:
    """One section of a page."""

    texts: str
    planted: bool
    """The texts or the models are synthetic: the numbers check the instrument and are no finding."""
    estimates: tuple[Estimate, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def title(self) -> str:
        """The section's heading."""
        if not self.planted:
            return f"{self.texts}: measured"
        return f"{self.texts}: " + (
            "calibration on planted truth" if self.texts == GRAMMAR else "organisms out of domain"
        )

    @property
    def explanation(self) -> str:
        """What a reader must know before the numbers."""
        if self.planted and self.texts == GRAMMAR:
            return (
                "Grammar-written texts, read and continued by models whose truth is known. These numbers check the "
                "instrument. They say nothing about empathy."
            )
        if self.planted:
            return (
                "Texts that no grammar wrote, read by organisms that know nothing but their grammar. What can be read "
                "here is what the words carry into any network. It says nothing about empathy in language models."
            )
        return "Nothing here was planted: what these numbers show was found in the texts and in the models."


def is_planted(texts: str, model: str) -> bool:
    """Whether a number speaks about a synthetic text or model, whose truth is known, rather than about the world."""
    return texts == GRAMMAR or (model in REGISTRY and REGISTRY[model].kind == "organism")


def groups(estimates: Sequence[Estimate], verdicts: Sequence[Verdict]) -> tuple[Group, ...]:
    """Split numbers and verdicts into the sections of a page: those with verdicts first, measured ones before planted.

    Raises BadInput for whatever `check_numbers` and `check_verdicts` refuse.
    """
    check_numbers(estimates)
    check_verdicts(verdicts, estimates)
    numbers: dict[tuple[str, bool], list[Estimate]] = {}
    for estimate in arrange(estimates, verdicts):
        key = parse_key(estimate.name)
        numbers.setdefault((key.texts, is_planted(key.texts, key.model)), []).append(estimate)
    judged: dict[tuple[str, bool], list[Verdict]] = {}
    for verdict in verdicts:
        texts = texts_of(verdict)
        judged.setdefault((texts, is_planted(texts, parse_key(verdict.evidence[0]).model)), []).append(verdict)
    # What was found in the world stands before what checks the instrument, and numbers without verdicts come last.
    order = dict.fromkeys([*sorted(judged, key=lambda at: at[1]), *sorted(numbers)])
    return tuple(Group(*at, tuple(numbers.get(at, ())), tuple(judged.get(at, ()))) for at in order)
