"""HTML in which everything is escaped unless this file made it."""

from html import escape

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
