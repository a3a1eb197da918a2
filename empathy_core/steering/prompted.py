"""Asking in words for what a direction stands for: the comparison that steering has to stand beside."""

import re
from collections.abc import Sequence
from dataclasses import replace

from empathy_core.contracts import TextSet
from empathy_core.organisms.templates import ROLES
from empathy_core.steering.sampling import Row

INSTRUCTIONS = {
    "cognitive": "Answer with understanding: say how the situation looks from where the person stands.",
    "affective": "Answer with warmth: name the feelings, and share in them.",
    "instrumental": "Answer with practical help: say what the person can do, step by step.",
    "empathetic": "Answer with empathy: name the feelings, and show that you understand them.",
    "neutral": "Answer plainly: keep to the facts, and say nothing about feelings.",
    "casual": "Answer in casual, everyday language, as one friend writes to another.",
}
"""What stands before the scenario, by concept. Each asks for a stance and holds none of the words that mark one."""

CUES = {style: role for role, style in reversed(ROLES.items()) if style}
"""The helper whose role cues a style in an organism's prompt, the one thing in it that can ask for a style."""

_ROLE = re.compile(rf"(?<= the )({'|'.join(ROLES)})(?=:$)")
"""The role of the helper, at the end of a prompt of the organisms' grammar."""


def askable(texts: TextSet, concepts: Sequence[str]) -> tuple[str, ...]:
    """The concepts that can be asked for in words, in order; none of a user's own styles, which have no sentence."""
    known = CUES if texts.kind == "organism" else INSTRUCTIONS
    return tuple(concept for concept in concepts if concept in known)


def ask_for(concept: str, row: Row) -> Row:
    """The row with its prompt asking for the concept: by the helper's role in the grammar's prompts, else in words."""
    if _ROLE.search(row.scenario):
        return replace(row, scenario=_ROLE.sub(CUES[concept], row.scenario))
    return replace(row, instruction=INSTRUCTIONS[concept])
