"""Criteria fixed before a run, and what the estimates of a run say about each."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from empathy_core.contracts import BadInput, Estimate, ModelSpec, Outcome, TextSet, Verdict
from empathy_core.probes.tasks import reading_task
from empathy_core.steering.judges import NO_JUDGE

SIGNIFICANCE = 0.05

OVER_MODELS = {"measured": "all models", "organism": "all organisms"}
"""What stands in the place of a model's name in a verdict over all models of one kind."""


@dataclass(frozen=True)
class Criterion:
    """One question with the rule that answers it."""

    name: str
    question: str
    rule: str
    """What has to hold for the criterion to be supported."""
    otherwise: str
    """What it means for a model when the rule does not hold."""
    missing: str
    """Why it is not measurable where the estimates are absent."""
    needs: Callable[[tuple[str, ...], Collection[str]], tuple[str, ...]]
    """From the main styles and the names there are to the names of the estimates that decide."""
    holds: Callable[[Sequence[Estimate]], bool]
    planted: Mapping[str, Outcome]
    """The outcome that an organism's construction demands, where it demands one."""


def _planted(persistent: bool, graded: bool, scrambled: bool, untrained: bool) -> dict[str, Outcome]:
    truth = {"persistent": persistent, "graded": graded, "scrambled": scrambled, "untrained": untrained}
    return {name: "supported" if holds else "not supported" for name, holds in truth.items()}


def _read(*parts: str) -> Callable[[tuple[str, ...], Collection[str]], tuple[str, ...]]:
    """Estimates of the deciding task."""
    return lambda styles, there: tuple(f"read/{reading_task(styles)}/{part}" for part in parts)


def _controls(styles: tuple[str, ...], there: Collection[str]) -> tuple[str, ...]:
    """The nested probe, then every control of the deciding task that the set allows: length is always one."""
    erased = sorted(name for name in there if name.startswith("control/erase-") and name.count("/") == 3)
    held_out = sorted(name for name in there if name.startswith("control/held-out-"))
    controls = ("control/length-residualised/nested/auroc", *erased, *held_out)
    return (f"read/{reading_task(styles)}/nested/auroc", *controls)


def _emergence(styles: tuple[str, ...], there: Collection[str]) -> tuple[str, ...]:
    """What every later point has over point 0, and then what it has over text."""
    over_first = sorted(
        name for name in there if name.startswith("control/emergence/") and name.endswith("/over-first")
    )
    over_first = over_first or ["control/emergence/point=1/over-first"]
    return (*over_first, *(name.replace("/over-first", "/over-text") for name in over_first))


def _emerged(found: Sequence[Estimate]) -> bool:
    """Whether one point exceeds both."""
    half = len(found) // 2
    return any(first.low > 0 and text.low > 0 for first, text in zip(found[:half], found[half:], strict=True))


def _converges(found: Sequence[Estimate]) -> bool:
    """Best feature and cosine; the dense ceiling stands beside them for the reader, and decides nothing."""
    feature, cosine, _ = found
    return feature.low > (feature.null or 0.5) and cosine.value > (cosine.null or 0.0)


CRITERIA = (
    Criterion(
        "separation",
        "Can the styles be read off the residual stream?",
        # p permutes labels within scenarios and cannot know that a handful of lexical families are few units: two
        # vocabularies resemble each other a little by chance. The nested AUROC must therefore clear the null as well.
        f"family-wise p over residual points, adjusted over models, ≤ {SIGNIFICANCE:g}, and interval of the nested "
        "AUROC above its null",
        "not distinguishable from chance",
        "no probe was run",
        _read("max/p-holm", "nested/auroc"),
        lambda found: found[0].value <= SIGNIFICANCE and found[1].low > (found[1].null or 0.5),
        _planted(True, True, False, False),
    ),
    Criterion(
        "excess over text",
        "Does the probe know more than the surface of the texts gives away on the same folds?",
        "interval of probe AUROC minus that of the best text baseline above 0",
        "not distinguishable from text",
        "no probe was run",
        _read("excess"),
        lambda found: found[0].low > 0,
        _planted(True, True, False, False),
    ),
    Criterion(
        "foil transfer",
        "Where a reply wears another style's words, does the probe follow the stance?",
        "intervals on the foils above: AUROC above its null, and its excess over the best text baseline above 0",
        "does not follow the stance where words mislead",
        "the texts have no foils",
        _read("foils/nested/auroc", "foils/excess"),
        lambda found: found[0].low > (found[0].null or 0.5) and found[1].low > 0,
        {},
    ),
    Criterion(
        "control survival",
        "Is the style still read without length, register and emotion, and where the context or register is new?",
        "interval of every control's AUROC above the null of the probe itself",
        "explained by a control, or bound to what was taught",
        "no control was run",
        _controls,
        lambda found: all(one.low > (found[0].null or 0.5) for one in found[1:]),
        _planted(True, True, False, False),
    ),
    Criterion(
        "emergence",
        "Do the blocks add something to the words and to their embeddings?",
        "at some point the simultaneous intervals of AUROC minus text, and minus point 0, are both above 0",
        "no block adds to the words and their embeddings",
        "no control was run",
        _emergence,
        _emerged,
        # Where style is carried, training has already sorted the words of all families by style: point 0 reads it.
        {"scrambled": "not supported", "untrained": "not supported"},
    ),
    Criterion(
        "SAE convergence",
        "Has a dictionary that saw no label a feature of its own for the styles, which points where their means do?",
        # A single feature, not a sparse probe: several features that together read a style are what any basis has. The
        # cosine's null is the bound of a test already, and a resampled maximum is biased, so its value is compared.
        "interval of the best feature's held-out AUROC above its null, and largest cosine with the difference of means "
        "above what permuted labels give",
        "not found by this dictionary",
        "no dictionary was trained",
        lambda styles, there: ("sae/best-feature/auroc", "sae/cosine", "sae/dense/auroc"),
        _converges,
        # `graded` carries style, but nothing in its construction says that so few tokens must show it to a dictionary.
        {"persistent": "supported", "scrambled": "not supported", "untrained": "not supported"},
    ),
    Criterion(
        "steerability",
        "Does adding each style's direction produce that style while replies stay coherent?",
        "interval of the steering range above 0 for every main style",
        "not steerable while coherent",
        NO_JUDGE,
        lambda styles, there: tuple(f"write/{style}/range" for style in styles),
        lambda found: all(estimate.low > 0 for estimate in found),
        _planted(True, True, False, False),
    ),
    Criterion(
        "selectivity",
        "Does pushing one style raise that style rather than the others?",
        "interval of the mean diagonal minus the mean off-diagonal of the matrix of styles pushed and scored above 0",
        "pushes are not told apart by what they produce",
        NO_JUDGE,
        lambda styles, there: ("write/selectivity/diagonal",),
        lambda found: found[0].low > 0,
        _planted(True, True, False, False),
    ),
    Criterion(
        "ablation necessity",
        "Does projecting the style directions out stop replies from keeping their style?",
        "persistence under style ablation below that under random ablation, intervals apart",
        "not shown to be needed",
        NO_JUDGE,
        lambda styles, there: ("ablate/style/persistence", "ablate/random/persistence"),
        lambda found: found[0].high < found[1].low,
        _planted(True, True, False, False),
    ),
    Criterion(
        "register steerable",
        "Control: can register be steered, by the same procedure?",
        "interval of the steering range above 0",
        "not steerable while coherent",
        NO_JUDGE,
        lambda styles, there: ("write/casual/range",),
        lambda found: found[0].low > 0,
        # The point to steer at is chosen for the styles, where there are any: what register does there is not planted.
        {"scrambled": "supported", "untrained": "not supported"},
    ),
    Criterion(
        "bandwidth above null",
        "Is dimension × range larger than permuted labels give?",
        "interval above the 95 % bound of the null",
        "no bandwidth beyond permuted labels",
        NO_JUDGE,
        lambda styles, there: ("bandwidth/empathy",),
        lambda found: found[0].low > (found[0].null or 0.0),
        _planted(True, True, False, False),
    ),
)


def criteria_hash() -> str:
    """Sixteen hexadecimal digits of SHA-256 over this file: every rule, with what evaluates it."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]


def judge_models(
    estimates: Sequence[Estimate], texts: TextSet, models: Sequence[ModelSpec], fixed: str | None = None
) -> tuple[Verdict, ...]:
    """One verdict per model and criterion, not measurable where an estimate is absent; then one over all models.

    Organisms on the grammar's texts carry the outcome that was planted.

    Raises:
        BadInput: if `fixed`, the hash of the criteria when the run began, is not that of these criteria.
    """
    if fixed not in (None, criteria_hash()):
        raise BadInput(
            "Criteria are fixed before a run is measured.",
            got=f"{criteria_hash()} now, {fixed} when the run began",
            cause="verdicts.py was changed and the run resumed",
            fix="begin a run with `--replies ValidationFlow/ID`: it decides anew and generates nothing",
        )
    found = tuple(
        _decide(criterion, f"{texts.name}/{model.name}/", model, texts, estimates)
        for model in models
        for criterion in CRITERIA
    )
    return found + _over_models(found, models)


def _over_models(verdicts: Sequence[Verdict], models: Sequence[ModelSpec]) -> tuple[Verdict, ...]:
    """What holds in every model of one kind, where there are at least two: generalisation is no average."""
    found = []
    for kind, over in OVER_MODELS.items():
        names = [model.name for model in models if model.kind == kind]
        for criterion in CRITERIA if len(names) > 1 else ():
            own = [v for v in verdicts if v.criterion == criterion.name and v.model in names]
            held = [verdict.model for verdict in own if verdict.outcome == "supported"]
            reason = f"supported in {len(held)} of {len(own)}" + (f": {', '.join(held)}" if held else "")
            evidence = tuple(name for verdict in own for name in verdict.evidence)
            outcome, planted = _together(v.outcome for v in own), _together(v.expected for v in own)
            found.append(Verdict(criterion.name, over, outcome or "not measurable", reason, evidence, planted))
    return tuple(found)


def _together(outcomes: Iterable[Outcome | None]) -> Outcome | None:
    """One exception is enough; without one, nothing can be said as long as one is unknown."""
    there = set(outcomes)
    return next((one for one in ("not supported", None, "not measurable") if one in there), "supported")


def _decide(
    criterion: Criterion, prefix: str, model: ModelSpec, texts: TextSet, estimates: Sequence[Estimate]
) -> Verdict:
    own = {e.name.removeprefix(prefix): e for e in estimates if e.name.startswith(prefix)}
    names = criterion.needs(texts.main_styles, own)
    evidence = tuple(f"{prefix}{name}" for name in names)
    truth_known = texts.kind == model.kind == "organism"
    expected = criterion.planted.get(model.name) if truth_known else None
    if not all(name in own for name in names):
        return Verdict(criterion.name, model.name, "not measurable", criterion.missing, evidence, expected)
    if criterion.holds([own[name] for name in names]):
        return Verdict(criterion.name, model.name, "supported", criterion.rule, evidence, expected)
    reason = f"{criterion.otherwise}; the rule asks for: {criterion.rule}"
    return Verdict(criterion.name, model.name, "not supported", reason, evidence, expected)
