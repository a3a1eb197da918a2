"""Gates on human ratings: are texts recognised as the style they were written in, and do raters agree?"""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import fleiss_kappa

from empathy_core.contracts import Estimate, Gate, TextSet
from empathy_core.datasets.review.decisions import Decision, Rated, rated
from empathy_core.datasets.review.krippendorff import alpha
from empathy_core.datasets.review.sheet import NATURALNESS, Question, text_questions
from empathy_core.stats import binomial_interval, percentile_interval

DRAWS = 1000
MIN_RECOGNISED = 0.85
MIN_DOUBLE_RATED = 0.2
MIN_KAPPA = 0.67
MIN_KAPPA_OF_TWO = 0.70
MIN_ALPHA = 0.67
MIN_ALPHA_LOW = 0.55

Ratings = Float[np.ndarray, "rater item"]


def review_gates(texts: TextSet, decisions: Sequence[Decision], seed: int = 0) -> tuple[Gate, ...]:
    """Measure every gate of human review; nothing without decisions.

    Agreement is measured on the replies that two or more raters rated. Without such replies its gates are absent and
    `review-double-rated` fails. Raises `BadInput` for decisions that do not fit the texts (see `decisions.rated`).
    """
    found = rated(texts, decisions)
    if not found:
        return ()
    styles = [style for style in texts.main_styles if any(text.style == style for text in found)]
    recognised = (recognised_style(texts, found, style) for style in styles)
    double = {text: given for text, given in found.items() if len(given) > 1}
    gates = (*recognised, double_rated(texts, found))
    if not double:
        return gates
    rng = np.random.default_rng(seed)
    return (*gates, style_agreement(texts, double, rng), naturalness_agreement(texts, double, rng))


def recognised_style(texts: TextSet, found: Rated, style: str) -> Gate:
    """Share of the replies written in a style that most of their raters give it; a tie is not recognised.

    The interval is an exact binomial one: a scenario holds one reply of each style.
    """
    labels = [_majority([d.answers["style"] for d in given]) for text, given in found.items() if text.style == style]
    hits = sum(label == style for label in labels)
    estimate = Estimate(
        f"{texts.name}/quality/review-style/{style}",
        hits / len(labels),
        *binomial_interval(hits, len(labels)),
        n=len(labels),
        null=1 / len(texts.main_styles),
        method="datasets.review.agreement.recognised_style",
    )
    mistaken = Counter(str(label) for label in labels if label not in (style, None)).most_common(1)
    detail = "".join(f"mistaken for {other}: {count} of {len(labels)}" for other, count in mistaken)
    return _at_least(estimate, MIN_RECOGNISED, detail)


def double_rated(texts: TextSet, found: Rated) -> Gate:
    """Share of the rated replies that two or more people rated; of the whole set, so its interval has no width."""
    share = float(np.mean([len(given) > 1 for given in found.values()]))
    estimate = Estimate(
        f"{texts.name}/quality/review-double-rated",
        share,
        share,
        share,
        n=len(found),
        null=None,
        method="datasets.review.agreement.double_rated",
    )
    raters = sorted({decision.rater for given in found.values() for decision in given})
    detail = f"raters: {', '.join(raters)}" if share else "one rater a reply: agreement cannot be measured"
    return _at_least(estimate, MIN_DOUBLE_RATED, detail)


def style_agreement(texts: TextSet, double: Rated, rng: np.random.Generator) -> Gate:
    """Agreement on styles: Cohen's kappa of two raters, Fleiss' of more, Krippendorff's nominal alpha where replies
    have unequal numbers of ratings.

    All are 0 at chance. The interval is a bootstrap over scenarios, whose replies are rated side by side.
    """
    style, _ = text_questions(texts)
    ratings = _ratings(double, style)
    name, coefficient = _style_coefficient(ratings)
    estimate = Estimate(
        f"{texts.name}/quality/review-kappa",
        coefficient(ratings),
        *_bootstrap(coefficient, ratings, double, rng),
        n=_n_scenarios(double),
        null=0.0,
        method="datasets.review.agreement.style_agreement",
    )
    return _at_least(
        estimate, MIN_KAPPA_OF_TWO if coefficient is cohen else MIN_KAPPA, f"{name} on {len(double)} replies"
    )


def naturalness_agreement(texts: TextSet, double: Rated, rng: np.random.Generator) -> Gate:
    """Krippendorff's ordinal alpha of the naturalness ratings, 0 at chance.

    Value and lower end of the interval (a bootstrap over scenarios) each have a threshold.
    """

    def coefficient(ratings: Ratings) -> float:
        return alpha(ratings, "ordinal")

    ratings = _ratings(double, NATURALNESS)
    estimate = Estimate(
        f"{texts.name}/quality/review-naturalness",
        coefficient(ratings),
        *_bootstrap(coefficient, ratings, double, rng),
        n=_n_scenarios(double),
        null=0.0,
        method="datasets.review.agreement.naturalness_agreement",
    )
    passed = estimate.value >= MIN_ALPHA and estimate.low >= MIN_ALPHA_LOW
    threshold = f"≥ {MIN_ALPHA:g}, interval from {MIN_ALPHA_LOW:g}"
    return Gate("review-naturalness", estimate, threshold, passed, f"ordinal alpha on {len(double)} replies")


def cohen(ratings: Ratings) -> float:
    """Cohen's kappa (1960) of two raters who rated every item; 0 where neither rater varies."""
    first, second = ratings
    return 0.0 if len(np.unique(ratings)) == 1 else float(cohen_kappa_score(first, second))


def fleiss(ratings: Ratings) -> float:
    """Fleiss' kappa (1971) of items with equally many ratings; 0 where no rating varies."""
    values = np.unique(ratings[~np.isnan(ratings)])
    counts = (ratings[:, :, None] == values).sum(axis=0)
    return 0.0 if len(values) == 1 else float(fleiss_kappa(counts))


def _style_coefficient(ratings: Ratings) -> tuple[str, Callable[[Ratings], float]]:
    if len(ratings) == 2:
        return "Cohen's kappa", cohen
    if len(set((~np.isnan(ratings)).sum(axis=0))) == 1:
        return "Fleiss' kappa", fleiss
    return "nominal alpha", lambda ratings: alpha(ratings, "nominal")


def _ratings(double: Rated, question: Question) -> Ratings:
    """Answers as positions among the question's options; NaN where a rater did not rate a reply."""
    values = [option.value for option in question.options]
    raters = sorted({decision.rater for given in double.values() for decision in given})
    ratings = np.full((len(raters), len(double)), np.nan)
    for item, given in enumerate(double.values()):
        for decision in given:
            ratings[raters.index(decision.rater), item] = values.index(decision.answers[question.id])
    return ratings


def _bootstrap(
    coefficient: Callable[[Ratings], float], ratings: Ratings, double: Rated, rng: np.random.Generator
) -> tuple[float, float]:
    scenarios = np.array([text.scenario_id for text in double])
    columns = [np.flatnonzero(scenarios == scenario) for scenario in np.unique(scenarios)]
    drawn = (rng.integers(len(columns), size=len(columns)) for _ in range(DRAWS))
    return percentile_interval(
        np.array([coefficient(ratings[:, np.concatenate([columns[i] for i in one])]) for one in drawn])
    )


def _n_scenarios(found: Rated) -> int:
    return len({text.scenario_id for text in found})


def _majority(labels: Sequence[int | str]) -> int | str | None:
    """The most frequent label; None where two are."""
    first, *rest = Counter(labels).most_common(2)
    return None if rest and rest[0][1] == first[1] else first[0]


def _at_least(estimate: Estimate, limit: float, detail: str) -> Gate:
    name = estimate.name.split("/quality/")[1]
    return Gate(name, estimate, f"≥ {limit:g}", estimate.value >= limit, detail)
