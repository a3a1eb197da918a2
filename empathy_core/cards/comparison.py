"""What changed between two runs: what they were given, what was decided, and which numbers differ beyond noise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from empathy_core.cards.changes import LEVEL, Change, Changes, changes, has_interval
from empathy_core.cards.document import document
from empathy_core.cards.keys import parse_key
from empathy_core.cards.markup import Html, element, table
from empathy_core.cards.numbers import texts_of
from empathy_core.cards.tables import ABSENT, GATE_OUTCOMES, Rows, decimals, exact, interval, number
from empathy_core.cards.terminal import line
from empathy_core.cards.words import describe
from empathy_core.contracts import Estimate
from empathy_core.results import RunResults

TITLE = "What changed between two runs"
HOW = (
    "Welch's t test: the longer arm of a number's 95% interval is taken as 1.96 standard errors, n - 1 as its degrees "
    "of freedom, and the two runs as independent. p is two-sided and adjusted for all numbers that have intervals in "
    f"both runs (Holm), so that the chance of calling any number changed where none is stays near {LEVEL:g} or below. "
    "An interval that is cut or skewed counts as its longer side, and runs on the same texts share their scenarios, "
    "whose accidents cancel in the true difference: both err towards no change. Intervals hold how a number varies "
    "over scenarios, prompts or random directions; another seed of the probes or another machine is not in them. A p "
    "value, and a number whose interval has no width (a count, a share of 0), is compared for equality alone."
)
SHOWN_LINES = 5
"""Lines on a terminal for each part of a comparison, after its heading."""
FOLDED_ROWS = 50
"""A longer table is folded away until a reader opens it."""


@dataclass(frozen=True)
class Difference:
    """Something that is not a number, in two runs."""

    what: str
    before: str
    """A dash where only the other run has it."""
    after: str


@dataclass(frozen=True)
class Comparison:
    """Two runs, and everything in which they differ."""

    before: str
    """Pathspec."""
    after: str
    given: tuple[Difference, ...]
    """Texts, criteria, revisions of models, versions of packages, settings, and the runs that were read."""
    outcomes: tuple[Difference, ...]
    """Verdicts and quality gates."""
    numbers: Changes


@dataclass(frozen=True)
class _Part:
    title: str
    headers: tuple[str, ...]
    rows: Rows


def compare(before: RunResults, after: RunResults) -> Comparison:
    """Hold two runs against each other, with everything upstream of them.

    Raises `BadInput` where a run has two numbers of one name, or one that is not finite.
    """
    return Comparison(
        before.pathspec,
        after.pathspec,
        _differing(_given(before), _given(after)),
        _differing(_outcomes(before), _outcomes(after)),
        changes(_numbers(before), _numbers(after)),
    )


def summary(found: Changes) -> str:
    """The numbers in sentences: how many are equal, and how many changed beyond noise."""
    if not found.shared:
        return "The two runs share no number."
    measured, beyond = len(found.measured), len(found.beyond_noise)
    shared = f"{found.shared:,} numbers stand in both runs, {found.equal:,} of them equal to the last digit."
    if not measured:
        return f"{shared} None has an interval in both."
    if not beyond:
        verdict = (
            f"Nothing changed beyond noise: of {measured:,} with intervals, none has an adjusted p below {LEVEL:g}."
        )
    else:
        verdict = f"Of {measured:,} with intervals, {beyond:,} changed beyond noise: adjusted p below {LEVEL:g}."
    small = sum(change.p < LEVEL for change in found.measured)
    alone = f"Before adjustment p is below it for {small:,}; noise alone gives at most about {LEVEL * measured:,.0f}."
    return f"{shared} {verdict} {alone}"


def comparison_lines(comparison: Comparison) -> list[str]:
    """The comparison for a terminal: at most a heading and `SHOWN_LINES` lines for each part, the rest counted."""
    lines = [line(["Before", comparison.before]), line(["After", comparison.after]), summary(comparison.numbers)]
    for part in _parts(comparison):
        lines.append(f"{part.title}: {line(part.headers)}")
        shown = part.rows if len(part.rows) <= SHOWN_LINES else part.rows[: SHOWN_LINES - 1]
        lines += [f"  {line(row)}" for row in shown]
        if len(shown) < len(part.rows):
            lines.append(f"  and {len(part.rows) - len(shown):,} more")
    return lines


def comparison_page(comparison: Comparison) -> str:
    """The comparison as one HTML page that needs nothing but itself; all that came from outside stands in cells."""
    runs = _cells(("before", "after"), [[comparison.before, comparison.after]])
    header = element("header", element("h1", TITLE), element("p", summary(comparison.numbers), class_="lead"), runs)
    sections = [element("section", element("h2", part.title), _folded(part)) for part in _parts(comparison)]
    how = element("section", element("h2", "How numbers are compared"), element("p", HOW))
    return document(TITLE, header, [*sections, how])


def _given(run: RunResults) -> dict[str, str]:
    """What the run was given and what it was computed with, by name."""
    revisions = {f"revision of {name}": one.model.revision for name, one in (run.manifests or {}).items()}
    settings = {f"{flow}, {name}": str(value) for flow, given in run.settings.items() for name, value in given.items()}
    return {
        "name of the texts": run.texts.name,
        "hash of the texts": run.texts.content_hash,
        **({"hash of the criteria": run.criteria} if run.criteria else {}),
        **revisions,
        **{f"version of {package}": version for package, version in run.versions.items()},
        **settings,
        **run.runs,
    }


def _outcomes(run: RunResults) -> dict[str, str]:
    """Outcome of every verdict and of every gate."""
    verdicts = {f"{one.criterion}, {one.model}, {texts_of(one)}": one.outcome for one in run.verdicts}
    gates = {
        f"gate {gate.name}, {parse_key(gate.estimate.name).texts}": GATE_OUTCOMES[gate.passed] for gate in run.quality
    }
    return verdicts | gates


def _numbers(run: RunResults) -> tuple[Estimate, ...]:
    return (*run.numbers, *(gate.estimate for gate in run.quality))


def _differing(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Difference, ...]:
    return tuple(
        Difference(what, before.get(what, ABSENT), after.get(what, ABSENT))
        for what in dict.fromkeys([*before, *after])
        if before.get(what) != after.get(what)
    )


def _parts(comparison: Comparison) -> list[_Part]:
    """The tables of a comparison, in reading order, without those that would be empty."""
    found, both = comparison.numbers, ("before", "after")
    of_number = ("texts", "model", "number", *both)
    unmeasured = [[*_place(pair[0].name), *map(_digits, pair)] for pair in found.unmeasured]
    parts = [
        _Part(
            "Numbers that changed beyond noise", (*of_number, "difference, null 0", "n", "adjusted p"), _changed(found)
        ),
        _Part("Verdicts and gates that differ", ("what", *both), _rows(comparison.outcomes)),
        _Part("Differences in what the runs were given", ("what", *both), _rows(comparison.given)),
        _Part("Numbers that differ and have no interval in one of the runs", of_number, unmeasured),
        _Part("Numbers in the run before alone", of_number[:3], [_place(name) for name in found.only_before]),
        _Part("Numbers in the run after alone", of_number[:3], [_place(name) for name in found.only_after]),
    ]
    return [_Part(f"{part.title} ({len(part.rows):,})", part.headers, part.rows) for part in parts if part.rows]


def _rows(differences: Sequence[Difference]) -> Rows:
    return [[one.what, one.before, one.after] for one in differences]


def _changed(found: Changes) -> Rows:
    return [
        [
            *_place(one.before.name),
            interval(one.before),
            interval(one.after),
            _difference(one),
            ", ".join(dict.fromkeys((str(one.before.n), str(one.after.n)))),
            _probability(one.p_holm),
        ]
        for one in found.beyond_noise
    ]


def _place(name: str) -> list[str]:
    """Texts, model and, in words, what was measured."""
    key = parse_key(name)
    return [key.texts, key.model or ABSENT, describe(name)]


def _digits(estimate: Estimate) -> str:
    return interval(estimate) if has_interval(estimate) else exact(estimate.value)


def _difference(change: Change) -> str:
    places = decimals(change.low, change.high)
    low, value, high = (number(x, places) for x in (change.low, change.difference, change.high))
    return f"{value} [{low}, {high}]"


def _probability(p: float) -> str:
    return "< 0.0001" if p < 0.0001 else number(p, 4)


def _folded(part: _Part) -> Html:
    shown = _cells(part.headers, part.rows)
    if len(part.rows) <= FOLDED_ROWS:
        return shown
    return element("details", element("summary", f"{len(part.rows):,} rows"), shown)


def _cells(headers: Sequence[str], rows: Rows) -> Html:
    return table(headers, [[element("td", cell) for cell in row] for row in rows])
