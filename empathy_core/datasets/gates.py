"""Quality gates: what about a set of texts could give its styles away, or make it narrower than it looks.

A gate compares an estimate with a threshold; a gate without a threshold is reported only. Thresholds and names are
fixed here, before any data set is measured.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations, product

import numpy as np
from jaxtyping import Int
from sklearn.feature_extraction.text import TfidfVectorizer

from empathy_core.contracts import BadInput, Estimate, Gate, TextSet
from empathy_core.datasets.lexical import Baseline, lexical_scores
from empathy_core.datasets.splits import Fold
from empathy_core.stats import cluster_bootstrap_auroc, grouped_auroc, percentile_interval

DRAWS = 2000
MAX_LENGTH_SPREAD = 0.08
MAX_CUE_AUROC: dict[Baseline, float | None] = {"length": 0.62, "opener": 0.62, "tfidf": None}
"""Largest AUROC a cue may reach for a pair of styles; None where honest texts cannot keep it at chance."""
MAX_SCENARIO_COSINE = 0.45
MIN_DOMAINS = 8
MAX_DOMAIN_SHARE = 0.14


def gates(texts: TextSet, folds: Sequence[Fold], seed: int = 0) -> tuple[Gate, ...]:
    """Measure every gate on the main styles of `texts`; `folds` hold row numbers of `texts`.

    Raises `BadInput` with fewer than two scenarios, when no scenario has two main texts, and when the train rows of a
    fold lack a style.
    """
    main = np.flatnonzero(texts.column("role") == "main")
    studied, inner = texts.rows(main), _renumbered(folds, main)
    if len(set(studied.column("scenario_id"))) < 2:
        raise BadInput("Quality gates compare scenarios, so they need at least two.", f"one in {texts.name}")
    rng = np.random.default_rng(seed)
    pairs = combinations(texts.main_styles, 2)
    return (
        length_spread(studied, rng),
        *(cue_auroc(studied, inner, kind, pair, rng) for kind, pair in product(MAX_CUE_AUROC, pairs)),
        nearest_scenarios(studied),
        domain_count(studied),
        domain_share(studied),
    )


def length_spread(texts: TextSet, rng: np.random.Generator) -> Gate:
    """Median over scenarios of (longest − shortest) / mean length of the replies to one scenario, in characters.

    The interval is a bootstrap over scenarios.
    """
    scenarios, lengths = texts.column("scenario_id"), np.array([len(text.response) for text in texts.texts])
    groups = [lengths[scenarios == scenario] for scenario in np.unique(scenarios)]
    spreads = np.array([np.ptp(group) / group.mean() for group in groups if len(group) > 1])
    if not len(spreads):
        raise BadInput(
            "Styles are compared within scenarios, so scenarios need replies in two or more of them.",
            f"{len(groups)} scenarios with one reply each in {texts.name}",
            "every row has a scenario_id of its own",
            "give the replies to one scenario the same scenario_id",
        )
    draws = np.median(rng.choice(spreads, (DRAWS, len(spreads))), axis=1)
    estimate = Estimate(
        f"{texts.name}/quality/length-spread",
        float(np.median(spreads)),
        *percentile_interval(draws),
        n=len(spreads),
        null=None,
        method="datasets.gates.length_spread",
    )
    return _at_most(estimate, MAX_LENGTH_SPREAD)


def cue_auroc(
    texts: TextSet, folds: Sequence[Fold], kind: Baseline, pair: tuple[str, str], rng: np.random.Generator
) -> Gate:
    """Fold-averaged AUROC with which one lexical cue tells two styles apart, out of fold; .5 is chance.

    The interval is a cluster bootstrap over scenarios.
    """
    rows = np.flatnonzero(np.isin(texts.column("style"), pair))
    both, inner = texts.rows(rows), _renumbered(folds, rows)
    styles, fold_of_row = both.column("style"), _fold_numbers(inner, len(rows))
    tested = fold_of_row >= 0
    scores = lexical_scores(both.column("response").tolist(), styles, inner, kind)[tested, 0]
    labels, scenarios, compared = styles[tested] == max(pair), both.column("scenario_id")[tested], fold_of_row[tested]
    estimate = Estimate(
        f"{texts.name}/quality/{kind}/{pair[0]}-{pair[1]}",
        grouped_auroc(scores, labels, compared),
        *percentile_interval(cluster_bootstrap_auroc(scores, labels, scenarios, compared, DRAWS, rng)),
        n=len(np.unique(scenarios)),
        null=0.5,
        method="datasets.gates.cue_auroc",
    )
    return _at_most(estimate, MAX_CUE_AUROC[kind])


def nearest_scenarios(texts: TextSet) -> Gate:
    """Largest cosine between the word TF-IDF vectors of two scenarios.

    A property of the whole set rather than of a sample, so its interval has no width.
    """
    wordings = {text.scenario_id: text.scenario for text in texts.texts}
    ids, vectors = list(wordings), TfidfVectorizer().fit_transform(wordings.values())
    cosines = np.triu((vectors @ vectors.T).toarray(), k=1)
    first, second = np.unravel_index(cosines.argmax(), cosines.shape)
    nearest = float(cosines[first, second])
    estimate = Estimate(
        f"{texts.name}/quality/nearest-scenarios",
        nearest,
        nearest,
        nearest,
        n=len(ids),
        null=None,
        method="datasets.gates.nearest_scenarios",
    )
    return _at_most(estimate, MAX_SCENARIO_COSINE, f"{ids[first]} and {ids[second]}")


def domain_count(texts: TextSet) -> Gate:
    """Number of domains; a property of the whole set, so its interval has no width."""
    domains = _scenarios_per_domain(texts)
    count = float(len(domains))
    estimate = Estimate(
        f"{texts.name}/quality/domains",
        count,
        count,
        count,
        n=domains.total(),
        null=None,
        method="datasets.gates.domain_count",
    )
    return Gate("domains", estimate, f"≥ {MIN_DOMAINS}", count >= MIN_DOMAINS)


def domain_share(texts: TextSet) -> Gate:
    """Share of scenarios in the largest domain; a property of the whole set, so its interval has no width."""
    domains = _scenarios_per_domain(texts)
    [(largest, count)] = domains.most_common(1)
    share = count / domains.total()
    estimate = Estimate(
        f"{texts.name}/quality/largest-domain",
        share,
        share,
        share,
        n=domains.total(),
        null=None,
        method="datasets.gates.domain_share",
    )
    return _at_most(estimate, MAX_DOMAIN_SHARE, largest)


def _scenarios_per_domain(texts: TextSet) -> Counter[str]:
    return Counter({text.scenario_id: text.context for text in texts.texts}.values())


def _at_most(estimate: Estimate, limit: float | None, detail: str = "") -> Gate:
    name = estimate.name.split("/quality/")[1]
    if limit is None:
        return Gate(name, estimate, "reported", None, detail)
    return Gate(name, estimate, f"≤ {limit:.2f}", estimate.value <= limit, detail)


def _renumbered(folds: Sequence[Fold], rows: Int[np.ndarray, " kept"]) -> tuple[Fold, ...]:
    """The folds of a set, as row numbers of the subset `rows` of it; a fold that tests none of the subset drops out."""
    inner = (
        Fold(np.flatnonzero(np.isin(rows, fold.train)), np.flatnonzero(np.isin(rows, fold.test))) for fold in folds
    )
    return tuple(fold for fold in inner if len(fold.test))


def _fold_numbers(folds: Sequence[Fold], n: int) -> Int[np.ndarray, " text"]:
    """Which fold tests each row; -1 for a row that none does."""
    numbers = np.full(n, -1)
    for number, fold in enumerate(folds):
        numbers[fold.test] = number
    return numbers
