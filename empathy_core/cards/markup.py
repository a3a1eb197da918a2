"""HTML in which everything is escaped unless this file made it."""

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from empathy_core.contracts import Estimate

VOID = ("meta", "img", "link")
"""Elements without content or end tag."""


class Html(str):
    """Text that is already HTML; only `element` and `join` make it."""


def element(tag: str, *children: str, **attributes: str | None) -> Html:
    """One HTML element; children that are plain strings are escaped, and so is every attribute.

    An attribute named like a Python keyword takes a trailing underscore (`class_`); None leaves an attribute out.
    Only fixed strings of our own are passed as `tag` and as attribute names.
    """
    pairs = ((name.rstrip("_"), value) for name, value in attributes.items() if value is not None)
    start = " ".join([tag, *(f'{name}="{escape(value)}"' for name, value in pairs)])
    return Html(f"<{start}>" if tag in VOID else f"<{start}>{join(*children)}</{tag}>")


def join(*children: str) -> Html:
    """Several children one after the other, plain strings escaped."""
    return Html("".join(child if isinstance(child, Html) else escape(child) for child in children))


def table(headers: Sequence[str], rows: Sequence[Sequence[Html]], class_: str | None = None) -> Html:
    """A table that scrolls by itself where the page is narrower; rows are made of `td` and `th` elements."""
    head = element("thead", element("tr", *(element("th", header, scope="col") for header in headers)))
    body = element("tbody", *(element("tr", *row) for row in rows))
    return element("div", element("table", head, body, class_=class_), class_="scroll")


def link(estimate: Estimate, text: str) -> Html:
    """A link from a number to its row in the list of all numbers."""
    return element("a", text, href="#" + quote(estimate.name))
