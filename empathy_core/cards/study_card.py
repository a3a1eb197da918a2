"""The card of a whole study, in the order of the report's page and made of the same tables."""

from collections.abc import Sequence

from empathy_core.cards.components import (
    Components,
    figures,
    heading,
    number_tables,
    reading_sentences,
    table,
    writing_sentences,
)
from empathy_core.cards.groups import groups
from empathy_core.cards.tables import interval, null, verdict_rows, verdict_summary
from empathy_core.cards.verdict_sections import not_measurable, over_models
from empathy_core.cards.words import describe
from empathy_core.cards.writing import CONCEPT, bandwidths
from empathy_core.contracts import Estimate, Gate, Verdict


def study_card(
    estimates: Sequence[Estimate],
    verdicts: Sequence[Verdict],
    ranking: Sequence[Sequence[str]] = (),
    gates: Sequence[Gate] = (),
) -> Components:
    """Per set of texts the verdicts, what holds over models, the ranking, sentences, figures and numbers.

    `ranking` groups models that are not told apart; `gates` are those of the texts, of which the failed ones are shown.
    """
    components = []
    for group in groups(estimates, verdicts):
        components += [heading("What the study shows"), table(["texts", "note"], [[group.title, group.explanation]])]
        components += verdict_tables(group.verdicts)
        components += ranking_table(ranking, group.estimates)
        components += [*reading_sentences(group.estimates), *writing_sentences(group.estimates)]
        components += figures(group.estimates)
        components += number_tables(group.estimates)
    return [*components, *failed_gates(gates)]


def verdict_tables(verdicts: Sequence[Verdict]) -> Components:
    """How many verdicts came out how, the matrix, what holds over all models, and what could not be measured."""
    if not verdicts:
        return []
    said = [line for line in (verdict_summary(verdicts), over_models(verdicts)) if line]
    missing = [[line] for line in not_measurable(verdicts)]
    return [
        table(["verdicts"], [[line] for line in said]),
        table(*verdict_rows(verdicts)),
        *([table(["not measured"], missing)] if missing else []),
    ]


def ranking_table(ranking: Sequence[Sequence[str]], estimates: Sequence[Estimate]) -> Components:
    """Models by bandwidth, the widest first; equal places are not told apart. Nothing where none was judged."""
    wide = bandwidths(estimates)
    found = [
        (place, model, wide[model][CONCEPT])
        for place, group in enumerate(ranking, start=1)
        for model in group
        if CONCEPT in wide.get(model, {})
    ]
    rows = [[str(place), model, interval(one), null(one), str(one.n)] for place, model, one in found]
    headers = ["place", "model", "bandwidth [95% interval]", "null", "n"]
    return [heading("Models by bandwidth"), table(headers, rows)] if rows else []


def failed_gates(gates: Sequence[Gate]) -> Components:
    """The quality gates that these texts failed; nothing where all passed."""
    rows = [
        [describe(one.estimate.name), interval(one.estimate), str(one.estimate.n), one.threshold, one.detail]
        for one in gates
        if one.passed is False
    ]
    headers = ["gate", "value [95% interval]", "n", "threshold", "detail"]
    return [heading("Quality gates that failed"), table(headers, rows)] if rows else []
