"""Sparse autoencoders of one model, as ProbeFlow runs them: codes of its texts, and what they converge with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from empathy_core.contracts import ActivationSet, Estimate, TextSet
from empathy_core.saes.cluster_estimates import cluster_estimates
from empathy_core.saes.codes import DictionaryCodes
from empathy_core.saes.cosine_estimates import cosine_estimates, cosines, recurrence
from empathy_core.saes.evaluate import dead, dense_auroc, explained_variance, feature_estimates, l0
from empathy_core.saes.features import single_aurocs, strongest
from empathy_core.saes.plan import ConvergenceSettings, Question, ask
from empathy_core.saes.wanted import Wanted

SHOWN = 3
"""Texts shown for each style's best feature."""


@dataclass(frozen=True)
class Convergence:
    """What the dictionaries of one model show; empty where none was made."""

    estimates: tuple[Estimate, ...] = ()
    examples: tuple[tuple[str, ...], ...] = ()
    """Rows of style, its best feature, whether that fires on the style, mean code, style of the reply, reply."""
    notes: tuple[str, ...] = ()


def dictionaries(
    activations: ActivationSet,
    texts: TextSet,
    point: int,
    wanted: Wanted,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[DictionaryCodes, ...]:
    """The codes of `texts` under every dictionary wanted, trained at one residual point or reused from the store.

    Raises:
        BadInput: as `all_codes` does.
    """
    if not wanted.any:
        return ()
    # Imported here: without dictionaries, everything that reads activations runs where torch is not installed.
    from empathy_core.saes.dictionaries import all_codes

    return all_codes(activations, texts, point, wanted.seeds, wanted.pretrained, wanted.device, wanted.dtype, progress)


def converge(
    read_point: Callable[[int], Float[np.ndarray, "text dim"]],
    activations: ActivationSet,
    texts: TextSet,
    point: int,
    codes: Sequence[DictionaryCodes],
    seed: int = 0,
) -> Convergence:
    """Everything that is estimated of one model's dictionaries at `point`; names begin with `{texts}/{model}/sae`.

    Raises:
        BadInput: if the texts lack a split, or what is read is not finite.
    """
    if not codes:
        return Convergence()
    question, stem = ask(texts, ConvergenceSettings(seed=seed)), f"{texts.name}/{activations.model.name}/sae"
    features = read_point(point)
    estimates = (
        *feature_estimates(stem, codes, question),
        dense_auroc(stem, features, point, question),
        *cosine_estimates(stem, cosines(codes, features, question), question.classes),
        *recurrence(stem, codes, question),
        *cluster_estimates(stem, codes, question),
        explained_variance(stem, codes, question),
        l0(stem, codes, question),
        dead(stem, codes, question),
    )
    return Convergence(estimates, examples(codes[0], question), tuple(note for one in codes for note in one.notes))


def examples(codes: DictionaryCodes, question: Question) -> tuple[tuple[str, ...], ...]:
    """Held-out replies in which the best feature of each style fires most, as chosen on the first fold.

    A feature may mark a style by its silence; then it fires on the others.
    """
    fold, dense = question.plan.folds[0], codes.dense
    train, labels = dense[fold.train], question.plan.columns[fold.train, :1] == np.arange(len(question.classes))
    aurocs, rows = single_aurocs(train, labels), []
    for number, latent in enumerate(strongest(1)(train, labels)[:, 0]):
        fires = "yes" if aurocs[number, latent] > 0.5 else "no, on the others"
        for row in fold.test[np.argsort(-dense[fold.test, latent], kind="stable")[:SHOWN]]:
            text, code = question.texts.texts[row], f"{dense[row, latent]:.3g}"
            rows.append((question.classes[number], str(codes.latents[latent]), fires, code, text.style, text.response))
    return tuple(rows)
