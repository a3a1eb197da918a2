"""The report: one self-contained page as HTML and Markdown, and the numbers and verdicts it can be drawn from again."""

import base64
import itertools
from collections.abc import Sequence
from pathlib import Path

from empathy_core.cards.account import Account
from empathy_core.cards.account_sections import earlier_section, gates_section, identity, methods
from empathy_core.cards.document import document
from empathy_core.cards.figures import Drawing, drawings
from empathy_core.cards.groups import Group, groups
from empathy_core.cards.keys import STAGES
from empathy_core.cards.markdown import markdown
from empathy_core.cards.markup import Html, element, join
from empathy_core.cards.number_sections import all_numbers, numbers_elsewhere, stage_table
from empathy_core.cards.numbers import read_numbers, read_verdicts, write_numbers, write_verdicts
from empathy_core.cards.prose import HOW_TO_READ, LIMITS, METHOD
from empathy_core.cards.sentences import reading_section, writing_section
from empathy_core.cards.tables import verdict_summary
from empathy_core.cards.verdict_sections import deciding_table, matrix_section, not_measurable, over_models
from empathy_core.contracts import Estimate, Verdict

TITLE = "Is empathy represented in these language models, and can it be steered?"

CLOSING = {
    "how": "how to read",
    "methods": "methods",
    "method": "what each number means",
    "limits": "limits",
    "run": "identity",
    "numbers": "all numbers",
}
"""Anchors of what follows the sets of texts, and what the contents call them."""

Numbered = tuple[int, Drawing]


def write_report(
    folder: Path, estimates: Sequence[Estimate], verdicts: Sequence[Verdict], accounts: Sequence[Account]
) -> Path:
    """Write numbers.json, verdicts.json, figures/*.svg, index.html and report.md into `folder`; gives the page's path.

    The same input gives the same bytes. Raises BadInput before anything is written.
    """
    sections = groups(estimates, verdicts)
    count = itertools.count(1)
    figures = [[(next(count), drawing) for drawing in drawings(group.estimates)] for group in sections]
    write_numbers(folder / "numbers.json", estimates)
    write_verdicts(folder / "verdicts.json", verdicts, accounts)
    (folder / "figures").mkdir(exist_ok=True)
    for earlier in (folder / "figures").glob("figure-*.svg"):
        earlier.unlink()
    files = {f"figure-{i}": f"figures/figure-{i}-{drawing.name}.svg" for i, drawing in itertools.chain(*figures)}
    for i, drawing in itertools.chain(*figures):
        (folder / files[f"figure-{i}"]).write_bytes(drawing.svg)
    bodies = [section(i, group, figures[i], accounts) for i, group in enumerate(sections)]
    closing = [how_to_read(), methods(accounts), method(), limits(sections), identity(accounts)]
    header = page_header(sections)
    page = folder / "index.html"
    page.write_text(document(TITLE, header, [*bodies, *closing, all_numbers(sections)]), encoding="utf-8")
    words = markdown(document(TITLE, header, [*bodies, *closing, numbers_elsewhere()]), files)
    (folder / "report.md").write_text(words, encoding="utf-8")
    return page


def redraw_report(source: Path, folder: Path) -> Path:
    """Draw a written report again, from its numbers.json and verdicts.json alone."""
    verdicts, accounts = read_verdicts(source / "verdicts.json")
    return write_report(folder, read_numbers(source / "numbers.json"), verdicts, accounts)


def page_header(sections: Sequence[Group]) -> Html:
    """The title, what was found in a sentence for each set of texts, and the contents."""
    summaries = [f"{group.title}. {verdict_summary(group.verdicts)}" for group in sections if group.verdicts]
    links = [(f"#{anchor(i)}", group.title) for i, group in enumerate(sections)]
    links += [(f"#{name}", called) for name, called in CLOSING.items()]
    return element(
        "header",
        element("h1", TITLE),
        *(element("p", summary, class_="lead") for summary in summaries),
        contents([*links, ("numbers.json", "numbers.json"), ("report.md", "report.md")], "contents"),
        # Follows a reader down the page, on a phone too.
        element("a", "Contents", href="#contents", class_="back"),
    )


def contents(links: Sequence[tuple[str, str]], name: str) -> Html:
    """Links in a row."""
    return element("nav", *(join(element("a", text, href=href), " ") for href, text in links), id=name)


def anchor(number: int, part: str = "") -> str:
    """Where a set of texts, or a part of its section, begins."""
    return f"texts-{number + 1}" + (f"-{part}" if part else "")


def section(number: int, group: Group, figures: Sequence[Numbered], accounts: Sequence[Account]) -> Html:
    """One set of texts: verdicts and bandwidth side by side, then sentences, the other figures, and tables."""
    first = [figure(*one) for one in figures if one[1].name == "bandwidth"]
    badge = element("span", "planted" if group.planted else "measured", class_="badge")
    there = {called: shown for called, shown in parts_of(group, figures, accounts).items() if shown}
    names = {called: anchor(number, called.replace(" ", "-")) for called in there}
    return element(
        "section",
        element("h2", group.title, " ", badge, id=anchor(number)),
        element("p", f"{group.explanation} {over_models(group.verdicts)}".strip()),
        element("div", element("div", *matrix_section(group.verdicts)), *first, class_="first"),
        contents([(f"#{name}", called) for called, name in names.items()], anchor(number, "contents")),
        *(element("div", *there[called], id=name) for called, name in names.items()),
    )


def parts_of(group: Group, figures: Sequence[Numbered], accounts: Sequence[Account]) -> dict[str, list[Html]]:
    """What follows the matrix of one set of texts, by what the contents call it; empty where there is nothing."""
    own = [account for account in accounts if account.texts == group.texts]
    decided = [
        element("h3", "What decided the verdicts"),
        deciding_table(group),
        listed(not_measurable(group.verdicts)),
    ]
    # The gates have a table of their own, with thresholds, where an account brings them.
    stages = [stage for stage in STAGES if not (stage == "quality" and any(account.gates for account in own))]
    return {
        "what can be read": reading_section(group),
        "what can be steered": writing_section(group),
        "figures": [figure(*one) for one in figures if one[1].name != "bandwidth"],
        "what decided": decided if group.verdicts else [],
        "an earlier study": [part for account in own for part in earlier_section(group, account)],
        "quality gates": [part for account in own for part in gates_section(group, account)],
        "numbers by stage": [part for stage in stages for part in stage_table(group.estimates, stage)],
    }


def listed(sentences: Sequence[str]) -> Html:
    """Sentences as a list."""
    return element("ul", *(element("li", one) for one in sentences))


def figure(number: int, drawing: Drawing) -> Html:
    """A figure, embedded, with its caption and a text for those who cannot see it."""
    source = "data:image/svg+xml;base64," + base64.b64encode(drawing.svg).decode()
    picture = element("div", element("img", src=source, alt=drawing.alt), class_="scroll wide")
    caption = element("figcaption", element("b", f"Figure {number}."), " ", drawing.caption)
    return element("figure", picture, caption, id=f"figure-{number}")


def how_to_read() -> Html:
    """How a number is printed and where it leads."""
    return element("section", element("h2", "How to read this page", id="how"), element("p", HOW_TO_READ))


def method() -> Html:
    """What each number means, in a paragraph a stage."""
    parts = (join(element("h3", title), element("p", text)) for title, text in METHOD)
    return element("section", element("h2", "Method", id="method"), *parts)


def limits(sections: Sequence[Group]) -> Html:
    """What the numbers do not say, and what these runs did not measure."""
    missing = [f"{group.texts}: {one}" for group in sections for one in not_measurable(group.verdicts)]
    parts = [element("h2", "Limits", id="limits"), listed(LIMITS)]
    parts += [element("h3", "Not measured in these runs"), listed(missing)] if missing else []
    return element("section", *parts)
