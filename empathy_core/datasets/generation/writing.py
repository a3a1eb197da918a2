"""What the generator is asked: a brief that all triplets share, the specification of one, and what was wrong before."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from empathy_core.datasets.generation.acceptance import (
    MAX_CHARACTER_SPREAD,
    OPENING_WORDS,
    REPLY_WORDS,
    SCENARIO_WORDS,
    STOCK_PHRASES,
)
from empathy_core.datasets.generation.grid import Cell
from empathy_core.datasets.generation.judge import RUBRICS
from empathy_core.datasets.generation.requests import message_parameters

BRIEF = f"""You write one item of a research data set: a scenario and three replies to it.

The scenario is a message in which a fictional person tells someone they trust what has happened. It is two or three \
sentences, {SCENARIO_WORDS[0]} to {SCENARIO_WORDS[1]} words, in the first person. It is concrete: an object, a place \
or a time that belongs to this story alone. It names its domain's trouble without naming the writer's feelings, and \
it asks for nothing. Nobody in it is in danger of death or injury, and nobody in it is a real person.

The three replies answer that one message, each in one style only:
{"".join(f"- {style}: {rubric}{chr(10)}" for style, rubric in RUBRICS.items())}
Each reply is complete, natural, and something a thoughtful person would say. What a reply may not do is let its \
style be guessed from its surface. Therefore, in one item:
- All three replies open with the same words, at least {OPENING_WORDS}, and go different ways only after them.
- Each has {REPLY_WORDS[0]} to {REPLY_WORDS[1]} words. The longest has at most {MAX_CHARACTER_SPREAD:.0%} more \
characters than the shortest, and all have the same number of sentences: aim at 45 words in two sentences each.
- All say you or your. Imperatives, questions and hedges may stand in any style; none may mark one.
- None uses a stock phrase of counsellors or of machines, such as: {", ".join(STOCK_PHRASES)}.
- The affective reply is warm through what it says of this story. It does not run on "I feel" and "my heart".
- The cognitive reply does not call its reading a reading: no "it seems that", "perhaps" at most once.
- The instrumental reply names steps that fit these facts and could be begun this week.

The specification says how the replies open, their register, whether the one replying says I, and which pronoun the \
other person has. It is checked by a program, so it is kept to the letter. Write plain British English."""
OPENINGS = {
    "you": "you or your, followed by something this person did or said",
    "thing": "a thing that the scenario names, called by the same noun",
    "when": "a time or a circumstance of the story, with a word such as when, after, since, before or until",
}
REGISTERS = {
    "formal": "formal; no contraction anywhere, neither in the scenario nor in a reply",
    "casual": "casual; at least one contraction in the scenario and at least one in every reply",
}
PEOPLE = {
    "first": "every reply says I, me or my at least once",
    "second": "no reply says I, me, my, mine or myself",
}
OTHERS = {"she": "she/her", "he": "he/him", "they": "they/them"}


class Triplet(BaseModel):
    """A scenario and its three replies, as the service returns them."""

    model_config = ConfigDict(extra="forbid")

    scenario: str
    cognitive: str
    affective: str
    instrumental: str

    @property
    def replies(self) -> dict[str, str]:
        """The replies by style."""
        return {style: getattr(self, style) for style in RUBRICS}


def writing_parameters(model: str, cell: Cell, used: Sequence[str], faults: Sequence[str]) -> dict[str, Any]:
    """Request for the triplet of one cell, told which scenarios its domain holds and what an earlier attempt broke."""
    lines = [
        "Specification",
        f"Domain: {cell.domain}",
        f"What happened: {cell.situation}",
        f"Other person: one who matters to the story; {OTHERS[cell.other]}, the scenario's most frequent third person",
        f"Replies open with: {OPENINGS[cell.family]}",
        f"Register: {REGISTERS[cell.register]}",
        f"Person: {PEOPLE[cell.person]}",
    ]
    if used:
        lines += ["", "Scenarios of this domain that exist already; write another story in other words:"]
        lines += [f"- {scenario}" for scenario in used]
    if faults:
        lines += ["", "An earlier attempt was turned down for these reasons; keep to these points above all:"]
        lines += [f"- {fault}" for fault in faults]
    return message_parameters(model, BRIEF, "\n".join(lines), Triplet)
