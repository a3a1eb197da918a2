"""Take from every text a combination of training texts, on inner products alone, and ask the question again."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from empathy_core.datasets.splits import Fold
from empathy_core.probes.controls.question import Question
from empathy_core.probes.held_out import held_out_scores

RESOLUTION = 4
"""Decimals of decision values, which are exact to 1e-5: a probe that has nothing left to learn gives every text the
same score but for rounding, and is to score exactly one half."""


def corrected_gram(
    gram: Float[np.ndarray, "text text"], fitted: Int[np.ndarray, " fitted"], weights: Float[np.ndarray, "text fitted"]
) -> Float[np.ndarray, "text text"]:
    """Inner products after `weights @ fitted texts` is taken from every text.

    A linear correction of features (a residual, a projection) that was fitted on some texts has this form.
    """
    taken = weights @ gram[fitted]
    return gram - taken - taken.T + taken[:, fitted] @ weights.T


def corrected_scores(
    grams: Sequence[Float[np.ndarray, "text text"]], folds: Sequence[Fold], question: Question
) -> Float[np.ndarray, "text class"]:
    """Held-out style scores from corrected Gram matrices, with differences below the accuracy of the fits made ties."""
    scores = held_out_scores(grams, folds, question.labels, question.n_classes, question.settings.C)
    return np.round(scores, RESOLUTION)
