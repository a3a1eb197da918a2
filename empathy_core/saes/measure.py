"""Sparse autoencoders of one model, as ProbeFlow runs them: codes of its texts, and what they converge with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from empathy_core.contracts import ActivationSet, BadInput, Estimate, TextSet
from empathy_core.saes.cluster_estimates import cluster_estimates
from empathy_core.saes.codes import DictionaryCodes
from empathy_core.saes.cosine_estimates import cosine_estimates, cosines, recurrence
from empathy_core.saes.evaluate import dead, dense_auroc, explained_variance, feature_estimates, l0
from empathy_core.saes.features import strongest
from empathy_core.saes.plan import ConvergenceSettings, Question, ask, check_splits
from empathy_core.saes.settings import default_settings

SHOWN = 3
"""Texts shown for each style's best feature."""


@dataclass(frozen=True)
class Wanted:
    """Which dictionaries are made."""

    seeds: int = 3
    """How many are trained, with seeds from 0; none needs no torch."""
    pretrained: str = ""
    """A folder, or `release/id` of SAELens' registry, instead of training."""
    device: str = "cpu"
    dtype: str = "float32"
    """Of the model's weights."""

    @property
    def any(self) -> bool:
        """Whether there will be a dictionary."""
        return self.seeds > 0 or bool(self.pretrained)


@dataclass(frozen=True)
class Convergence:
    """What the dictionaries of one model show; empty where none was made."""

    estimates: tuple[Estimate, ...] = ()
    examples: tuple[tuple[str, ...], ...] = ()
    """Rows of (style, latent, its mean code, style of the text, reply): where the best features fire most."""
    notes: tuple[str, ...] = ()


def check_wanted(wanted: Wanted, texts: TextSet) -> Wanted:
    """The same, if it can be done on these texts; before anything expensive starts.

    Raises:
        BadInput: if the number of dictionaries is negative, or the texts lack a split.
    """
    if wanted.seeds < 0:
        raise BadInput("The number of dictionaries is 0 or more.", got=f"--dictionaries {wanted.seeds}")
    if wanted.any:
        check_splits(texts)
    return wanted


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

    settings = default_settings(activations.dim, wanted.seeds)
    return all_codes(activations, texts, point, settings, wanted.pretrained, wanted.device, wanted.dtype, progress)


def converge(
    prefix: str,
    features: Float[np.ndarray, "text dim"],
    point: int,
    texts: TextSet,
    codes: Sequence[DictionaryCodes],
    settings: ConvergenceSettings = ConvergenceSettings(),
) -> Convergence:
    """Everything that is estimated of one model's dictionaries; names begin with `{prefix}/sae`.

    `features` are the pooled residuals at `point`, rows as in `texts` and in the codes.

    Raises:
        BadInput: if the texts lack a split, or what is read is not finite.
    """
    if not codes:
        return Convergence()
    question, stem = ask(texts, settings), f"{prefix}/sae"
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
    """Held-out replies in which the best feature of each style fires most, as chosen on the first fold."""
    fold, dense = question.plan.folds[0], codes.dense
    labels = question.plan.columns[fold.train, :1] == np.arange(len(question.classes))
    rows = []
    for style, latent in zip(question.classes, strongest(1)(dense[fold.train], labels)[:, 0], strict=True):
        for row in fold.test[np.argsort(-dense[fold.test, latent], kind="stable")[:SHOWN]]:
            text = question.texts.texts[row]
            named = str(codes.latents[latent])
            rows.append((style, named, f"{dense[row, latent]:.3g}", text.style, text.response))
    return tuple(rows)
