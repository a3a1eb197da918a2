"""The report: one self-contained page as HTML and Markdown, and the numbers and verdicts it can be drawn from again."""

import base64
import itertools
from collections.abc import Sequence
from pathlib import Path

from empathy_core.cards.account import Account
from empathy_core.cards.account_sections import earlier_section, gates_section, identity, methods
from empathy_core.cards.figures import Drawing, drawings
from empathy_core.cards.groups import Group, groups
from empathy_core.cards.keys import STAGES
from empathy_core.cards.markdown import markdown
from empathy_core.cards.markup import Html, element, join, link, table
from empathy_core.cards.numbers import read_numbers, read_verdicts, write_numbers, write_verdicts
from empathy_core.cards.prose import HOW_TO_READ, LIMITS, METHOD
from empathy_core.cards.sentences import reading_section, writing_section
from empathy_core.cards.tables import ABSENT, by_model, interval, null, verdict_matrix, verdict_summary
from empathy_core.cards.words import describe
from empathy_core.contracts import Estimate, Verdict
from empathy_core.probes.replication import WHY_IT_MISLEADS
from empathy_core.verdicts import CRITERIA, OVER_MODELS

TITLE = "Is empathy represented in these language models, and can it be steered?"

QUESTIONS = {criterion.name: criterion.question for criterion in CRITERIA}

Numbered = tuple[int, Drawing]

FOLDED_ROWS = 50
"""A longer table is folded away until a reader opens it; its figure and its numbers stand elsewhere on the page."""


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
    bodies = [section(group, numbered, accounts) for group, numbered in zip(sections, figures, strict=True)]
    page = folder / "index.html"
    page.write_text(document(sections, bodies, accounts, [all_numbers(sections)]), encoding="utf-8")
    words = markdown(document(sections, bodies, accounts, [numbers_elsewhere()]), files)
    (folder / "report.md").write_text(words, encoding="utf-8")
    return page


def redraw_report(source: Path, folder: Path) -> Path:
    """Draw a written report again, from its numbers.json and verdicts.json alone."""
    verdicts, accounts = read_verdicts(source / "verdicts.json")
    return write_report(folder, read_numbers(source / "numbers.json"), verdicts, accounts)


def document(
    sections: Sequence[Group], bodies: Sequence[Html], accounts: Sequence[Account], numbers: Sequence[Html]
) -> str:
    """The whole page; `numbers` is its last section."""
    summaries = [f"{group.title}. {verdict_summary(group.verdicts)}" for group in sections if group.verdicts]
    links = [(f"#{anchor(group)}", group.texts) for group in sections]
    links += [("#how", "how to read"), ("#methods", "methods of these runs"), ("#method", "what each number means")]
    links += [
        ("#limits", "limits"),
        ("#run", "identity"),
        ("#numbers", "all numbers"),
        ("numbers.json", "numbers.json"),
    ]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", TITLE),
        element("style", Html(Path(__file__).with_name("page.css").read_text(encoding="utf-8"))),
    )
    header = element(
        "header",
        element("h1", TITLE),
        *(element("p", summary, class_="lead") for summary in summaries),
        element(
            "nav",
            *(join(element("a", text, href=href), " · ") for href, text in links[:-1]),
            element("a", links[-1][1], href=links[-1][0]),
        ),
    )
    closing = [how_to_read(), methods(accounts), method(), limits(sections), identity(accounts), *numbers]
    return "<!DOCTYPE html>\n" + element("html", head, element("body", header, *bodies, *closing), lang="en") + "\n"


def anchor(group: Group) -> str:
    """Where a section begins."""
    return f"texts-{group.texts}-{'planted' if group.planted else 'measured'}"


def section(group: Group, figures: Sequence[Numbered], accounts: Sequence[Account]) -> Html:
    """One set of texts: verdicts and bandwidth side by side, then the other figures, then tables."""
    own = [account for account in accounts if account.texts == group.texts]
    first = [figure(*one) for one in figures if one[1].name == "bandwidth"]
    matrix = [matrix_table(group)] if group.verdicts else []
    decided = [element("h3", "What decided the verdicts"), deciding_table(group), not_measurable(group)]
    return element(
        "section",
        element(
            "h2",
            group.texts,
            " ",
            element("span", "planted" if group.planted else "measured", class_="badge"),
            id=anchor(group),
        ),
        element("p", group.explanation),
        element("div", *matrix, *first, class_="first"),
        *reading_section(group),
        *writing_section(group),
        *(figure(*one) for one in figures if one[1].name != "bandwidth"),
        *(decided if group.verdicts else []),
        *(part for account in own for part in earlier_section(group, account)),
        *(part for account in own for part in gates_section(group, account)),
        # The gates have a table of their own, with thresholds, where an account brings them.
        *(
            part
            for stage in STAGES
            if not (stage == "quality" and any(account.gates for account in own))
            for part in stage_table(group.estimates, stage)
        ),
    )


def figure(number: int, drawing: Drawing) -> Html:
    """A figure, embedded, with its caption and a text for those who cannot see it."""
    source = "data:image/svg+xml;base64," + base64.b64encode(drawing.svg).decode()
    picture = element("div", element("img", src=source, alt=drawing.alt), class_="scroll wide")
    caption = element("figcaption", element("b", f"Figure {number}."), " ", drawing.caption)
    return element("figure", picture, caption, id=f"figure-{number}")


def matrix_table(group: Group) -> Html:
    """The verdict matrix: criterion by model, in words and colour, with what was planted beside what was found."""
    criteria, models, cells = verdict_matrix(group.verdicts)
    rows = [
        [
            element("th", criterion, element("small", QUESTIONS.get(criterion, "")), scope="row"),
            *(verdict_cell(cells.get((criterion, model))) for model in models),
        ]
        for criterion in criteria
    ]
    return table(["criterion", *models], rows, "matrix")


def verdict_cell(verdict: Verdict | None) -> Html:
    """One cell of the matrix; a verdict that differs from what was planted is marked."""
    if verdict is None:
        return element("td", ABSENT)
    word = element("span", verdict.outcome, class_=f"outcome {verdict.outcome.replace(' ', '-')}")
    if verdict.expected is None:
        return element("td", word, title=verdict.reason)
    if verdict.expected == verdict.outcome:
        return element("td", word, element("span", "as planted", class_="was"), title=verdict.reason)
    planted = element("span", f"mismatch: planted {verdict.expected}", class_="was")
    return element("td", word, planted, class_="mismatch", title=verdict.reason)


def deciding_table(group: Group) -> Html:
    """The numbers that decided each verdict, beside the rule they were held against, one column a model."""
    criteria, models, cells = verdict_matrix([v for v in group.verdicts if v.model not in OVER_MODELS.values()])
    known = {estimate.name: estimate for estimate in group.estimates}
    rows = []
    for criterion in criteria:
        verdicts = [cells[criterion, model] for model in models if (criterion, model) in cells]
        deciding: dict[str, dict[str, str]] = {}
        for verdict in verdicts:
            for name in verdict.evidence:
                deciding.setdefault(describe(name), {})[verdict.model] = name
        rule = next((v.reason for v in verdicts if v.outcome != "not measurable"), "")
        for i, (what, names) in enumerate(deciding.items()):
            head = element("th", *(() if i else (criterion, element("small", rule))), scope="row")
            rows.append([head, element("td", what), *(number_cell(known.get(names.get(m, ""))) for m in models)])
    return table(["criterion", "decided by", *models], rows)


def not_measurable(group: Group) -> Html:
    """Why some verdicts could not be reached."""
    return element("ul", *(element("li", one) for one in unmeasured(group)))


def unmeasured(group: Group) -> list[str]:
    """A sentence for each criterion that could not be decided for a model, and why."""
    return [
        f"{v.criterion}, {v.model}: not measurable. {v.reason}"
        for v in group.verdicts
        if v.outcome == "not measurable" and v.model not in OVER_MODELS.values()
    ]


def stage_table(estimates: Sequence[Estimate], stage: str) -> list[Html]:
    """The summary numbers of one stage, one column a model; empty where nothing was measured."""
    found = by_model(estimates, stage)
    if not found:
        return []
    models = list(dict.fromkeys(model for row in found.values() for model in row))
    rows, unsaid = [], dict(WHY_IT_MISLEADS) if stage == "replication" else {}
    for what, row in found.items():
        why = [element("small", unsaid.pop(what[0]))] if what[0] in unsaid else []
        head = element("th", describe(next(iter(row.values())).name), *why, scope="row")
        rows.append([head, *(number_cell(row.get(model)) for model in models)])
    shown = table(["", *(model or "texts" for model in models)], rows)
    if len(rows) > FOLDED_ROWS:
        shown = element("details", element("summary", f"{len(rows)} numbers"), shown)
    return [element("h3", STAGES[stage]), shown]


def number_cell(estimate: Estimate | None) -> Html:
    """Value and interval, and in smaller print the null and n."""
    if estimate is None:
        return element("td", ABSENT)
    beside = f"null {null(estimate)}, n = {estimate.n}" if estimate.null is not None else f"n = {estimate.n}"
    return element("td", link(estimate, interval(estimate)), element("small", beside))


def how_to_read() -> Html:
    """How a number is printed and where it leads."""
    return element("section", element("h2", "How to read this page", id="how"), element("p", HOW_TO_READ))


def method() -> Html:
    """What each number means, in a paragraph a stage."""
    parts = (join(element("h3", title), element("p", text)) for title, text in METHOD)
    return element("section", element("h2", "Method", id="method"), *parts)


def limits(sections: Sequence[Group]) -> Html:
    """What the numbers do not say, and what these runs did not measure."""
    missing = [f"{group.texts}: {one}" for group in sections for one in unmeasured(group)]
    parts = [element("h2", "Limits", id="limits"), element("ul", *(element("li", x) for x in LIMITS))]
    if missing:
        parts += [element("h3", "Not measured in these runs"), element("ul", *(element("li", x) for x in missing))]
    return element("section", *parts)


def numbers_elsewhere() -> Html:
    """In place of the list of all numbers, where the page has none."""
    where = "Every number with its key, interval, null, n, method and run stands in numbers.json beside this file."
    return element("section", element("h2", "All numbers", id="numbers"), element("p", where))


def all_numbers(sections: Sequence[Group]) -> Html:
    """Every number of numbers.json under its key, planted and measured ones in tables of their own."""
    headers = ["key", "value [95% interval]", "null", "n", "method", "run"]
    parts = [element("h2", "All numbers", id="numbers")]
    for group in sections:
        rows = [number_row(estimate) for estimate in group.estimates]
        # Browsers open a folded table when a link leads into it.
        shown = element("details", element("summary", f"{len(rows)} numbers"), table(headers, rows, "all"))
        parts += [element("h3", group.title), shown] if rows else []
    return element("section", *parts)


def number_row(estimate: Estimate) -> list[Html]:
    """One number with its key, its method and the task that computed it."""
    cells = (interval(estimate), null(estimate), str(estimate.n), estimate.method, estimate.run or ABSENT)
    return [element("td", element("code", estimate.name), id=estimate.name), *(element("td", cell) for cell in cells)]
