"""What raters decided: read from the page's files, and matched with the texts that they rated."""

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StrictInt,
    StrictStr,
    ValidationError,
    model_validator,
)

from empathy_core.contracts import BadInput, Text, TextSet
from empathy_core.datasets.review.sheet import REASONS, item_id, text_questions


class Decision(BaseModel):
    """One rater's answers about one item: a line of `decisions.jsonl`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    item_id: str
    content_hash: str
    rater: str = Field(min_length=1)
    decision: Literal["accept", "edit", "reject"] | None = None
    """None where a sheet asks for ratings alone."""
    reason: str = ""
    """Code of a rejection."""
    edited_text: str = ""
    """The whole corrected reply of an edit."""
    answers: dict[str, StrictInt | StrictStr]
    """By question id: a style, or a point of a scale."""
    seconds: float = Field(ge=0, allow_inf_nan=False)
    """How long the item was the one under the keys."""
    page_version: str
    time: AwareDatetime

    @model_validator(mode="after")
    def _details_belong_to_the_decision(self) -> "Decision":
        if (self.decision == "edit") != bool(self.edited_text.strip()):
            raise ValueError("an edit, and nothing else, has an edited text")
        if (self.decision == "reject") != bool(self.reason):
            raise ValueError("a rejection, and nothing else, has a reason")
        return self


Rated = dict[Text, tuple[Decision, ...]]
"""Texts in the order of their set, each with the last decision of every rater who rated it."""


def read_decisions(paths: Sequence[Path]) -> tuple[Decision, ...]:
    """All decisions of the files that the review page gave.

    Raises `BadInput` for a file that cannot be read, malformed JSON (with line and column), and a line that breaks the
    record's rules.
    """
    return tuple(
        _decision(line, f"{path}, line {number}")
        for path in paths
        # Not `splitlines`: an edited text may hold U+2028, which JSON leaves as it is.
        for number, line in enumerate(_read(path).split("\n"), start=1)
        if line.strip()
    )


def rated(texts: TextSet, decisions: Sequence[Decision]) -> Rated:
    """The main texts that someone rated; where a rater rated a text more than once, the last decision counts.

    Raises `BadInput` for an item that is not among the main texts, a text that has changed since it was rated, and
    answers, styles, ratings or reasons that the review page does not offer.
    """
    known = {item_id(text): text for text in texts.texts if text.role == "main"}
    latest: dict[tuple[str, str], Decision] = {}
    for decision in sorted(decisions, key=lambda decision: decision.time):
        _check(decision, known, texts)
        latest[decision.item_id, decision.rater] = decision
    given = defaultdict(list)
    for (item, _), decision in sorted(latest.items()):
        given[item].append(decision)
    return {text: tuple(given[item]) for item, text in known.items() if item in given}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            "A decisions file can be read as UTF-8 text.", f"{path}: {error}", "a mistyped path or another encoding"
        ) from error


def _decision(line: str, place: str) -> Decision:
    try:
        fields: Any = json.loads(line)
    except json.JSONDecodeError as error:
        raise BadInput(
            "A decisions file holds one JSON object a line.",
            f"{error.msg} at {place}, column {error.colno}",
            "a download that broke off, or an edit by hand",
            "download the decisions again from the review page",
        ) from error
    try:
        return Decision.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the line"
        raise BadInput(
            "Every decision has the fields that the review page writes.",
            f"{first['msg'].lower()} at {place}, field {where}",
            "another kind of file, or an edit by hand",
            "download the decisions again from the review page",
        ) from error


def _check(decision: Decision, known: dict[str, Text], texts: TextSet) -> None:
    if decision.item_id not in known:
        raise BadInput(
            f"Decisions are about main texts of {texts.name}.",
            f"item {decision.item_id!r}, rated by {decision.rater}",
            "decisions about another data set, or a text that was removed or renamed",
            "import them with the data set that the page was exported from",
        )
    text = known[decision.item_id]
    if decision.content_hash != text.content_hash:
        raise BadInput(
            "A decision holds for the text that the rater saw.",
            f"{text.id!r} had the hash {decision.content_hash} when {decision.rater} rated it and has "
            f"{text.content_hash} now",
            "the text was edited after the page was exported",
            "restore the text, or export a new page and rate it again",
        )
    _check_answers(decision, text, texts)


def _check_answers(decision: Decision, text: Text, texts: TextSet) -> None:
    offered = {question.id: [option.value for option in question.options] for question in text_questions(texts)}
    given = dict(decision.answers)
    if decision.decision == "reject":
        offered["reason"], given["reason"] = [option.value for option in REASONS], decision.reason
    for question in offered.keys() | given.keys():
        if question not in offered or given.get(question) not in offered[question]:
            raise BadInput(
                "A decision answers each question with one of the options that the page offers.",
                f"{question} = {given.get(question)!r} for {text.id!r}, rated by {decision.rater}",
                "an edit by hand, or styles renamed since the export",
                f"{question} is one of {', '.join(map(str, offered[question]))}" if question in offered else "",
            )
    if decision.decision is None:
        raise BadInput("A text is accepted, edited or rejected.", f"no decision on {text.id!r} by {decision.rater}")
