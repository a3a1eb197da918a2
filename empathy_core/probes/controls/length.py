"""Length: the read-out once its features no longer follow the length of a reply, and among replies of like length."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from empathy_core.contracts import BadInput, Estimate
from empathy_core.probes.controls.correction import corrected_gram, corrected_scores
from empathy_core.probes.controls.question import CHANCE, Question, auroc_curve
from empathy_core.probes.held_out import auroc_with_interval
from empathy_core.probes.read_out import ReadOut

KNOT_QUANTILES = (0.05, 0.35, 0.65, 0.95)
"""Where the spline may bend, as shares of the training texts (Harrell 2015, table 2.3, for four knots)."""
RUN = 2
"""Texts a class, on average, in a run of like length."""


def length_aurocs(
    stem: str, question: Question, scores: Float[np.ndarray, "point tested class"], read_out: ReadOut
) -> tuple[Estimate, ...]:
    """AUROC after the features' dependence on length is taken out, and of the probe itself among like lengths."""
    return (
        *auroc_curve(f"{stem}/length-residualised", question, scores, question.chosen),
        *length_matched(f"{stem}/length-matched", question, read_out),
    )


def length_residualised_scores(
    grams: Sequence[Float[np.ndarray, "text text"]], question: Question
) -> Float[np.ndarray, "tested class"]:
    """Held-out scores of probes that see each feature's residual after a spline of the reply's length.

    The spline is fitted on each fold's training texts and applied to the others. One fitted on all texts lets the
    held-out ones into the training texts: with more features than texts that is anti-learning, and hides an effect.
    Residuals are not standardised again, so a feature that did nothing but follow length counts for little.
    """
    lengths = log_lengths(question)
    corrected = []
    for gram, fold in zip(grams, question.folds, strict=True):
        basis = natural_spline(lengths, np.unique(np.quantile(lengths[fold.train], KNOT_QUANTILES)))
        corrected.append(corrected_gram(gram, fold.train, basis @ np.linalg.pinv(basis[fold.train])))
    return corrected_scores(corrected, question.folds, question)[question.tested.rows]


def length_matched(stem: str, question: Question, read_out: ReadOut) -> tuple[Estimate, ...]:
    """Nested AUROC over pairs of like length only, beside what length alone (the text baseline) still reads in them.

    The texts of a fold are put in order of length and cut into runs; only texts of one run are compared, and every run
    that holds two classes counts the same. Nothing where so few pairs are alike that a resample of scenarios can be
    without any: the other controls of a small set are not lost with this one.
    """
    tested = replace(question.tested, folds=runs_of_like_length(question))
    by_reader = {"nested": read_out.nested, "text/length": read_out.main.text_scores["length"]}
    try:
        found = {reader: auroc_with_interval(tested, scores) for reader, scores in by_reader.items()}
    except BadInput:
        return ()
    return tuple(
        Estimate(f"{stem}/{reader}/auroc", *said, tested.n, CHANCE, method="probes.controls.length.length_matched")
        for reader, said in found.items()
    )


def runs_of_like_length(question: Question) -> Int[np.ndarray, " tested"]:
    """Number of the run that each tested text belongs to; a run lies in one fold."""
    tested, lengths = question.tested, log_lengths(question)[question.tested.rows]
    runs, begun = np.empty(len(tested.rows), dtype=int), 0
    for fold in np.unique(tested.folds):
        members = np.flatnonzero(tested.folds == fold)
        ordered = members[lengths[members].argsort(kind="stable")]
        n_runs = max(1, len(members) // (RUN * question.n_classes))
        runs[ordered] = begun + np.arange(len(members)) * n_runs // len(members)
        begun += n_runs
    return runs


def log_lengths(question: Question) -> Float[np.ndarray, " text"]:
    """Natural logarithm of each reply's number of characters."""
    return np.log([len(text.response) for text in question.texts.texts])


def natural_spline(
    values: Float[np.ndarray, " text"], knots: Float[np.ndarray, " knot"]
) -> Float[np.ndarray, "text b"]:
    """Basis of the natural cubic splines with these knots: cubic between them, straight lines outside.

    Hastie, Tibshirani & Friedman 2009, equations 5.4 and 5.5. Fewer than three distinct knots leave a straight line.
    """
    # The unit does not matter to the span, but cubes of large numbers would to the rounding.
    centre, spread = knots.mean(), max(np.ptp(knots), np.finfo(float).tiny)
    x, knots = (values - centre) / spread, (knots - centre) / spread
    columns = [np.ones(len(x)), x]
    if len(knots) > 2:
        last = np.maximum(x - knots[-1], 0) ** 3
        slopes = [(np.maximum(x - knot, 0) ** 3 - last) / (knots[-1] - knot) for knot in knots[:-1]]
        columns += [slope - slopes[-1] for slope in slopes[:-1]]
    return np.column_stack(columns)
