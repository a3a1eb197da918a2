"""Estimates and verdicts as rows of plain strings: the only place that rounds a number."""

import math
from collections.abc import Iterable, Sequence

from empathy_core.cards.keys import parse_key
from empathy_core.cards.words import describe, reading_order
from empathy_core.contracts import ActivationSet, Estimate, Plan, SteeringPlan, TextSet, Verdict
from empathy_core.models.bill import SECONDS_AN_HOUR, bill
from empathy_core.verdicts import OVER_MODELS

Rows = list[list[str]]

ABSENT = "–"
"""Stands where a table has no number."""

GATE_OUTCOMES = {True: "passed", False: "FAILED", None: "reported only"}


def decimals(low: float, high: float) -> int:
    """How many decimals a number deserves: two significant digits of its interval's width, at most four.

    An interval of no width (a share of 0 or 1) gets two.
    """
    return min(4, max(0, 1 - math.floor(math.log10(high - low)))) if high > low else 2


def number(value: float, places: int) -> str:
    """One number as text, with a true minus sign and no negative zero."""
    text = f"{round(value, places) + 0.0:.{places}f}"
    return text.replace("-", "−")


def exact(value: float) -> str:
    """One number with ten digits, for numbers that are compared for equality."""
    return f"{value:.10g}".replace("-", "−")


def interval(estimate: Estimate) -> str:
    """`value [low, high]`, rounded to what the interval's width supports."""
    places = decimals(estimate.low, estimate.high)
    low, value, high = (number(x, places) for x in (estimate.low, estimate.value, estimate.high))
    return f"{value} [{low}, {high}]"


def null(estimate: Estimate) -> str:
    """The null, rounded like the number it stands beside."""
    return ABSENT if estimate.null is None else number(estimate.null, decimals(estimate.low, estimate.high))


def joined(parts: Sequence[str]) -> str:
    """`a, b and c`."""
    *before, last = parts or ("",)
    return f"{', '.join(before)} and {last}" if before else last


NUMBER_HEADERS = ("model", "what", "value [95% interval]", "null", "n")


def number_rows(estimates: Sequence[Estimate]) -> Rows:
    """One row a number, under `NUMBER_HEADERS`."""
    return [
        [parse_key(one.name).model or ABSENT, describe(one.name), interval(one), null(one), str(one.n)]
        for one in estimates
    ]


def is_summary(estimate: Estimate) -> bool:
    """Whether a number stands in the summary tables: all but curves and matrices, which are drawn."""
    key = parse_key(estimate.name)
    if (key.stage, key.what[0]) == ("likelihood", "diagonal"):
        return True  # one number a strength, and no curve
    return all(key.named(name) is None for name in ("point", "alpha", "train", "push", "clusters"))


def models_of(estimates: Sequence[Estimate]) -> tuple[str, ...]:
    """The models that have numbers, in order of first appearance."""
    models = (parse_key(estimate.name).model for estimate in estimates)
    return tuple(dict.fromkeys(model for model in models if model))


def by_model(estimates: Sequence[Estimate], stage: str) -> dict[tuple[str, ...], dict[str, Estimate]]:
    """The summary numbers of one stage: what was measured (in reading order), then model, to its estimate."""
    table: dict[tuple[str, ...], dict[str, Estimate]] = {}
    for estimate in filter(is_summary, estimates):
        key = parse_key(estimate.name)
        if key.stage == stage:
            table.setdefault(key.what, {})[key.model] = estimate
    return dict(sorted(table.items(), key=lambda row: reading_order(row[0])))


def verdict_cell(verdict: Verdict) -> str:
    """A verdict in words, with what was planted beside it where the truth is known."""
    if verdict.expected is None:
        return verdict.outcome
    if verdict.expected == verdict.outcome:
        return f"{verdict.outcome} (as planted)"
    mismatch = "" if verdict.outcome == "not measurable" else "MISMATCH: "
    return f"{verdict.outcome} ({mismatch}planted {verdict.expected})"


def verdict_matrix(verdicts: Sequence[Verdict]) -> tuple[list[str], list[str], dict[tuple[str, str], Verdict]]:
    """Criteria, models (each in order of first appearance) and the verdict of each cell."""
    criteria = list(dict.fromkeys(verdict.criterion for verdict in verdicts))
    models = list(dict.fromkeys(verdict.model for verdict in verdicts))
    return criteria, models, {(verdict.criterion, verdict.model): verdict for verdict in verdicts}


def verdict_rows(verdicts: Sequence[Verdict]) -> tuple[list[str], Rows]:
    """Headers and rows of the verdict matrix, criterion by model."""
    criteria, models, cells = verdict_matrix(verdicts)
    rows = [
        [criterion, *(verdict_cell(cells[criterion, m]) if (criterion, m) in cells else ABSENT for m in models)]
        for criterion in criteria
    ]
    return ["criterion", *models], rows


def verdict_summary(verdicts: Sequence[Verdict]) -> str:
    """One sentence: how many verdicts on single models came out as planted, or how many are supported."""
    verdicts = [verdict for verdict in verdicts if verdict.model not in OVER_MODELS.values()]
    planted = [verdict for verdict in verdicts if verdict.expected is not None]
    if planted:
        known = [verdict for verdict in planted if verdict.outcome != "not measurable"]
        agreeing = sum(verdict.outcome == verdict.expected for verdict in known)
        unknown = f" {len(planted) - len(known)} more could not be measured." if len(known) < len(planted) else ""
        return f"{agreeing} of {len(known)} verdicts came out as planted.{unknown}"
    counts = (f"{sum(v.outcome == o for v in verdicts)} {o}" for o in ("supported", "not supported", "not measurable"))
    return f"Of {len(verdicts)} verdicts: {', '.join(counts)}."


def text_set_rows(texts: TextSet) -> Rows:
    """What a data set holds: its size, scenarios, contexts, styles, registers, kind and content hash."""
    counted = {"contexts": "context", "lexical families": "family", "registers": "register", "roles": "role"}
    styles = texts.column("style").tolist()
    return [
        ["name", texts.name],
        ["kind", texts.kind],
        ["texts", str(len(texts))],
        ["scenarios", str(len(set(texts.column("scenario_id"))))],
        *([label, str(len(set(texts.column(field).tolist()) - {""}))] for label, field in counted.items()),
        *([f"texts of style {style}", str(styles.count(style))] for style in dict.fromkeys(styles)),
        ["content hash", texts.content_hash],
    ]


PLAN_HEADERS = ("model", "parameters", "memory", "tokens", "longest text", "stored", "GPU time, estimated")


def plan_rows(plans: Iterable[Plan]) -> Rows:
    """What an extraction will take, one row a model, under `PLAN_HEADERS`."""
    return [
        [
            plan.model.name,
            f"{plan.parameters:,}",
            gibibytes(plan.memory_bytes),
            f"{plan.tokens:,}",
            f"{plan.longest} of {plan.context}",
            gibibytes(plan.store_bytes),
            duration(plan.gpu_seconds),
        ]
        for plan in plans
    ]


def plan_lines(plans: Sequence[Plan], price: float) -> list[str]:
    """The same as lines of text, with what all models take together at a price per GPU hour, 0 if not known."""
    stored = f"stored in all {gibibytes(sum(plan.store_bytes for plan in plans))}"
    return [
        *_lines(PLAN_HEADERS, plan_rows(plans)),
        f"{stored}; {_billed([plan.gpu_seconds for plan in plans], price)}",
    ]


STEERING_HEADERS = ("model", "replies to generate", "new tokens, at most", "GPU time, estimated")


def steering_lines(plans: Sequence[SteeringPlan], price: float) -> list[str]:
    """What generation will take, a line a model, and all models together at a price per GPU hour, 0 if not known."""
    rows = [[plan.model, f"{plan.replies:,}", f"{plan.new_tokens:,}", duration(plan.gpu_seconds)] for plan in plans]
    return [*_lines(STEERING_HEADERS, rows), _billed([plan.gpu_seconds for plan in plans], price)]


def _lines(headers: Sequence[str], rows: Rows) -> list[str]:
    return ["; ".join(f"{name} {value}" for name, value in zip(headers, row, strict=True)) for row in rows]


def _billed(gpu_seconds: Sequence[float], price: float) -> str:
    total = bill(gpu_seconds, price)
    known = "give --price-per-gpu-hour for its cost"
    if total.money is not None:
        known = f"cost {number(total.money, 2)} at {number(total.price, 2)} a GPU hour"
    hours = duration(total.gpu_hours * SECONDS_AN_HOUR)
    return f"tasks with a GPU {total.tasks}; GPU time in all {hours}, starting machines not counted; {known}"


def extraction_lines(extracted: Iterable[ActivationSet]) -> list[str]:
    """What was extracted, a line a model."""
    return [
        f"{one.model.name}: {len(one.points)} points of {len(one.text_ids)} texts, parity {one.parity:.1e}, {one.key}"
        for one in extracted
    ]


def gibibytes(size: int) -> str:
    """A size as text; small ones in mebibytes."""
    return f"{number(size / 2**30, 1)} GiB" if size >= 2**30 else f"{number(size / 2**20, 1)} MiB"


def duration(seconds: float) -> str:
    """A time as text, in the unit that suits it."""
    for unit, size in (("h", SECONDS_AN_HOUR), ("min", 60)):
        if seconds >= size:
            return f"{number(seconds / size, 1)} {unit}"
    return f"{number(seconds, 1)} s"


def activation_rows(activations: ActivationSet) -> Rows:
    """What was extracted from a model, how fast, and where it lies."""
    return [
        ["model", activations.model.name],
        ["revision", activations.model.revision],
        ["residual points", ", ".join(map(str, activations.points))],
        ["pools", ", ".join(activations.pools)],
        ["width", str(activations.dim)],
        ["number type", activations.dtype],
        ["response tokens", str(sum(activations.response_tokens))],
        ["tokens per second", number(activations.tokens_per_second, 0)],
        ["parity with the library's hidden states", f"{activations.parity:.1e}"],
        *(["note", note] for note in activations.notes or ("none",)),
        ["data set hash", activations.dataset_hash],
        ["key", activations.key],
        ["folder", activations.folder],
    ]


def norm_rows(activations: ActivationSet) -> Rows:
    """The mean residual norm at each point: the unit of steering strength."""
    return [[str(p), number(x, 2)] for p, x in zip(activations.points, activations.residual_norms, strict=True)]
