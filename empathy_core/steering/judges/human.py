"""People as judges: a blind sheet for the review page, and the ratings that come back."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from empathy_core.contracts import BadInput
from empathy_core.datasets.review.decisions import Decision
from empathy_core.datasets.review.generations import Generation, generation_sheet
from empathy_core.datasets.review.sheet import Option, Question, ReviewSheet
from empathy_core.steering.judges.interface import NOT_ASKED, Exchange, Judge, Judgement, no_verdict, of_nothing

POINTS = ("Not at all.", "A trace of it.", "About half of it.", "Most of it.", "All of it.")
REGISTER = ("Wholly formal.", "Rather formal.", "Neither, or both.", "Rather casual.", "Wholly casual.")


@dataclass(frozen=True)
class RatingSheet:
    """What raters see, and the key that says which reply stands behind an item's id."""

    sheet: ReviewSheet
    key: dict[str, Generation]
    """In the order of the screens; it holds no conditions, for the sheet is made without any."""


@dataclass(frozen=True)
class Rating:
    """What one person said of one reply, at one showing."""

    rater: str
    scenario: str
    reply: str
    showing: int
    """0, or 1 where the sheet shows the reply a second time, to see how steady a rater is."""
    places: dict[str, float]
    """By question id, from 0 (the scale's lowest point) to 1."""


def rating_sheet(
    exchanges: Sequence[Exchange], rubrics: Mapping[str, str], seed: int, share: float = 1.0
) -> RatingSheet:
    """The replies to a share of the scenarios (0 to 1), each reply on a screen of its own; a tenth comes twice.

    Equal replies to one scenario are rated once, empty ones not at all. The same arguments give the same sheet, so
    the key need not be kept. Raises `BadInput` for another share, and when there is nothing to rate.
    """
    if not 0 < share <= 1:
        raise BadInput("The share of scenarios lies above 0 and is at most 1.", f"{share:g}")
    rng = np.random.default_rng(seed)
    scenarios = rng.permutation(sorted({exchange.scenario for exchange in exchanges}))
    taken = set(scenarios[: math.ceil(share * len(scenarios))].tolist())
    shown = {(one.scenario, one.reply) for one in exchanges if one.reply.strip() and one.scenario in taken}
    sheet, key = generation_sheet([Generation(*row, condition="") for row in sorted(shown)], seed)
    [coherence] = (question for question in sheet.questions if question.id == "coherence")
    scales = (_scale(style_id(style), f"{style}: the reply {rubric}", POINTS) for style, rubric in rubrics.items())
    instructions = (
        "Each screen shows what a person wrote and one reply. Rate the reply on every scale by itself: it may have "
        "much of several qualities, or of none. Judge what it does, not single words. Some replies come twice.",
        *sheet.instructions[1:],
    )
    questions = (*scales, _scale("register", "How casual is its language?", REGISTER), coherence)
    return RatingSheet(replace(sheet, instructions=instructions, questions=questions), key)


def style_id(style: str) -> str:
    """Id of the question about a style, which no other question has."""
    return f"style-{style}"


def read_ratings(rating: RatingSheet, decisions: Sequence[Decision]) -> tuple[Rating, ...]:
    """The decisions of a page that was written from this sheet; where a rater rated an item twice, the last counts.

    Raises `BadInput` without decisions, for an item or a reply that is not on the sheet, and for answers that the page
    does not offer.
    """
    if not decisions:
        raise BadInput("A human judge has ratings.", "none", "a page that was downloaded before anything was rated")
    items = {item.id: item.content_hash for screen in rating.sheet.screens for item in screen.items}
    latest: dict[tuple[str, str], Decision] = {}
    for decision in sorted(decisions, key=lambda decision: decision.time):
        if items.get(decision.item_id) != decision.content_hash:
            raise _foreign(decision)
        latest[decision.rater, decision.item_id] = decision
    showings = _showings(rating.key)
    return tuple(
        Rating(
            rater,
            rating.key[item].prompt,
            rating.key[item].response,
            showings[item],
            _places(decision, rating.sheet.questions),
        )
        for (rater, item), decision in sorted(latest.items())
    )


def human_judge(styles: Sequence[str], ratings: Sequence[Rating]) -> Judge:
    """The judge that says of a reply the mean of all its ratings, and nothing of replies that nobody rated."""
    places = defaultdict(list)
    for rating in ratings:
        places[rating.scenario, rating.reply].append(rating.places)

    def judgement(exchange: Exchange) -> Judgement:
        if not exchange.reply.strip():
            return of_nothing(styles)
        given = places.get((exchange.scenario, exchange.reply))
        if not given:
            return no_verdict(styles, NOT_ASKED)
        means = {question: float(np.mean([one[question] for one in given])) for question in given[0]}
        shares = {style: means[style_id(style)] for style in styles}
        return Judgement(shares, means["register"], means["coherence"] >= 0.5)

    return Judge("human", tuple(styles), lambda exchanges: [judgement(exchange) for exchange in exchanges])


def _scale(name: str, text: str, anchors: Sequence[str]) -> Question:
    return Question(name, text, tuple(Option(point, str(point), says) for point, says in enumerate(anchors, start=1)))


def _showings(key: Mapping[str, Generation]) -> dict[str, int]:
    """How often each item's reply was shown before it."""
    seen: dict[Generation, int] = defaultdict(int)
    showings = {}
    for item, generation in key.items():
        showings[item] = seen[generation]
        seen[generation] += 1
    return showings


def _places(decision: Decision, questions: Sequence[Question]) -> dict[str, float]:
    values = {question.id: [option.value for option in question.options] for question in questions}
    for question in values.keys() | decision.answers.keys():
        given = decision.answers.get(question)
        if given not in values.get(question, ()):
            raise BadInput(
                "A rating answers each question with one of the options that the page offers.",
                f"{question} = {given!r} for {decision.item_id}, rated by {decision.rater}",
                "an edit by hand, or styles renamed since the page was written",
            )
    return {
        question: offered.index(decision.answers[question]) / (len(offered) - 1) for question, offered in values.items()
    }


def _foreign(decision: Decision) -> BadInput:
    return BadInput(
        "Ratings are about the replies of the run that they are read into.",
        f"item {decision.item_id} with the hash {decision.content_hash}, rated by {decision.rater}",
        "a page of another run, seed or share, or replies that were generated anew",
        "give the run, the seed and the share that the page was written with",
    )
