"""What a dictionary's latents read of the deciding task, as estimates, and how well it fits the held-out tokens.

Several dictionaries (one a seed) give one estimate: its value is the mean over them, its interval holds 95 % of their
resamplings of scenarios taken together, so that a seed which failed widens it, and its null is the 95 % bound of the
same mean under permuted labels, with one permutation used for all of them.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from empathy_core.contracts import Estimate
from empathy_core.probes.cross_validation import check_finite, read_task
from empathy_core.probes.held_out import auroc_draws, auroc_with_interval, mean_auroc
from empathy_core.probes.kernel import standardised_gram
from empathy_core.probes.read_out import scaling_rows
from empathy_core.saes.codes import DictionaryCodes
from empathy_core.saes.features import Choose, at_random, held_out_probe, strongest
from empathy_core.saes.plan import TEST, Question
from empathy_core.stats import bootstrap_mean, percentile_interval

SPARSE = (2, 5, 16)
"""Numbers of latents in a probe; one latent is the best single feature."""


def feature_estimates(stem: str, dictionaries: Sequence[DictionaryCodes], question: Question) -> tuple[Estimate, ...]:
    """The best single feature, sparse probes, and 16 random latents; `stem` is `{texts}/{model}/sae`."""
    dense = [one.dense for one in dictionaries]
    rng = np.random.default_rng(question.settings.seed)
    random = [at_random(SPARSE[-1], rng) for _ in range(question.settings.random_sets)]
    return (
        probe_auroc(f"{stem}/best-feature/auroc", dense, question, [strongest(1)]),
        *(probe_auroc(f"{stem}/k={k}/auroc", dense, question, [strongest(k)]) for k in SPARSE),
        probe_auroc(f"{stem}/random-k={SPARSE[-1]}/auroc", dense, question, random),
    )


def probe_auroc(
    name: str, codes: Sequence[Float[np.ndarray, "text _"]], question: Question, choices: Sequence[Choose]
) -> Estimate:
    """Held-out AUROC of probes on a few latents, averaged over dictionaries and over ways of choosing the latents.

    Latents are chosen and probes fitted on training scenarios, under the true labels and again under every permutation.
    """
    plan, tested = question.plan, question.tested
    found = [
        held_out_probe(one, plan.columns, plan.folds, tested.n_classes, choose) for one in codes for choose in choices
    ]
    values = np.mean([of_columns for _, of_columns in found], axis=0)
    draws = np.concatenate([auroc_draws(tested, scores[tested.rows]) for scores, _ in found])
    return Estimate(
        name,
        float(np.mean([mean_auroc(tested, scores[tested.rows]) for scores, _ in found])),
        *percentile_interval(draws),
        tested.n,
        float(np.quantile(values[1:], 0.95)),
        method="saes.evaluate.probe_auroc",
    )


def dense_auroc(stem: str, features: Float[np.ndarray, "text dim"], point: int, question: Question) -> Estimate:
    """The ceiling: the exact logistic probe on the raw residual, on the same training and test rows.

    Null: 95 % bound under the same permutations, with the matched ridge probe.
    """
    check_finite(features, point, question.texts)
    grams = [standardised_gram(features, rows) for rows in scaling_rows(question.texts, question.plan.folds)]
    reading = read_task(grams, question.plan, question.settings.probes.C)
    return Estimate(
        f"{stem}/dense/auroc",
        *auroc_with_interval(question.tested, reading.scores[question.tested.rows]),
        question.tested.n,
        float(np.quantile(reading.ridge[1:], 0.95)),
        method="saes.evaluate.dense_auroc",
    )


def explained_variance(stem: str, dictionaries: Sequence[DictionaryCodes], question: Question) -> Estimate:
    """Share of the held-out tokens' variance that reconstructions explain; the null is a constant, which explains 0."""
    rows = held_out_rows(question)
    draws = [
        1 - _ratio_draws(one.squared_error[rows], one.squared_distance[rows], rows, question) for one in dictionaries
    ]
    return Estimate(
        f"{stem}/explained-variance",
        float(np.mean([one.explained(rows) for one in dictionaries])),
        *percentile_interval(np.concatenate(draws)),
        len(np.unique(question.scenarios(rows))),
        0.0,
        method="saes.evaluate.explained_variance",
    )


def l0(stem: str, dictionaries: Sequence[DictionaryCodes], question: Question) -> Estimate:
    """Latents active at a held-out token."""
    rows = held_out_rows(question)
    draws = [_ratio_draws(one.active[rows], one.tokens[rows].astype(float), rows, question) for one in dictionaries]
    return Estimate(
        f"{stem}/l0",
        float(np.mean([one.l0(rows) for one in dictionaries])),
        *percentile_interval(np.concatenate(draws)),
        len(np.unique(question.scenarios(rows))),
        None,
        method="saes.evaluate.l0",
    )


def dead(stem: str, dictionaries: Sequence[DictionaryCodes], question: Question) -> Estimate:
    """Share of latents that fire on no held-out token; the interval is the range over dictionaries.

    Resampled scenarios would be fewer scenarios, on which more latents are silent.
    """
    rows = held_out_rows(question)
    shares = [1 - len(np.unique(one.sparse[rows].indices)) / one.width for one in dictionaries]
    return Estimate(
        f"{stem}/dead",
        float(np.mean(shares)),
        min(shares),
        max(shares),
        len(np.unique(question.scenarios(rows))),
        None,
        method="saes.evaluate.dead",
    )


def held_out_rows(question: Question) -> Int[np.ndarray, " text"]:
    """All texts of scenarios that no dictionary was trained on, whatever their role."""
    return np.flatnonzero(question.texts.column("split") == TEST)


def _ratio_draws(
    above: Float[np.ndarray, " text"],
    below: Float[np.ndarray, " text"],
    rows: Int[np.ndarray, " text"],
    question: Question,
) -> Float[np.ndarray, " draw"]:
    """A ratio of sums in resamplings of whole scenarios: equal generators resample the same ones above and below."""
    settings, scenarios = question.settings, question.scenarios(rows)
    means = (
        bootstrap_mean(of, scenarios, settings.draws, np.random.default_rng(settings.seed)) for of in (above, below)
    )
    return np.divide(*means)
