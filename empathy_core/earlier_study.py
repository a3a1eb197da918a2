"""The earlier study's success criteria as it stated them, and how they are to be read. No verdict rests on them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from empathy_core.contracts import Estimate, ModelSpec, TextSet

COSINE_BOUND = 0.5
"""Of the earlier study, for the cosine of two probes and for that of a cluster and a probe alike."""

Met = Literal["met", "not met", "not computed", "no measure stated"]


@dataclass(frozen=True)
class EarlierCriterion:
    """One of its criteria over all models of one kind."""

    stated: str
    outcome: Met
    """Whether the numbers of this run meet it as stated, on the values alone."""
    reading: str
    """What meeting it shows, and which criterion asks the question with a null."""
    evidence: tuple[str, ...]
    """Names of the estimates it was held against."""


@dataclass(frozen=True)
class _Stated:
    sentence: Callable[[Sequence[str]], str]
    needs: Callable[[Sequence[str]], tuple[str, ...]]
    """From the main styles to the names of the estimates that it is about."""
    met: Callable[[Sequence[Sequence[Estimate]]], bool] | None
    """From the estimates of every model; None where no measure was stated."""
    reading: Callable[[Sequence[Sequence[Estimate]]], str]


def _in_most(holds: Callable[[Sequence[Estimate]], bool]) -> Callable[[Sequence[Sequence[Estimate]]], bool]:
    return lambda models: 2 * sum(map(holds, models)) > len(models)


def _mean_cosine(models: Sequence[Sequence[Estimate]]) -> float:
    return sum(found[0].value for found in models) / len(models)


def _cosine_reading(models: Sequence[Sequence[Estimate]]) -> str:
    same = sum((found[0].null or 0.0) < COSINE_BOUND for found in models)
    return (
        f"Probes of permuted labels meet it as well, in {same} of {len(models)} models: the weights of one-vs-rest "
        "probes nearly cancel, whatever the labels. Whether styles are separate in use is asked by selectivity."
    )


def _clusters_reading(models: Sequence[Sequence[Estimate]]) -> str:
    same = sum((found[0].null or 0.0) > COSINE_BOUND for found in models)
    return (
        "The largest cosine over a whole dictionary is large for any direction. With permuted labels its 95% bound is "
        f"above {COSINE_BOUND:g} in {same} of {len(models)} models. SAE convergence asks for more than that bound, and "
        "for features that tell the styles apart on held-out scenarios."
    )


STATED = (
    _Stated(
        lambda styles: f"cos({styles[0]}, {styles[1]}) < {COSINE_BOUND:g} in most models",
        lambda styles: (f"replication/cosine/{styles[0]}-{styles[1]}",),
        _in_most(lambda found: found[0].value < COSINE_BOUND),
        _cosine_reading,
    ),
    _Stated(
        lambda styles: f"SAE clusters align with probes, mean cosine > {COSINE_BOUND:g}",
        lambda styles: ("sae/cosine",),
        lambda models: _mean_cosine(models) > COSINE_BOUND,
        _clusters_reading,
    ),
    _Stated(
        lambda styles: "controls show different structure",
        lambda styles: ("bandwidth/empathy", "bandwidth/register"),
        None,
        lambda models: (
            "No measure was stated, so nothing could have failed it. Control survival asks whether the styles "
            "are read without what the controls take away; the bandwidth of register, measured as that of the styles "
            "is, stands beside theirs."
        ),
    ),
    _Stated(
        lambda styles: "ablation degrades empathy",
        lambda styles: ("ablate/style/persistence", "ablate/none/persistence"),
        _in_most(lambda found: found[0].value < found[1].value),
        lambda models: (
            "Taking any subspace away can degrade replies. Ablation necessity compares with a random subspace of equal "
            "rank, and what counts is generated text: moving activations and asking the probe that made the direction "
            "is no test of a model."
        ),
    ),
)


def earlier_criteria(
    estimates: Sequence[Estimate], texts: TextSet, models: Sequence[ModelSpec]
) -> tuple[EarlierCriterion, ...]:
    """All four for the measured models, and again for organisms, which are never counted among them."""
    known = {estimate.name: estimate for estimate in estimates}
    by_kind = groupby(sorted(models, key=lambda model: model.kind), key=lambda model: model.kind)
    return tuple(
        _hold(stated, texts, names, known)
        for names in ([model.name for model in group] for _, group in by_kind)
        for stated in STATED
    )


def _hold(stated: _Stated, texts: TextSet, models: Sequence[str], known: Mapping[str, Estimate]) -> EarlierCriterion:
    needed = [[f"{texts.name}/{model}/{name}" for name in stated.needs(texts.main_styles)] for model in models]
    sentence, evidence = stated.sentence(texts.main_styles), tuple(name for names in needed for name in names)
    if not all(name in known for name in evidence):
        return EarlierCriterion(sentence, "not computed", "The run did not measure what it speaks about.", evidence)
    found = [[known[name] for name in names] for names in needed]
    met = "no measure stated" if stated.met is None else "met" if stated.met(found) else "not met"
    return EarlierCriterion(sentence, met, stated.reading(found), evidence)
