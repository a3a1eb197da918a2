"""The earlier study's numbers, computed as it did, each beside what the same computation gives where nothing is there.

They are for comparison only: no verdict rests on them. Probes are one-vs-rest logistic ones. Labels are permuted as the
design exchanges them, within scenarios where the style varies there. Unless a function says otherwise, an interval is
the value ± 1.96 standard errors, from samples of four fifths of the scenarios without replacement: these numbers depend
on how many texts there are, which the copies in a bootstrap, or a smaller share, would change too much.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped
from sklearn.model_selection import StratifiedKFold

from empathy_core.contracts import BadInput, Estimate, TextSet
from empathy_core.probes.kernel import fold_kernel, standardised_gram
from empathy_core.probes.logistic import fit_logistic, weight_vectors
from empathy_core.stats import auroc_columns, cluster_bootstrap_auroc, d_prime, percentile_interval, permute_labels

C = 100.0
"""Of every probe here: the project's default."""
FOLDS = 5
MIN_SCENARIOS = 2 * FOLDS
STRENGTH = 0.05
"""Length of the intervention, in mean norms of the texts' features."""
BOOTSTRAP_DRAWS = 2000
KEPT = 0.8
"""Share of the scenarios in a sample for the standard error."""

WHY_IT_MISLEADS = {
    "cosine": "The weights of K one-vs-rest probes nearly cancel when added, so that their cosines lie about"
    " -1 / (K - 1) for any labels, permuted ones included: a value there says nothing about how styles are related.",
    "in-sample-d_prime": "With more features than texts a direction separates the texts it was made from whatever their"
    " labels, by about √(4 · participation ratio / texts); only texts that it was not made from can test it.",
    "ungrouped": "A text is scored by probes that saw other texts of its scenario, so that the score depends on what"
    " those texts share, and falls below or above one half without any style.",
    "pca-90": "The count never looks at the styles: it follows the number of texts and the spread of their topics, and"
    " hardly changes when the style means are taken out.",
    "probe-scored-shift": "Adding a probe's weights raises that probe's score by algebra: a probe of random labels"
    " confirms its own intervention just as well, and what the model then writes is not in it.",
}
"""For the key after `replication/`, what a reader of that number must know."""


@dataclass(frozen=True)
class StyledTexts:
    """One model's features of the main texts at one point, and the draws that the five computations share."""

    features: Float[np.ndarray, "text dim"]
    styles: tuple[str, ...]
    labels: Int[np.ndarray, "text draw"]
    """Number of each text's style in `styles`; then one permutation a column."""
    scenarios: Shaped[np.ndarray, " text"]
    samples: Bool[np.ndarray, "sample text"]
    """Texts of random samples of the scenarios."""
    half: Bool[np.ndarray, " text"]
    """Texts of a random half of the scenarios."""
    seed: int

    @property
    def n(self) -> int:
        """Number of scenarios."""
        return len(np.unique(self.scenarios))

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Every pair of styles, by number."""
        return tuple(combinations(range(len(self.styles)), 2))

    @property
    def of_style(self) -> Bool[np.ndarray, "text style draw"]:
        """One-vs-rest labels."""
        return self.labels[:, None, :] == np.arange(len(self.styles))[:, None]


def replication(
    prefix: str,
    features: Float[np.ndarray, "text dim"],
    texts: TextSet,
    seed: int,
    permutations: int = 200,
    samples: int = 50,
) -> tuple[Estimate, ...]:
    """All five, named `{prefix}/replication/…`, from the features of the main texts at one point, in their order.

    Raises `BadInput` for texts of another role, a single style, fewer than ten scenarios, features not of these texts,
    or a style that is fixed in each scenario and missing from a random half of them.
    """
    styled = styled_texts(features, texts, seed, permutations, samples)
    stem = f"{prefix}/replication"
    return (
        *cosines(stem, styled),
        *in_sample_d_primes(stem, styled),
        ungrouped_auroc(stem, styled),
        components_of_variance(stem, styled),
        probe_scored_shift(stem, styled),
    )


def styled_texts(
    features: Float[np.ndarray, "text dim"], texts: TextSet, seed: int, permutations: int, samples: int
) -> StyledTexts:
    """Permute the labels and draw the samples; raises `BadInput` as `replication` does."""
    _check(features, texts)
    rng, scenarios = np.random.default_rng(seed), texts.column("scenario_id")
    labels = np.array([texts.main_styles.index(text.style) for text in texts.texts])
    permuted = permute_labels(labels, scenarios, permutations, rng)
    return StyledTexts(
        features=features.astype(np.float64),
        styles=texts.main_styles,
        labels=np.column_stack([labels, permuted]),
        scenarios=scenarios,
        samples=np.array([_sample(scenarios, KEPT, rng) for _ in range(samples)]),
        half=_sample(scenarios, 0.5, rng),
        seed=seed,
    )


def cosines(stem: str, styled: StyledTexts) -> tuple[Estimate, ...]:
    """Cosine between the weights of every two styles' probes.

    The null is the median under permuted labels: a cosine may lie on either side of it, so that one bound says little.
    """
    first, second = np.transpose(styled.pairs)
    features, of_style = styled.features, styled.of_style
    found = _cosines(_weights(features, of_style))[first, second]
    of_samples = np.array(
        [_cosines(_weights(features[s], of_style[s, :, :1]))[first, second, 0] for s in styled.samples]
    )
    return tuple(
        Estimate(
            f"{stem}/cosine/{styled.styles[a]}-{styled.styles[b]}",
            float(of_draws[0]),
            *_interval(of_draws[0], samples),
            styled.n,
            float(np.median(of_draws[1:])),
            method="probes.replication.cosines",
        )
        for (a, b), of_draws, samples in zip(styled.pairs, found, of_samples.T, strict=True)
    )


def in_sample_d_primes(stem: str, styled: StyledTexts) -> tuple[Estimate, ...]:
    """d' of every pair along its own difference of means, on the texts that it was made from.

    The null is the 95 % bound under labels permuted between the two. For n texts of isotropic noise, half of either
    label, it lies about √(4 · dim / n); where features are correlated their participation ratio takes the place of dim.
    """
    rng = np.random.default_rng(styled.seed)
    estimates = []
    for a, b in styled.pairs:
        rows = np.isin(styled.labels[:, 0], (a, b))
        features, labels = styled.features[rows], styled.labels[rows, 0] == b
        permuted = permute_labels(labels, styled.scenarios[rows], styled.labels.shape[1] - 1, rng)
        value, *null = _in_sample_d_primes(features, np.column_stack([labels, permuted]))
        samples = [_in_sample_d_primes(features[s], labels[s, None])[0] for s in styled.samples[:, rows]]
        estimates.append(
            Estimate(
                f"{stem}/in-sample-d_prime/{styled.styles[a]}-{styled.styles[b]}",
                float(value),
                *_interval(value, np.array(samples)),
                styled.n,
                float(np.quantile(null, 0.95)),
                method="probes.replication.in_sample_d_primes",
            )
        )
    return tuple(estimates)


def ungrouped_auroc(stem: str, styled: StyledTexts) -> Estimate:
    """AUROC, one style against the rest and averaged, under random folds that divide scenarios.

    The null is the 95 % bound under permuted labels on the same folds: what the leak through scenarios does by itself.
    The interval resamples scenarios with the scores as they are.
    """
    scores, fold, of_style = *_random_fold_scores(styled), styled.of_style
    tested = [fold == number for number in range(FOLDS)]
    flat_scores, flat_labels = (each.reshape(len(fold), -1) for each in (scores, of_style))
    areas = np.array([auroc_columns(flat_scores[rows], flat_labels[rows]) for rows in tested])
    # Under permuted labels a small fold may lack a style, and then has no pair to compare.
    masked = np.ma.masked_invalid(areas.reshape(FOLDS, *of_style.shape[1:]))
    value, *null = masked.mean(axis=(0, 1)).compressed()
    draws = [
        cluster_bootstrap_auroc(
            values, labels, styled.scenarios, fold, BOOTSTRAP_DRAWS, np.random.default_rng(styled.seed)
        )
        for values, labels in zip(scores[:, :, 0].T, of_style[:, :, 0].T, strict=True)
    ]
    return Estimate(
        f"{stem}/ungrouped/auroc",
        float(value),
        *percentile_interval(np.mean(draws, axis=0)),
        styled.n,
        float(np.quantile(null, 0.95)),
        method="probes.replication.ungrouped_auroc",
    )


def components_of_variance(stem: str, styled: StyledTexts) -> Estimate:
    """Number of principal components that hold 90 % of the variance of the texts, whatever their style.

    The null is the same number with every style's mean taken out: what there is to count without any style.
    """
    labels = styled.labels[:, 0]
    means = np.array([styled.features[labels == k].mean(axis=0) for k in range(len(styled.styles))])
    value = _components_for(styled.features, 0.9)
    return Estimate(
        f"{stem}/pca-90",
        value,
        *_interval(value, np.array([_components_for(styled.features[s], 0.9) for s in styled.samples])),
        styled.n,
        _components_for(styled.features - means[labels], 0.9),
        method="probes.replication.components_of_variance",
    )


def probe_scored_shift(stem: str, styled: StyledTexts) -> Estimate:
    """How far a probe's own score moves when 5 % of the mean norm is added along its weights; mean over styles.

    In standard deviations of that score over texts that the probe did not see: it is trained on half of the scenarios
    and the others are moved. The null is the 95 % bound of probes trained on permuted labels, each scored by itself.
    """
    features, of_style = styled.features, styled.of_style
    value, *null = _own_shift(features, styled.half, of_style)
    samples = [_own_shift(features[s], styled.half[s], of_style[s, :, :1])[0] for s in styled.samples]
    return Estimate(
        f"{stem}/probe-scored-shift",
        float(value),
        *_interval(value, np.array(samples)),
        styled.n,
        float(np.quantile(null, 0.95)),
        method="probes.replication.probe_scored_shift",
    )


def _weights(
    features: Float[np.ndarray, "text dim"], of_style: Bool[np.ndarray, "text style draw"]
) -> Float[np.ndarray, "dim style draw"]:
    """Weights of one probe for every label column, trained on all of the texts given."""
    rows = np.arange(len(features))
    kernel = fold_kernel(standardised_gram(features, rows), rows, rows)
    fit = fit_logistic(kernel, of_style.reshape(len(rows), -1).astype(int), 2, C)
    return weight_vectors(features, rows, rows, fit).reshape(-1, *of_style.shape[1:])


def _random_fold_scores(
    styled: StyledTexts,
) -> tuple[Float[np.ndarray, "text style draw"], Int[np.ndarray, " text"]]:
    """Scores of every text by probes of the other random folds, and the number of its own."""
    of_style, fold = styled.of_style, np.empty(len(styled.features), dtype=int)
    scores = np.empty(of_style.shape)
    divisions = StratifiedKFold(FOLDS, shuffle=True, random_state=styled.seed)
    for number, (train, test) in enumerate(divisions.split(styled.features, styled.labels[:, 0])):
        weights = _weights(styled.features[train], of_style[train])
        scores[test], fold[test] = np.tensordot(styled.features[test], weights, 1), number
    return scores, fold


def _cosines(weights: Float[np.ndarray, "dim style draw"]) -> Float[np.ndarray, "style style draw"]:
    units = np.moveaxis(weights / np.linalg.norm(weights, axis=0), 2, 0)
    return np.moveaxis(units.swapaxes(1, 2) @ units, 0, 2)


def _in_sample_d_primes(
    features: Float[np.ndarray, "text dim"], labels: Bool[np.ndarray, "text draw"]
) -> Float[np.ndarray, " draw"]:
    centred = features - features.mean(axis=0)
    contrasts = labels / labels.sum(axis=0) - ~labels / (~labels).sum(axis=0)
    scores = centred @ (centred.T @ contrasts)
    return np.array([d_prime(along, positive) for along, positive in zip(scores.T, labels.T, strict=True)])


def _components_for(features: Float[np.ndarray, "text dim"], share: float) -> float:
    centred = features - features.mean(axis=0)
    variance = np.linalg.eigvalsh(centred @ centred.T)[::-1]
    return float((np.cumsum(variance) < share * variance.sum()).sum()) + 1


def _own_shift(
    features: Float[np.ndarray, "text dim"],
    train: Bool[np.ndarray, " text"],
    of_style: Bool[np.ndarray, "text style draw"],
) -> Float[np.ndarray, " draw"]:
    """Shift of each column's probes by their own scores, averaged over styles."""
    weights = _weights(features[train], of_style[train])
    spread = np.tensordot(features[~train], weights, 1).std(axis=0)
    length = STRENGTH * np.linalg.norm(features, axis=1).mean()
    # Along w / |w|, a text that moves by one unit gains |w| in score.
    return (length * np.linalg.norm(weights, axis=0) / spread).mean(axis=0)


def _sample(
    scenarios: Shaped[np.ndarray, " text"], share: float, rng: np.random.Generator
) -> Bool[np.ndarray, " text"]:
    """The texts of this share of the scenarios, drawn without replacement."""
    names = rng.permutation(np.unique(scenarios))
    return np.isin(scenarios, names[: round(share * len(names))])


def _interval(value: float, samples: Float[np.ndarray, " sample"]) -> tuple[float, float]:
    # Samples of a share s vary about the whole by 1/s - 1 of the variance with which the whole varies about the truth.
    reach = float(1.96 * samples.std(ddof=1) * np.sqrt(KEPT / (1 - KEPT)))
    return float(value - reach), float(value + reach)


def _check(features: Float[np.ndarray, "text dim"], texts: TextSet) -> None:
    roles, n = set(texts.column("role")), len(set(texts.column("scenario_id")))
    if roles != {"main"} or len(texts.main_styles) < 2 or n < MIN_SCENARIOS:
        raise BadInput(
            f"The earlier study's numbers compare at least two styles of main texts over {MIN_SCENARIOS} scenarios.",
            f"roles {', '.join(sorted(roles))}; {len(texts.main_styles)} styles; {n} scenarios",
            "a small set, or controls among the rows",
            "pass the rows of role `main` alone",
        )
    if len(features) != len(texts) or not np.isfinite(features).all() or np.ptp(features, axis=0).max() == 0:
        raise BadInput(
            "Every main text has features that are finite numbers, and they vary.",
            f"{len(features)} rows for {len(texts)} texts, {(~np.isfinite(features)).sum()} entries not finite",
            "rows of other roles, or a pool that is constant, such as the last token at point 0",
        )
