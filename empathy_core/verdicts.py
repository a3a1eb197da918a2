"""Criteria fixed before a run, and what the estimates of a run say about each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from empathy_core.contracts import Estimate, ModelSpec, Outcome, TextSet, Verdict

SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class Criterion:
    """One question with the rule that answers it."""

    name: str
    question: str
    rule: str
    needs: Callable[[Sequence[str]], tuple[str, ...]]
    """From the main styles to the names of the estimates that decide."""
    holds: Callable[[Sequence[Estimate]], bool]
    planted: Mapping[str, Outcome]
    """The outcome that an organism's construction demands."""


def reading_task(styles: Sequence[str]) -> str:
    """The read-out that decides: all main styles at once, or the only pair."""
    return f"{styles[0]}-{styles[1]}" if len(styles) == 2 else "three-way" if len(styles) == 3 else "all-styles"


def _planted(persistent: bool, graded: bool, scrambled: bool, untrained: bool) -> dict[str, Outcome]:
    truth = {"persistent": persistent, "graded": graded, "scrambled": scrambled, "untrained": untrained}
    return {name: "supported" if holds else "not supported" for name, holds in truth.items()}


CRITERIA = (
    Criterion(
        "separation",
        "Can the styles be read off the residual stream?",
        # p permutes labels within scenarios and cannot know that a handful of lexical families are few units: two
        # vocabularies resemble each other a little by chance. The nested AUROC must therefore clear the null as well.
        f"family-wise p over residual points ≤ {SIGNIFICANCE:g}, and interval of the nested AUROC above its null",
        lambda styles: (f"read/{reading_task(styles)}/max/p", f"read/{reading_task(styles)}/nested/auroc"),
        lambda found: found[0].value <= SIGNIFICANCE and found[1].low > (found[1].null or 0.5),
        _planted(True, True, False, False),
    ),
    Criterion(
        "excess over text",
        "Does the probe know more than a bag of words on the same folds?",
        "interval of probe AUROC minus TF-IDF AUROC above 0",
        lambda styles: (f"read/{reading_task(styles)}/excess",),
        lambda found: found[0].low > 0,
        _planted(True, True, False, False),
    ),
    Criterion(
        "steerability",
        "Does adding each style's direction produce that style while replies stay coherent?",
        "interval of the steering range above 0 for every main style",
        lambda styles: tuple(f"write/{style}/range" for style in styles),
        lambda found: all(estimate.low > 0 for estimate in found),
        _planted(True, True, False, False),
    ),
    Criterion(
        "ablation necessity",
        "Does projecting the style directions out stop replies from keeping their style?",
        "persistence under style ablation below that under random ablation, intervals apart",
        lambda styles: ("ablate/style/persistence", "ablate/random/persistence"),
        lambda found: found[0].high < found[1].low,
        _planted(True, True, False, False),
    ),
    Criterion(
        "register steerable",
        "Control: can register be steered, by the same procedure?",
        "interval of the steering range above 0",
        lambda styles: ("write/casual/range",),
        lambda found: found[0].low > 0,
        _planted(True, True, True, False),
    ),
    Criterion(
        "bandwidth above null",
        "Is dimension × range larger than permuted labels give?",
        "interval above the 95 % bound of the null",
        lambda styles: ("bandwidth/empathy",),
        lambda found: found[0].low > (found[0].null or 0.0),
        _planted(True, True, False, False),
    ),
)


def judge_models(
    estimates: Sequence[Estimate], texts: TextSet, models: Sequence[ModelSpec], missing: str
) -> tuple[Verdict, ...]:
    """One verdict per model and criterion; `missing` says why an estimate is absent, and the verdict is not measurable.

    Organisms on the grammar's texts carry the outcome that was planted.
    """
    return tuple(
        _decide(criterion, f"{texts.name}/{model.name}", model, texts, estimates, missing)
        for model in models
        for criterion in CRITERIA
    )


def _decide(
    criterion: Criterion, prefix: str, model: ModelSpec, texts: TextSet, estimates: Sequence[Estimate], missing: str
) -> Verdict:
    found = {estimate.name: estimate for estimate in estimates}
    evidence = tuple(f"{prefix}/{name}" for name in criterion.needs(texts.main_styles))
    truth_known = texts.kind == model.kind == "organism"
    expected = criterion.planted.get(model.name) if truth_known else None
    if not all(name in found for name in evidence):
        return Verdict(criterion.name, model.name, "not measurable", missing, evidence, expected)
    outcome = "supported" if criterion.holds([found[name] for name in evidence]) else "not supported"
    return Verdict(criterion.name, model.name, outcome, criterion.rule, evidence, expected)
