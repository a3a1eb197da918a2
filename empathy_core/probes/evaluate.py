"""Read-outs as estimates: every AUROC beside its interval, its null and what the surface of the texts gives away."""

import numpy as np
from jaxtyping import Int

from empathy_core.contracts import Estimate
from empathy_core.probes.held_out import auroc_with_interval, difference_with_interval, forced_choice_with_interval
from empathy_core.probes.read_out import HeldOut, ReadOut
from empathy_core.stats import (
    binomial_interval,
    bootstrap_mean,
    cluster_bootstrap_d_prime,
    d_prime,
    max_statistic_p,
    percentile_interval,
)


def estimates(prefix: str, read_out: ReadOut) -> tuple[Estimate, ...]:
    """Everything that is reported of one read-out, named `{prefix}/read/{task}/…`.

    The same four figures stand for the main texts and, under `foils/`, for texts in another style's words: whoever
    goes by the words scores below one half there.
    """
    stem = f"{prefix}/read/{read_out.task}"
    found = [*_transfer(stem, read_out.main, read_out)]
    if read_out.foils is not None:
        found += _transfer(f"{stem}/foils", read_out.foils, read_out)
    if read_out.varies_within_scenarios:
        found.append(forced_choice(stem, read_out))
    found += [family_wise_p(stem, read_out), nested_d_prime(stem, read_out), nested_accuracy(stem, read_out)]
    return tuple(found)


def _transfer(stem: str, held_out: HeldOut, read_out: ReadOut) -> tuple[Estimate, ...]:
    return (
        *point_aurocs(stem, held_out, read_out.points),
        nested_auroc(stem, held_out, read_out.chosen),
        *text_aurocs(stem, held_out),
        excess(stem, held_out, read_out.chosen),
    )


def point_aurocs(stem: str, held_out: HeldOut, points: tuple[int, ...]) -> tuple[Estimate, ...]:
    """Fold-averaged AUROC of the exact logistic probe at every point (macro one-vs-rest for more than two classes).

    Interval: bootstrap over scenarios. Null: 95 % bound of the largest AUROC over points under permuted labels, drawn
    with the matched ridge probe, which ranks texts nearly as the logistic one does at a fraction of the cost.
    """
    return tuple(
        Estimate(
            f"{stem}/point={point}/auroc",
            *auroc_with_interval(held_out.tested, scores),
            held_out.tested.n,
            held_out.null_bound,
            method="probes.evaluate.point_aurocs",
        )
        for point, scores in zip(points, held_out.scores, strict=True)
    )


def nested_auroc(stem: str, held_out: HeldOut, chosen: Int[np.ndarray, " fold"]) -> Estimate:
    """AUROC with each fold read at the point that its own training rows chose, so that choosing is paid for.

    The null is that of `point_aurocs`: conservative, since the chosen point cannot beat the best one.
    """
    return Estimate(
        f"{stem}/nested/auroc",
        *auroc_with_interval(held_out.tested, held_out.at(chosen)),
        held_out.tested.n,
        held_out.null_bound,
        method="probes.evaluate.nested_auroc",
    )


def text_aurocs(stem: str, held_out: HeldOut) -> tuple[Estimate, ...]:
    """AUROC of classifiers that see nothing but the surface of the response, on the same folds; the null is chance."""
    return tuple(
        Estimate(
            f"{stem}/text/{kind}/auroc",
            *auroc_with_interval(held_out.tested, scores),
            held_out.tested.n,
            0.5,
            method="probes.evaluate.text_aurocs",
        )
        for kind, scores in held_out.text_scores.items()
    )


def excess(stem: str, held_out: HeldOut, chosen: Int[np.ndarray, " fold"]) -> Estimate:
    """AUROC of the nested probe minus that of the best text baseline, resampled on the same scenarios."""
    return Estimate(
        f"{stem}/excess",
        *difference_with_interval(held_out.tested, held_out.at(chosen), list(held_out.text_scores.values())),
        held_out.tested.n,
        0.0,
        method="probes.evaluate.excess",
    )


def family_wise_p(stem: str, read_out: ReadOut) -> Estimate:
    """p of the best point against the best point under permuted labels; observed and null from the same ridge probe.

    The interval is the Monte-Carlo error of a finite number of permutations. Labels are permuted over scenarios: when
    probes are tested on an unseen lexical family, a chance likeness between the words of two families is not in this
    null, and with few families it can make p small.
    """
    main = read_out.main
    best = main.null.max(axis=1)
    return Estimate(
        f"{stem}/max/p",
        max_statistic_p(main.observed, main.null),
        *binomial_interval(int((best >= main.observed.max()).sum()), len(best)),
        main.tested.n,
        None,
        method="probes.evaluate.family_wise_p",
    )


def nested_d_prime(stem: str, read_out: ReadOut) -> Estimate:
    """Held-out d' at the nested point, from decision values pooled over folds (mean of one-vs-rest for many classes).

    Decision values are log-odds, so folds share a scale; what shifts between folds remains and lowers d'.
    """
    tested = read_out.main.tested
    columns = list(zip(read_out.nested.T, tested.binary_labels.T, strict=True))
    draws = [
        cluster_bootstrap_d_prime(scores, labels, tested.scenarios, tested.draws, np.random.default_rng(tested.seed))
        for scores, labels in columns
    ]
    return Estimate(
        f"{stem}/nested/d_prime",
        float(np.mean([d_prime(scores, labels) for scores, labels in columns])),
        *percentile_interval(np.mean(draws, axis=0)),
        tested.n,
        0.0,
        method="probes.evaluate.nested_d_prime",
    )


def nested_accuracy(stem: str, read_out: ReadOut) -> Estimate:
    """Share of held-out texts classified right at the nested point; the null is the share of the largest class."""
    tested, scores = read_out.main.tested, read_out.nested
    predicted = scores.argmax(axis=1) if scores.shape[1] > 1 else (scores[:, 0] > 0).astype(int)
    right = (predicted == tested.labels).astype(float)
    draws = bootstrap_mean(right, tested.scenarios, tested.draws, np.random.default_rng(tested.seed))
    return Estimate(
        f"{stem}/nested/accuracy",
        float(right.mean()),
        *percentile_interval(draws),
        tested.n,
        float(np.bincount(tested.labels).max() / len(right)),
        method="probes.evaluate.nested_accuracy",
    )


def forced_choice(stem: str, read_out: ReadOut) -> Estimate:
    """Share of pairs of one scenario's replies that the nested probe ranks right; the null is chance."""
    return Estimate(
        f"{stem}/nested/forced-choice",
        *forced_choice_with_interval(read_out.main.tested, read_out.nested),
        read_out.main.tested.n,
        0.5,
        method="probes.evaluate.forced_choice",
    )
