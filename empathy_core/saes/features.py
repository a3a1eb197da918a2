"""Probes of a few latents: chosen and fitted on training texts, scored on held-out ones, under any labels."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.stats import rankdata

from empathy_core.datasets.splits import Fold
from empathy_core.probes.held_out import one_versus_rest
from empathy_core.stats import auroc_columns

RIDGE = 0.01
"""Penalty on standardised latents, in units of their variance: latents that always fire together stay solvable."""

Choose = Callable[[Float[np.ndarray, "train latent"], Bool[np.ndarray, "train column"]], Int[np.ndarray, "column k"]]
"""From training codes and labels to the latents of each column's probe."""


def single_aurocs(
    codes: Float[np.ndarray, "text latent"], labels: Bool[np.ndarray, "text column"]
) -> Float[np.ndarray, "column latent"]:
    """AUROC of every latent for every label column, a tie counting one half; one matrix product for all of them."""
    positives = labels.sum(axis=0, dtype=float)[:, None]
    rank_sums = labels.T.astype(float) @ rankdata(codes, axis=0)
    return (rank_sums - positives * (positives + 1) / 2) / (positives * (len(labels) - positives))


def strongest(k: int) -> Choose:
    """The k latents whose training AUROC is furthest from one half, in either direction; of equals the first."""

    def choose(codes: Float[np.ndarray, "train latent"], labels: Bool[np.ndarray, "train column"]):
        return np.argsort(-abs(single_aurocs(codes, labels) - 0.5), axis=1, kind="stable")[:, :k]

    return choose


def at_random(k: int, rng: np.random.Generator) -> Choose:
    """k latents that fire on some training text, the same for every label column."""

    def choose(codes: Float[np.ndarray, "train latent"], labels: Bool[np.ndarray, "train column"]):
        alive = np.flatnonzero(codes.any(axis=0))
        drawn = rng.choice(alive, size=min(k, len(alive)), replace=False)
        return np.broadcast_to(drawn, (labels.shape[1], len(drawn)))

    return choose


def probe_scores(
    train: Float[np.ndarray, "train latent"],
    test: Float[np.ndarray, "test latent"],
    labels: Bool[np.ndarray, "train column"],
    chosen: Int[np.ndarray, "column k"],
) -> Float[np.ndarray, "test column"]:
    """Least-squares scores of the test texts, each column with its own latents, standardised on the training texts."""
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    deviation = np.where(deviation > 0, deviation, 1.0)
    taught = np.moveaxis(((train - mean) / deviation)[:, chosen], 0, 1)
    asked = np.moveaxis(((test - mean) / deviation)[:, chosen], 0, 1)
    targets = (labels - labels.mean(axis=0)).T[:, :, None]
    across = np.swapaxes(taught, 1, 2)
    gram = across @ taught / len(train) + RIDGE * np.eye(chosen.shape[1])
    return (asked @ np.linalg.solve(gram, across @ targets / len(train)))[:, :, 0].T


def held_out_probe(
    codes: Float[np.ndarray, "text latent"],
    columns: Int[np.ndarray, "text column"],
    folds: Sequence[Fold],
    n_classes: int,
    choose: Choose,
) -> tuple[Float[np.ndarray, "text class"], Float[np.ndarray, " column"]]:
    """Held-out scores under the first label column, and the fold-averaged macro AUROC under every column.

    Everything, the choice of latents included, is done anew for each column, so the columns after the first, permuted
    labels, give the null of the whole procedure. Rows that no fold tests have NaN scores.
    """
    values, width = [], 1 if n_classes == 2 else n_classes
    scores = np.full((len(codes), width), np.nan)
    for fold in folds:
        taught, asked = (one_versus_rest(columns[rows], n_classes) for rows in (fold.train, fold.test))
        # One binary column for each label column and class, side by side.
        taught, asked = (labels.reshape(len(labels), -1) for labels in (taught, asked))
        train = codes[fold.train]
        found = probe_scores(train, codes[fold.test], taught, choose(train, taught))
        scores[fold.test] = found[:, :width]
        values.append(auroc_columns(found, asked).reshape(-1, width).mean(axis=1))
    return scores, np.nanmean(values, axis=0)
