"""The frame of every page: head, style and body. A page needs nothing but itself."""

from collections.abc import Sequence
from pathlib import Path

from empathy_core.cards.markup import Html, element


def document(title: str, header: Html, parts: Sequence[Html]) -> str:
    """A whole page."""
    style = Html(Path(__file__).with_name("page.css").read_text(encoding="utf-8"))
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", style),
    )
    return "<!DOCTYPE html>\n" + element("html", head, element("body", header, *parts), lang="en") + "\n"
