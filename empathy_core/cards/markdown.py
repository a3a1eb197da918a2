"""A page of ours as Markdown: the same words, tables and figures, for a repository or an editor.

It reads only pages that `cards.page` made, so it knows only the elements that these have. Everything that was text on
the page is escaped: Markdown renders raw HTML, and names and texts come from outside.
"""

import re
from html.parser import HTMLParser

SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!$])")
BREAKS = ("h1", "h2", "h3", "p", "ul", "dl", "figure", "figcaption", "summary", "nav", "section", "header")
LEVELS = {"h1": "# ", "h2": "## ", "h3": "### "}
AS_IT_IS = ("title", "style")
"""Elements whose text is no text of the page."""


def escaped(text: str) -> str:
    """Text in which nothing is read as Markdown or HTML, on one line."""
    return SPECIAL.sub(r"\\\1", re.sub(r"\s+", " ", text)).replace("&", "&amp;")


def markdown(page: str, figures: dict[str, str]) -> str:
    """The page in Markdown; `figures` names the file of each figure by the id of its element."""
    writer = _Writer(figures)
    writer.feed(page)
    return re.sub(r"\n{3,}", "\n\n", "".join(writer.parts)).strip() + "\n"


class _Writer(HTMLParser):
    """Writes as it reads; a table is kept until it ends."""

    def __init__(self, figures: dict[str, str]):
        super().__init__()
        self.parts: list[str] = []
        self._figures = figures
        self._figure = ""
        self._rows: list[list[str]] = []
        self._left_out = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag in AS_IT_IS or self._left_out:
            self._left_out += tag not in ("meta", "img")
        elif tag == "table":
            self._rows = []
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._rows[-1].append("")
        elif (tag == "small" or given.get("class") == "was") and self._rows and self._rows[-1] and self._rows[-1][-1]:
            self._put("<br>")
        elif tag == "b":
            self._put("**")
        elif tag in ("li", "dt"):
            self._put("\n- ")
        elif tag == "dd":
            self._put(": ")
        elif tag == "figure":
            self._figure = given.get("id") or ""
        elif tag == "img":
            self._put(f"\n\n![{escaped(given['alt'] or '')}]({self._figures[self._figure]})\n\n")
        if tag in BREAKS and not self._left_out:
            self._put(f"\n\n{LEVELS.get(tag, '')}")

    def handle_endtag(self, tag: str) -> None:
        if self._left_out:
            self._left_out -= 1
        elif tag == "b":
            self._put("**")
        elif tag == "table":
            self._put_table()
        elif tag in BREAKS:
            self._put("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._left_out:
            self._put(escaped(data))

    def _put(self, text: str) -> None:
        if self._rows and self._rows[-1]:
            self._rows[-1][-1] += text
        else:
            self.parts.append(text)

    def _put_table(self) -> None:
        head, *body = ([cell.strip() or " " for cell in row] for row in self._rows)
        self._rows = []
        lines = [head, ["---"] * len(head), *body]
        self._put("\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n")
