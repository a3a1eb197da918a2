"""A scripted judge: reads a question as a model would and gives each reply the ratings that its own words state."""

import html
import re

from empathy_core.contracts import Text, TextSet
from empathy_core.steering.judges.interface import Exchange
from empathy_core.steering.judges.questions import CASUAL, NATURAL, style_rubrics

STYLES = ("cognitive", "affective", "instrumental")
RUBRICS = style_rubrics(STYLES)
QUALITIES = {**{rubric: style for style, rubric in RUBRICS.items()}, CASUAL: "casual", NATURAL: "natural"}


def exchange(number: int, finished: bool = True, **ratings: int) -> Exchange:
    """A reply that states its own ratings, such as `cognitive=6`; every other is 1."""
    stated = " ".join(f"{quality}={rating}" for quality, rating in ratings.items())
    return Exchange(f"Scenario {number % 7}.", f"Reply {number}: {stated}.", finished)


def exchanges(n: int) -> list[Exchange]:
    return [exchange(i, **{STYLES[i % 3]: 7, "casual": 1 + i % 7, "natural": 2 + i % 5}) for i in range(n)]


def read_question(parameters) -> tuple[str, str, dict[str, str]]:
    """Message, reply, and the quality that each field of the answer is about."""
    asked = parameters["messages"][0]["content"]
    message, reply = re.fullmatch(r"<message>(.*)</message>\n<reply>(.*)</reply>\n\n.*", asked, re.DOTALL).groups()
    lines = re.findall(r"^- (quality_\d+): (.*)$", asked.split("</reply>")[-1], re.MULTILINE)
    return html.unescape(message), html.unescape(reply), {field: QUALITIES.get(text, text) for field, text in lines}


def knowing(parameters) -> dict[str, int]:
    """Ratings as the reply states them."""
    _, reply, fields = read_question(parameters)
    stated = {quality: int(rating) for quality, rating in re.findall(r"(\w+)=(\d+)", reply)}
    return {field: stated.get(quality, 1) for field, quality in fields.items()}


def known_texts(n_scenarios: int, mistaken: int = 0) -> TextSet:
    """Texts that state their own style, foils among them; the affective ones of the first scenarios state another."""
    rows = [
        Text(
            f"{role}-{i}-{style}",
            f"s{i}",
            "work",
            style,
            f"Scenario {i}.",
            f"{role} {i}: {'cognitive' if style == 'affective' and i < mistaken else style}=6 natural=6.",
            role=role,
        )
        for role in ("main", "foil", "neutral")
        for i in range(n_scenarios)
        for style in STYLES
    ]
    return TextSet("known", "measured", tuple(rows))
