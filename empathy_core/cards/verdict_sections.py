"""The verdicts of a section: the matrix, what each criterion asks, what decided it, and what could not be decided."""

from collections.abc import Sequence

from empathy_core.cards.groups import Group
from empathy_core.cards.markup import Html, element, join, table
from empathy_core.cards.number_sections import folded, number_cell
from empathy_core.cards.tables import ABSENT, joined, verdict_matrix
from empathy_core.cards.words import describe
from empathy_core.contracts import Verdict
from empathy_core.verdicts import CRITERIA, OVER_MODELS

AS_PLANTED = "✓"

ASKED = {criterion.name: criterion for criterion in CRITERIA}


def matrix_section(verdicts: Sequence[Verdict]) -> list[Html]:
    """The verdict matrix, criterion by model, with what was planted beside what was found; nothing without verdicts."""
    if not verdicts:
        return []
    criteria, models, cells = verdict_matrix(verdicts)
    rows = [
        [element("th", criterion, scope="row"), *(verdict_cell(cells.get((criterion, model))) for model in models)]
        for criterion in criteria
    ]
    key = [element("p", f"{AS_PLANTED} as planted", class_="key")] if any(one.expected for one in verdicts) else []
    return [table(["criterion", *models], rows, "matrix"), *key, criteria_asked(verdicts)]


def verdict_cell(verdict: Verdict | None) -> Html:
    """One cell of the matrix; a verdict that differs from what was planted is marked."""
    if verdict is None:
        return element("td", ABSENT)
    word = element("span", verdict.outcome, class_=f"outcome {verdict.outcome.replace(' ', '-')}")
    if verdict.expected is None:
        return element("td", word, title=verdict.reason)
    if verdict.expected == verdict.outcome:
        return element("td", word, " ", element("span", AS_PLANTED, class_="agrees"), title=verdict.reason)
    if verdict.outcome == "not measurable":
        return element("td", word, element("span", f"planted {verdict.expected}", class_="was"), title=verdict.reason)
    planted = element("span", f"mismatch: planted {verdict.expected}", class_="was")
    return element("td", word, planted, class_="mismatch", title=verdict.reason)


def criteria_asked(verdicts: Sequence[Verdict]) -> Html:
    """What each criterion asks and what its rule is, folded."""
    there = [ASKED[name] for name in dict.fromkeys(verdict.criterion for verdict in verdicts) if name in ASKED]
    pairs = (
        join(element("dt", one.name), element("dd", one.question, element("small", f"Supported where: {one.rule}.")))
        for one in there
    )
    return element("details", element("summary", "What each criterion asks"), element("dl", *pairs), class_="printed")


def over_models(verdicts: Sequence[Verdict]) -> str:
    """What holds in every model of a kind, in a sentence; empty where there is one model only."""
    said = []
    for over in dict.fromkeys(verdict.model for verdict in verdicts if verdict.model in OVER_MODELS.values()):
        own = [verdict for verdict in verdicts if verdict.model == over]
        held = [verdict.criterion for verdict in own if verdict.outcome == "supported"]
        said.append(
            f"Supported in {over}: {joined(held)}." if held else f"None of {len(own)} criteria is supported in {over}."
        )
    return " ".join(said)


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
    return folded(table(["criterion", "decided by", *models], rows), len(rows), class_="printed")


def not_measurable(verdicts: Sequence[Verdict]) -> list[str]:
    """Why verdicts could not be reached: a sentence for criteria that share the reason and the models."""
    models: dict[tuple[str, str], list[str]] = {}
    for verdict in verdicts:
        if verdict.outcome == "not measurable" and verdict.model not in OVER_MODELS.values():
            models.setdefault((verdict.reason, verdict.criterion), []).append(verdict.model)
    criteria: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (reason, criterion), own in models.items():
        criteria.setdefault((reason, tuple(own)), []).append(criterion)
    return [f"{joined(names)}, {joined(own)}: not measurable. {reason}" for (reason, own), names in criteria.items()]
