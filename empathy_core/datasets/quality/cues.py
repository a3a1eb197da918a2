"""Whether single surface cues give the style of a reply away: openings, pronouns, tenses, length, n-grams, words."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped
from sklearn.feature_extraction.text import CountVectorizer

from empathy_core.contracts import TextSet
from empathy_core.datasets.lexical import OPENING_WORDS, Baseline, lexical_classifier, lexical_scores
from empathy_core.datasets.quality.measured import (
    DRAWS,
    Measured,
    by_scenario,
    largest_gap,
    moments,
    n_scenarios,
    resampled,
    sampled,
    whole,
)
from empathy_core.datasets.splits import Fold, fold_numbers, renumbered
from empathy_core.datasets.surface import PRONOUNS, WORD, words
from empathy_core.stats import cluster_bootstrap_auroc, grouped_auroc, permute_within

PERMUTATIONS = 200
COMMON, RARE = 0.35, 0.05
"""An n-gram marks a style when a share above the first of its replies holds it, and below the second of another's."""


def cue_auroc(
    texts: TextSet,
    folds: Sequence[Fold],
    kind: Baseline,
    pair: tuple[str, str],
    rng: np.random.Generator,
    name: str = "",
) -> Measured:
    """Fold-averaged AUROC with which one lexical cue tells two labels of `style` apart, out of fold; .5 is chance.

    Interval: cluster bootstrap over scenarios. `name` replaces `{kind}/{pair}` in the key.
    """
    rows = np.flatnonzero(np.isin(texts.column("style"), pair))
    both, inner = texts.rows(rows), renumbered(folds, rows)
    styles, fold_of_row = both.column("style"), fold_numbers(inner, len(rows))
    tested = fold_of_row >= 0
    scores = lexical_scores(both.column("response").tolist(), styles, inner, kind)[tested, 0]
    labels, scenarios = styles[tested] == max(pair), both.column("scenario_id")[tested]
    method = "datasets.quality.cues.cue_auroc"
    return _auroc(
        texts, name or f"{kind}/{pair[0]}-{pair[1]}", scores, labels, scenarios, fold_of_row[tested], method, rng
    )


def transfer_auroc(
    main: TextSet, foils: TextSet, kind: Baseline, pair: tuple[str, str], rng: np.random.Generator
) -> Measured:
    """AUROC on foils of a lexical cue learnt from all main replies: below .5 the foils wear the other style's words.

    Interval: bootstrap over the foils' scenarios.
    """
    taught = main.rows(np.isin(main.column("style"), pair))
    asked = foils.rows(np.isin(foils.column("style"), pair))
    classifier = lexical_classifier(kind).fit(taught.column("response"), taught.column("style"))
    scores, labels = classifier.decision_function(asked.column("response")), asked.column("style") == max(pair)
    scenarios, method = asked.column("scenario_id"), "datasets.quality.cues.transfer_auroc"
    one_fold = np.zeros(len(asked), dtype=int)
    return _auroc(main, f"foils/{kind}/{pair[0]}-{pair[1]}", scores, labels, scenarios, one_fold, method, rng)


def strongest_ngram(texts: TextSet, pair: tuple[str, str], rng: np.random.Generator) -> Measured:
    """Largest AUROC, over word 1- to 3-grams, of its mere presence in a reply, for two styles.

    Chosen on the replies it is scored on. Null: 95 % of the same maximum with styles permuted within scenarios.
    Interval: bootstrap over scenarios for the n-gram chosen.
    """
    both = texts.rows(np.isin(texts.column("style"), pair))
    grams, holds = _ngrams(both)
    second, scenarios = both.column("style") == pair[1], both.column("scenario_id")
    strengths = _presence_aurocs(holds, second[:, None])[:, 0]
    best = int(strengths.argmax())
    permuted = permute_within(second, scenarios, PERMUTATIONS, rng)
    null = float(np.quantile(_presence_aurocs(holds, permuted).max(axis=0), 0.95))
    held = resampled(by_scenario(holds[:, best].astype(float).tolist(), both), rng)
    gaps = np.ptp(moments(held)[1], axis=1)
    shares = [f"{holds[both.column('style') == style, best].mean():.0%} of {style}" for style in pair]
    detail = f"{grams[best]!r} in {' and '.join(shares)}"
    name, method = f"strongest-ngram/{pair[0]}-{pair[1]}", "datasets.quality.cues.strongest_ngram"
    return sampled(texts, name, strengths[best], 0.5 + gaps / 2, n_scenarios(both), method, null, detail)


def marking_ngrams(texts: TextSet) -> Measured:
    """Number of word 1- to 3-grams held by over 35 % of one style's replies and by under 5 % of another's."""
    grams, holds = _ngrams(texts)
    styles = texts.column("style")
    shares = np.array([holds[styles == style].mean(axis=0) for style in texts.main_styles])
    marking = np.flatnonzero((shares.max(axis=0) > COMMON) & (shares.min(axis=0) < RARE))
    method = "datasets.quality.cues.marking_ngrams"
    return whole(texts, "marking-ngrams", len(marking), method, ", ".join(repr(grams[i]) for i in marking[:5]))


def commonest_opening(texts: TextSet) -> Measured:
    """Largest share of one style's replies that begin with the same three words."""
    shares = {}
    for style in texts.main_styles:
        replies = texts.column("response")[texts.column("style") == style]
        openings = Counter(" ".join(words(text)[:OPENING_WORDS]) for text in replies)
        [(opening, count)] = openings.most_common(1)
        shares[style, opening] = count / len(replies)
    (style, opening), share = max(shares.items(), key=lambda item: item[1])
    detail, method = f"{opening!r} in {style}", "datasets.quality.cues.commonest_opening"
    return whole(texts, "commonest-opening", share, method, detail)


def first_person_gap(texts: TextSet, rng: np.random.Generator) -> Measured:
    """Largest difference between two styles in the share of replies that say I, me or my."""
    says_i = [float(any(word in PRONOUNS["I"] for word in words(text.response))) for text in texts.texts]
    return largest_gap(texts, "first-person-gap", says_i, "datasets.quality.cues.first_person_gap", rng)


def _auroc(
    texts: TextSet,
    name: str,
    scores: Float[np.ndarray, " text"],
    labels: Bool[np.ndarray, " text"],
    scenarios: Shaped[np.ndarray, " text"],
    folds: Int[np.ndarray, " text"],
    method: str,
    rng: np.random.Generator,
) -> Measured:
    value = grouped_auroc(scores, labels, folds)
    draws = cluster_bootstrap_auroc(scores, labels, scenarios, folds, DRAWS, rng)
    return sampled(texts, name, value, draws, len(np.unique(scenarios)), method, null=0.5)


def _ngrams(texts: TextSet) -> tuple[list[str], Bool[np.ndarray, "text gram"]]:
    vectoriser = CountVectorizer(token_pattern=WORD, ngram_range=(1, 3), binary=True)
    held = vectoriser.fit_transform(texts.column("response"))
    # An n-gram of one reply marks that reply and no style; a set may hold no others.
    counts = held.sum(axis=0).A1
    kept = np.flatnonzero(counts >= min(2, counts.max()))
    return vectoriser.get_feature_names_out()[kept].tolist(), held[:, kept].toarray() > 0


def _presence_aurocs(
    holds: Bool[np.ndarray, "text gram"], labels: Bool[np.ndarray, "text draw"]
) -> Float[np.ndarray, "gram draw"]:
    """AUROC of a binary score is 1/2 + half the difference of shares; its direction does not matter."""
    positive = holds.T.astype(float) @ (labels / labels.sum(axis=0))
    negative = holds.T.astype(float) @ (~labels / (~labels).sum(axis=0))
    return 0.5 + np.abs(positive - negative) / 2
