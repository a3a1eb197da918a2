"""Tables of what was read: sentences first, then the excess over text, foils, and the earlier study's numbers."""

from collections.abc import Sequence

from empathy_core.cards.keys import parse_key
from empathy_core.cards.reading import TaskReading, foil_outcome, outcome
from empathy_core.cards.tables import ABSENT, Rows, interval, null
from empathy_core.cards.words import describe
from empathy_core.contracts import Estimate
from empathy_core.probes.replication import WHY_IT_MISLEADS

READING_HEADERS = ("task", "what this shows", "on foils", "probe, AUROC", "best text baseline, AUROC", "n")


def reading_rows(found: Sequence[TaskReading]) -> Rows:
    """One sentence a task beside the two numbers that it compares, under `model` and `READING_HEADERS`."""
    return [
        [
            one.model,
            one.task,
            outcome(one),
            foil_outcome(one) or ABSENT,
            f"{interval(one.main.probe)}, null {null(one.main.probe)}",
            f"{interval(one.main.text)}, {one.main.text_kind}",
            str(one.main.probe.n),
        ]
        for one in found
    ]


EXCESS_HEADERS = ("task", "probe minus the best text baseline", "on foils", "n", "n of foils")


def excess_rows(found: Sequence[TaskReading]) -> Rows:
    """The excess over text of every task, on main texts and on foils, under `model` and `EXCESS_HEADERS`."""
    return [
        [
            one.model,
            one.task,
            interval(one.main.excess),
            interval(one.foils.excess) if one.foils else ABSENT,
            str(one.main.excess.n),
            str(one.foils.excess.n) if one.foils else ABSENT,
        ]
        for one in found
    ]


FOIL_HEADERS = ("task", "what it follows", "probe on foils, AUROC", "best text baseline on foils, AUROC", "n")


def foil_rows(found: Sequence[TaskReading]) -> Rows:
    """What the probe follows where words mislead, for tasks with foils, under `model` and `FOIL_HEADERS`."""
    return [
        [
            one.model,
            one.task,
            foil_outcome(one) or ABSENT,
            f"{interval(one.foils.probe)}, null {null(one.foils.probe)}",
            f"{interval(one.foils.text)}, {one.foils.text_kind}",
            str(one.foils.probe.n),
        ]
        for one in found
        if one.foils
    ]


REPLICATION_HEADERS = ("the earlier study's number", "value [95% interval]", "null", "n", "why it misleads")


def replication_rows(estimates: Sequence[Estimate]) -> Rows:
    """The earlier study's numbers, each with its null and why it misleads, under `model` and `REPLICATION_HEADERS`."""
    return [
        [
            parse_key(one.name).model,
            describe(one.name),
            interval(one),
            null(one),
            str(one.n),
            WHY_IT_MISLEADS[parse_key(one.name).what[0]],
        ]
        for one in estimates
    ]
