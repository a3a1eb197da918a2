import itertools

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import fleiss_kappa

from empathy_core.contracts import Text, TextSet
from empathy_core.datasets.review.agreement import cohen, fleiss, review_gates
from empathy_core.datasets.review.krippendorff import alpha

N = np.nan
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, N, N, N],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, N, 3],
        [N, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, N],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, N],
    ]
)
"""Krippendorff (2011), example C: four observers, twelve units, missing ratings."""
STYLES = ("wordplay", "irony", "absurd")


def alpha_by_pairs(ratings, level):
    """The definition, pair by pair."""
    items = [[value for value in column if not np.isnan(value)] for column in ratings.T]
    values = [value for item in items if len(item) > 1 for value in item]

    def distance(a, b):
        if level == "nominal":
            return float(a != b)
        low, high = min(a, b), max(a, b)
        between = sum(low <= value <= high for value in values)
        return (between - (values.count(a) + values.count(b)) / 2) ** 2 if a != b else 0.0

    observed = sum(
        distance(a, b) / (len(item) - 1) for item in items if len(item) > 1 for a, b in itertools.permutations(item, 2)
    )
    expected = sum(distance(a, b) for a, b in itertools.permutations(values, 2)) / (len(values) - 1)
    return 1 - observed / expected


def make_texts(n_scenarios):
    rows = [
        Text(f"s{i}-{style}", f"s{i}", "office", style, f"Scenario {i}.", f"Reply {i}, {style}.")
        for i in range(n_scenarios)
        for style in STYLES
    ]
    return TextSet("jokes", "measured", tuple(rows))


def noisy(decide, texts, raters, p_right, rng):
    """Each rater knows the style and the naturalness of a text with probability `p_right`, and else draws at random."""
    truth = rng.integers(1, 6, len(texts))
    return [
        decide(
            text,
            rater,
            text.style if rng.random() < p_right else str(rng.choice(STYLES)),
            int(natural if rng.random() < p_right else rng.integers(1, 6)),
        )
        for rater in raters
        for text, natural in zip(texts.texts, truth, strict=True)
    ]


def by_name(gates):
    return {gate.name: gate for gate in gates}


@pytest.mark.parametrize("level, published", [("nominal", 0.743), ("ordinal", 0.815)])
def test_alpha_of_the_published_example(level, published):
    assert round(alpha(PUBLISHED, level), 3) == published


@pytest.mark.parametrize("level", ["nominal", "ordinal"])
@pytest.mark.parametrize("seed", range(5))
def test_alpha_agrees_with_its_definition_pair_by_pair(level, seed):
    rng = np.random.default_rng(seed)
    ratings = rng.integers(1, 6, (3, 20)).astype(float)
    ratings[rng.random(ratings.shape) < 0.3] = N
    assert alpha(ratings, level) == pytest.approx(alpha_by_pairs(ratings, level))


def test_nominal_alpha_is_fleiss_kappa_but_for_the_size_of_the_sample():
    ratings = np.random.default_rng(0).choice([1.0, 2.0, 2.0, 3.0], (4, 30))
    table = (ratings[:, :, None] == [1, 2, 3]).sum(axis=0)
    n = ratings.size
    assert alpha(ratings, "nominal") == pytest.approx(1 - (1 - fleiss_kappa(table)) * (n - 1) / n)
    assert fleiss(ratings) == pytest.approx(fleiss_kappa(table))


def test_an_item_with_one_rating_changes_nothing():
    more = np.column_stack([PUBLISHED, [N, 5, N, N], [N, N, N, N]])
    assert alpha(more, "ordinal") == pytest.approx(alpha(PUBLISHED, "ordinal"))


def test_ordinal_alpha_forgives_neighbours_more_than_opposites():
    rng = np.random.default_rng(0)
    first = rng.integers(1, 6, 60).astype(float)
    near, far = np.clip(first + rng.choice([-1, 0, 1], 60), 1, 5), (first + rng.choice([0, 2, 3], 60) - 1) % 5 + 1
    assert alpha(np.stack([first, near]), "ordinal") > 0.75 > 0.5 > alpha(np.stack([first, far]), "ordinal")


@pytest.mark.parametrize("coefficient", [cohen, fleiss, lambda ratings: alpha(ratings, "ordinal")])
def test_ratings_that_never_vary_are_no_agreement(coefficient):
    assert coefficient(np.full((2, 10), 5.0)) == 0.0


def test_alpha_of_no_pair_is_no_agreement():
    assert alpha(np.array([[1.0, N], [N, 2.0]]), "ordinal") == 0.0


def test_cohens_kappa_recovers_the_share_that_two_raters_know():
    rng = np.random.default_rng(0)
    truth = rng.integers(3, size=20_000)
    ratings = np.where(rng.random((2, 20_000)) < 0.8, truth, rng.integers(3, size=(2, 20_000))).astype(float)
    assert cohen(ratings) == pytest.approx(0.8**2, abs=0.02)


def test_raters_who_know_pass_every_gate(decide):
    texts = make_texts(30)
    found = review_gates(texts, noisy(decide, texts, ("anna", "ben"), 0.97, np.random.default_rng(0)))
    assert [gate.name for gate in found] == [
        "review-style/wordplay",
        "review-style/irony",
        "review-style/absurd",
        "review-double-rated",
        "review-kappa",
        "review-naturalness",
    ]
    assert all(gate.passed for gate in found), found
    assert all(gate.estimate.name == f"jokes/quality/{gate.name}" for gate in found)
    assert all(gate.estimate.low <= gate.estimate.value <= gate.estimate.high for gate in found)


def test_raters_who_guess_fail_every_gate_but_the_number_of_ratings(decide):
    texts = make_texts(30)
    found = by_name(review_gates(texts, noisy(decide, texts, ("anna", "ben"), 0.0, np.random.default_rng(1))))
    assert {name for name, gate in found.items() if gate.passed} == {"review-double-rated"}
    for name in ("review-kappa", "review-naturalness"):
        assert found[name].estimate.low < 0 < found[name].estimate.high


def test_the_kappa_of_two_raters_is_scikit_learns(decide):
    texts = make_texts(12)
    decisions = noisy(decide, texts, ("anna", "ben"), 0.7, np.random.default_rng(2))
    labels = {rater: [d.answers["style"] for d in decisions if d.rater == rater] for rater in ("anna", "ben")}
    gate = by_name(review_gates(texts, decisions))["review-kappa"]
    assert gate.estimate.value == pytest.approx(cohen_kappa_score(labels["anna"], labels["ben"]))
    assert gate.threshold == "≥ 0.7" and gate.estimate.n == 12 and gate.detail == "Cohen's kappa on 36 replies"


def test_three_raters_get_fleiss_kappa_and_unequal_numbers_of_ratings_nominal_alpha(decide):
    texts = make_texts(10)
    decisions = noisy(decide, texts, ("anna", "ben", "cleo"), 0.9, np.random.default_rng(3))
    full = by_name(review_gates(texts, decisions))["review-kappa"]
    assert full.detail == "Fleiss' kappa on 30 replies" and full.threshold == "≥ 0.67"
    partial = by_name(review_gates(texts, decisions[:-7]))["review-kappa"]
    assert partial.detail == "nominal alpha on 30 replies"
    assert partial.estimate.value == pytest.approx(full.estimate.value, abs=0.1)


def test_the_order_of_decisions_changes_nothing(decide):
    texts = make_texts(8)
    decisions = noisy(decide, texts, ("anna", "ben", "cleo"), 0.8, np.random.default_rng(4))
    assert review_gates(texts, decisions) == review_gates(texts, decisions[::-1])


def test_a_style_is_recognised_by_the_majority_and_not_by_a_tie(decide):
    texts = make_texts(4)
    votes = [["irony"], ["irony", "absurd"], ["irony", "irony", "absurd"], ["absurd", "absurd", "irony"]]
    decisions = [
        decide(text, f"rater {i}", style)
        for text, given in zip([t for t in texts.texts if t.style == "irony"], votes, strict=True)
        for i, style in enumerate(given)
    ]
    gate = by_name(review_gates(texts, decisions))["review-style/irony"]
    interval = binomtest(2, 4).proportion_ci()
    assert (gate.estimate.value, gate.estimate.n, gate.passed) == (0.5, 4, False)
    assert (gate.estimate.low, gate.estimate.high) == pytest.approx((interval.low, interval.high))
    assert gate.detail == "mistaken for absurd: 1 of 4" and gate.estimate.null == pytest.approx(1 / 3)


def test_one_rater_is_no_agreement(decide):
    texts = make_texts(10)
    found = by_name(review_gates(texts, [decide(text) for text in texts.texts]))
    assert set(found) == {"review-style/wordplay", "review-style/irony", "review-style/absurd", "review-double-rated"}
    assert found["review-double-rated"].passed is False
    assert found["review-double-rated"].detail == "one rater a reply: agreement cannot be measured"


def test_two_raters_of_different_replies_are_no_agreement(decide):
    texts = make_texts(10)
    decisions = [decide(text, "anna" if i < 15 else "ben") for i, text in enumerate(texts.texts)]
    assert not {"review-kappa", "review-naturalness"} & set(by_name(review_gates(texts, decisions)))


def test_a_constant_rater_agrees_with_nobody_and_two_constant_raters_not_even_with_each_other(decide):
    texts = make_texts(10)
    knowing = [decide(text, "anna", naturalness=1 + i % 5) for i, text in enumerate(texts.texts)]
    constant = [[decide(text, rater, "irony", 5) for text in texts.texts] for rater in ("ben", "cleo")]
    for decisions in (knowing + constant[0], constant[0] + constant[1]):
        found = by_name(review_gates(texts, decisions))
        assert (
            found["review-kappa"].estimate.value == pytest.approx(0.0, abs=1e-12) and not found["review-kappa"].passed
        )
        assert found["review-naturalness"].estimate.value <= 0 and not found["review-naturalness"].passed


def test_a_single_reply_rated_by_two_does_not_crash_nor_pass(decide):
    texts = make_texts(2)
    found = by_name(review_gates(texts, [decide(texts.texts[0], rater) for rater in ("anna", "ben")]))
    assert found["review-kappa"].passed is False and found["review-naturalness"].passed is False


def test_nothing_is_measured_without_decisions():
    assert review_gates(make_texts(2), []) == ()
