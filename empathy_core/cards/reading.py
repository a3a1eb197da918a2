"""What read-outs say in words: the one place where a probe's numbers become a sentence."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from empathy_core.cards.keys import Key, parse_key
from empathy_core.cards.words import called
from empathy_core.contracts import Estimate

CHANCE = 0.5

WHY_EXCESS = (
    "An AUROC of 1.00 is worth nothing by itself. If a classifier that sees only the text, and no model, reaches 1.00 "
    "on the same folds, then the probe may have done no more than find the words again inside the model: any network "
    "that keeps its input would allow that. A read-out shows something of the model only where it exceeds the best "
    "text baseline, or where it follows the stance in texts whose words mislead (foils)."
)


@dataclass(frozen=True)
class Comparison:
    """A probe and the best text baseline on the same texts."""

    probe: Estimate
    """At the point chosen on training folds."""
    text: Estimate
    excess: Estimate

    @property
    def text_kind(self) -> str:
        """Which text baseline is the best, in words."""
        key = parse_key(self.text.name)
        return called(key.stage, key.what[-2])


@dataclass(frozen=True)
class TaskReading:
    """The numbers that say whether a task can be read off one model."""

    model: str
    task: str
    main: Comparison
    foils: Comparison | None
    """On texts with one style's stance in another's words, where the set has them."""


def readings(estimates: Iterable[Estimate]) -> tuple[TaskReading, ...]:
    """What was read, model by model in order of first appearance, the deciding task first."""
    measured: dict[tuple[str, str], dict[tuple[str, ...], Estimate]] = {}
    for estimate in estimates:
        key = parse_key(estimate.name)
        if key.stage == "read":
            measured.setdefault((key.model, key.what[0]), {})[key.what[1:]] = estimate
    found = {
        at: TaskReading(*at, main, _comparison(of, "foils")) for at, of in measured.items() if (main := _comparison(of))
    }
    tasks = in_order([task for _, task in found])
    models = dict.fromkeys(model for model, _ in found)
    return tuple(found[model, task] for model in models for task in tasks if (model, task) in found)


def _comparison(measured: dict[tuple[str, ...], Estimate], *stem: str) -> Comparison | None:
    """The comparison whose names begin with `stem`, if it was measured."""
    probe, excess = measured.get((*stem, "nested", "auroc")), measured.get((*stem, "excess"))
    texts = [one for what, one in measured.items() if what[:-2] == (*stem, "text")]
    if probe is None or excess is None or not texts:
        return None
    return Comparison(probe, max(texts, key=lambda one: one.value), excess)


def on_foils(key: Key) -> bool:
    """Whether a number of a read-out was measured on foils."""
    return key.what[1:2] == ("foils",)


def rank(task: str) -> int:
    """The place of a kind of task: all styles at once, pairs, one against the rest, register, control texts."""
    if task in ("three-way", "all-styles"):
        return 0
    if task == "register":
        return 3
    return 4 if task.startswith("main-") else 2 if task.endswith("-rest") else 1


def in_order(tasks: Iterable[str]) -> tuple[str, ...]:
    """Tasks in reading order; those of one kind stay in the order given."""
    return tuple(sorted(dict.fromkeys(tasks), key=rank))


def clears_null(estimate: Estimate) -> bool:
    """Whether the whole interval of an AUROC lies above chance and above its null."""
    return estimate.low > max(CHANCE, estimate.null or CHANCE)


def classes(task: str) -> str:
    """What a task tells apart."""
    return "registers" if task == "register" else "kinds of text" if task.startswith("main-") else "styles"


def outcome(reading: TaskReading) -> str:
    """In one sentence, whether the probe shows more than the text gives away."""
    probe, text, excess = reading.main.probe, reading.main.text, reading.main.excess
    if not clears_null(probe):
        return f"The {classes(reading.task)} cannot be read: the probe does not clear its null."
    if excess.low > 0:
        return "Reads more than the text gives away."
    if excess.high < 0:
        return "Reads less than the text gives away without any model."
    if clears_null(text):
        return "Not distinguishable from text, which reads as much without any model."
    return "Can be read, but whether beyond the text is undecided."


def foil_outcome(reading: TaskReading) -> str | None:
    """In one sentence, what the probe follows on foils; None where the set has none."""
    if reading.foils is None:
        return None
    if reading.foils.probe.high < CHANCE:
        return "Follows the words, not the stance."
    if not clears_null(reading.foils.probe):
        return "Undecided."
    if reading.foils.excess.low > 0:
        return "Follows the stance where words mislead."
    return "Undecided: above chance, but not clearly above what text alone reaches there."


def deciding(found: Sequence[TaskReading]) -> str | None:
    """The task that decides about a set of texts: all styles at once, or else the pair of its only two styles.

    Names alone do not tell that pair from one of other texts; it is the pair with foils, or else the first given.
    """
    tasks = sorted(found, key=lambda one: (rank(one.task), one.foils is None))
    return tasks[0].task if tasks else None
