"""Numbers in tables: those of a stage side by side, and all of them with key, method and run."""

from collections.abc import Sequence

from empathy_core.cards.functions import described
from empathy_core.cards.groups import Group
from empathy_core.cards.keys import STAGES
from empathy_core.cards.markup import Html, element, link, table
from empathy_core.cards.tables import ABSENT, by_model, interval, null
from empathy_core.cards.words import describe
from empathy_core.contracts import Estimate
from empathy_core.probes.replication import WHY_IT_MISLEADS

FOLDED_ROWS = 12
"""A longer table is folded away until a reader opens it; its figure and its sentences stand elsewhere on the page."""


def folded(shown: Html, rows: int, what: str = "numbers", class_: str | None = None) -> Html:
    """A table, folded where it is long; on paper it stays so, unless its class is `printed`."""
    if rows <= FOLDED_ROWS:
        return shown
    return element("details", element("summary", f"{rows} {what}"), shown, class_=class_)


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
    return [element("h3", STAGES[stage]), folded(shown, len(rows))]


def number_cell(estimate: Estimate | None) -> Html:
    """Value and interval, and in smaller print the null and n."""
    if estimate is None:
        return element("td", ABSENT)
    beside = f"null {null(estimate)}, n = {estimate.n}" if estimate.null is not None else f"n = {estimate.n}"
    return element("td", link(estimate, interval(estimate)), element("small", beside))


def numbers_elsewhere() -> Html:
    """In place of the list of all numbers, where the page has none."""
    where = "Every number with its key, interval, null, n, method and run stands in numbers.json beside this file."
    return element("section", element("h2", "All numbers", id="numbers"), element("p", where))


def all_numbers(sections: Sequence[Group]) -> Html:
    """Every number of numbers.json under its key, planted and measured ones in tables of their own; then functions."""
    headers = ["key", "value [95% interval]", "null", "n", "method", "run"]
    methods = sorted({estimate.method for group in sections for estimate in group.estimates})
    anchors = {method: f"function-{number}" for number, method in enumerate(methods, start=1)}
    parts = [element("h2", "All numbers", id="numbers")]
    for group in sections:
        rows = [number_row(estimate, anchors[estimate.method]) for estimate in group.estimates]
        # Browsers open a folded table when a link leads into it.
        shown = element("details", element("summary", f"{len(rows)} numbers"), table(headers, rows, "all"))
        parts += [element("h3", group.title), shown] if rows else []
    shown = table(["method", "what it computes", "file"], [function_row(*one) for one in anchors.items()], "all")
    parts += [element("h3", "The functions that computed them"), folded(shown, len(methods), "functions")]
    return element("section", *parts)


def number_row(estimate: Estimate, function: str) -> list[Html]:
    """One number with its key, its method (whose description stands at the anchor `function`) and its task."""
    method = element("a", estimate.method, href=f"#{function}")
    cells = (interval(estimate), null(estimate), str(estimate.n), method, estimate.run or ABSENT)
    return [element("td", element("code", estimate.name), id=estimate.name), *(element("td", cell) for cell in cells)]


def function_row(method: str, name: str) -> list[Html]:
    """One function: what it says of itself, and where it stands."""
    path, sentence = described(method)
    cells = (sentence or "not a function of this version", path or ABSENT)
    return [element("td", element("code", method), id=name), *(element("td", cell) for cell in cells)]
