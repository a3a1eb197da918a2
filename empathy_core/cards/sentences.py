"""What the report says in sentences: a table of tasks that can be read, and one of concepts that can be steered."""

from empathy_core.cards import reading, writing
from empathy_core.cards.groups import Group
from empathy_core.cards.markup import Html, element, link, table
from empathy_core.cards.reading import WHY_EXCESS, Comparison, TaskReading, foil_outcome, readings
from empathy_core.cards.tables import ABSENT, interval
from empathy_core.cards.writing import (
    WHY_RANGE,
    Steering,
    away,
    bandwidth_outcome,
    bandwidths,
    in_order,
    likelihood_outcomes,
    steerings,
)
from empathy_core.contracts import Estimate


def reading_section(group: Group) -> list[Html]:
    """What can be read, in words: a sentence for each task and model, and why text baselines come first."""
    found = readings(group.estimates)
    if not found:
        return []
    models = list(dict.fromkeys(one.model for one in found))
    rows: dict[str, dict[str, TaskReading]] = {}
    for one in found:
        rows.setdefault(one.task, {})[one.model] = one
    cells = [
        [element("th", task, scope="row"), *(reading_cell(row.get(model)) for model in models)]
        for task, row in rows.items()
    ]
    return [element("h3", "What can be read"), element("p", WHY_EXCESS), table(["task", *models], cells, "said")]


def reading_cell(one: TaskReading | None) -> Html:
    """One sentence, and one on foils, each over the two numbers that it compares."""
    if one is None:
        return element("td", ABSENT)
    parts = [element("b", reading.outcome(one)), compared(one.main)]
    if one.foils:
        parts += [element("b", f"On foils: {foil_outcome(one)}"), compared(one.foils)]
    return element("td", *parts)


def writing_section(group: Group) -> list[Html]:
    """What can be steered, in words: a sentence for each concept and model, on likelihood shift and on bandwidth."""
    found, shifted = steerings(group.estimates), likelihood_outcomes(group.estimates)
    models = list(dict.fromkeys([*(one.model for one in found), *shifted]))
    if not models:
        return []
    at = {(one.concept, one.model): one for one in found}
    rows = [(c, [writing_cell(at.get((c, model))) for model in models]) for c in in_order(c for c, _ in at)]
    if shifted:
        rows.insert(0, ("likelihood shift", [likelihood_cell(shifted.get(model)) for model in models]))
    if wide := bandwidths(group.estimates):
        said = [element("td", element("b", bandwidth_outcome(wide.get(model, {})))) for model in models]
        rows.append(("bandwidth", said))
    cells = [[element("th", name, scope="row"), *row] for name, row in rows]
    return [element("h3", "What can be steered"), element("p", WHY_RANGE), table(["", *models], cells, "said")]


def likelihood_cell(one: tuple[str, Estimate] | None) -> Html:
    """One sentence on the likelihood shift over the number behind it."""
    if one is None:
        return element("td", ABSENT)
    said, diagonal = one
    return element("td", element("b", said), element("small", "shift ", link(diagonal, interval(diagonal))))


def writing_cell(one: Steering | None) -> Html:
    """One sentence on steering towards a concept and one on steering away, each over its range."""
    if one is None:
        return element("td", ABSENT)
    parts = [element("b", writing.outcome(one)), *ranged(one.range)]
    if said := away(one):
        parts += [element("b", f"Away: {said}"), *ranged(one.range_opposed)]
    return element("td", *parts)


def ranged(found: Estimate | None) -> list[Html]:
    """A steering range in small print."""
    return [] if found is None else [element("small", "range ", link(found, interval(found)))]


def compared(numbers: Comparison) -> Html:
    """A probe beside the best text baseline, in small print."""
    probe, text = link(numbers.probe, interval(numbers.probe)), link(numbers.text, interval(numbers.text))
    return element("small", "probe ", probe, f"; {numbers.text_kind} alone ", text)
