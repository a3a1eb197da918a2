"""Agreement of judges: planted agreement comes back, chance is 0, missing ratings are no ratings."""

import itertools

import numpy as np
import pytest
from rater import RUBRICS, STYLES, exchanges, knowing, read_question

from empathy_core.steering.judges.agreement import agreement, between_judges, between_raters, within_raters
from empathy_core.steering.judges.claude import claude_judge, second_judge
from empathy_core.steering.judges.human import Rating, style_id
from empathy_core.steering.judges.interface import NOT_ASKED, Exchange, Judgement, no_verdict, of_nothing
from empathy_core.steering.judges.settings import ClaudeSettings

SETTINGS = ClaudeSettings(second_share=0.5, poll_seconds=0.0)
N_ITEMS = 300
SCENARIOS = np.array([f"s{i // 5}" for i in range(N_ITEMS)])


def noisy(p_right, n_raters, rng):
    truth = rng.integers(1, 8, N_ITEMS)
    right = rng.random((n_raters, N_ITEMS)) < p_right
    return (np.where(right, truth, rng.integers(1, 8, (n_raters, N_ITEMS))) - 1) / 6


def ordinal_alpha(ratings):
    """The definition, pair by pair."""
    items = [[value for value in column if not np.isnan(value)] for column in ratings.T]
    items = [item for item in items if len(item) > 1]
    values = np.array([value for item in items for value in item])

    def distance(a, b):
        low, high = min(a, b), max(a, b)
        between = ((values >= low) & (values <= high)).sum()
        return (between - ((values == a).sum() + (values == b).sum()) / 2) ** 2 if a != b else 0.0

    known = {(a, b): distance(a, b) for a, b in itertools.product(np.unique(values), repeat=2)}
    observed = sum(known[a, b] / (len(item) - 1) for item in items for a, b in itertools.permutations(item, 2))
    return 1 - observed / (sum(known[a, b] for a, b in itertools.permutations(values, 2)) / (len(values) - 1))


@pytest.mark.parametrize("p_right", [0.0, 0.5, 0.95])
def test_planted_agreement_comes_back_inside_its_interval(p_right):
    ratings = noisy(p_right, 2, np.random.default_rng(1))
    [found] = agreement("t/m", "human", "agreement", {"affective": ratings}, SCENARIOS, seed=0)
    # Both are right at the same time with p², and agree by chance else.
    assert found.low < p_right**2 < found.high
    assert (found.name, found.n, found.null) == ("t/m/judge/human/agreement/affective", 60, 0.0)


def test_it_is_ordinal_alpha_also_with_missing_ratings():
    rng = np.random.default_rng(2)
    ratings = noisy(0.7, 3, rng)[:, :60]
    ratings[rng.random(ratings.shape) < 0.4] = np.nan
    [found] = agreement("t/m", "human", "agreement", {"a": ratings}, SCENARIOS[:60], seed=0)
    assert found.value == pytest.approx(ordinal_alpha(ratings))


def test_replies_that_one_judge_rated_do_not_count_and_without_others_there_is_nothing():
    ratings = noisy(0.9, 2, np.random.default_rng(3))
    ratings[1, 100:] = np.nan
    [found] = agreement("t/m", "h", "a", {"x": ratings}, SCENARIOS, seed=0)
    [alone] = agreement("t/m", "h", "a", {"x": ratings[:, :100]}, SCENARIOS[:100], seed=0)
    assert found == alone and found.n == 20
    ratings[1] = np.nan
    assert agreement("t/m", "h", "a", {"x": ratings}, SCENARIOS, seed=0) == ()


def test_judges_who_never_vary_agree_no_better_than_chance():
    [found] = agreement("t/m", "h", "a", {"x": np.ones((2, 50))}, SCENARIOS[:50], seed=0)
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)


def test_two_judges_are_compared_reply_by_reply():
    first = [Judgement(dict.fromkeys(STYLES, i / 6), 0.0, True) for i in range(4)]
    second = [*first[:3], no_verdict(STYLES, NOT_ASKED)]
    table, scenarios = between_judges(exchanges(4), first, second, STYLES)
    assert np.array_equal(table["affective"], [[0, 1 / 6, 2 / 6, 3 / 6], [0, 1 / 6, 2 / 6, np.nan]], equal_nan=True)
    assert scenarios.tolist() == [f"Scenario {i}." for i in range(4)]


def test_equal_and_empty_replies_do_not_make_judges_agree_more():
    items = [*exchanges(3), *exchanges(3), Exchange("Scenario 1.", " ")]
    judged = [*(Judgement({"a": i / 6}, 0.0, True) for i in (0, 1, 2, 0, 1, 2)), of_nothing(["a"])]
    table, scenarios = between_judges(items, judged, judged, ["a"])
    assert table["a"].shape == (2, 3) and len(scenarios) == 3


def test_the_agreement_of_two_models_is_measured_on_what_both_judged(tmp_path, serve):
    def respond(parameters):
        ratings = knowing(parameters)
        wrong = parameters["model"] == SETTINGS.second and int(read_question(parameters)[1].split(":")[0][6:]) % 4 == 0
        return dict.fromkeys(ratings, 4) if wrong else ratings

    serve(respond)
    items = exchanges(120)
    first, second = (
        make(RUBRICS, SETTINGS, tmp_path, lambda *_: None, lambda seconds: None).judge(items)
        for make in (claude_judge, second_judge)
    )
    table, scenarios = between_judges(items, first, second, STYLES)
    found = agreement("t/m", SETTINGS.model, "second-model", table, scenarios, seed=0)
    both = sum(not judgement.missing for judgement in second)
    assert 40 < both < 80 and (~np.isnan(table["cognitive"][1])).sum() == both
    for estimate, style in zip(found, STYLES, strict=True):
        assert estimate.value == pytest.approx(ordinal_alpha(table[style])) and 0.3 < estimate.value < 0.9
        assert estimate.low < estimate.value < estimate.high and estimate.n == 7


def rating(rater, item, place, showing=0):
    places = {style_id(style): place for style in STYLES}
    return Rating(rater, f"s{item // 2}", f"Reply {item}", showing, places)


def test_people_are_compared_by_their_first_ratings_and_with_themselves_by_both():
    ratings = [
        rating("anna", 0, 0.25),
        rating("anna", 0, 0.75, showing=1),
        rating("anna", 3, 1.0),
        rating("ben", 0, 0.5),
        rating("ben", 3, 0.0, showing=1),
    ]
    table, scenarios = between_raters(ratings, STYLES)
    assert np.array_equal(table["cognitive"], [[0.25, 1.0], [0.5, np.nan]], equal_nan=True)
    assert scenarios.tolist() == ["s0", "s1"]
    table, scenarios = within_raters(ratings, STYLES)
    assert np.array_equal(table["cognitive"], [[0.25, 0.5, 1.0, np.nan], [0.75, np.nan, np.nan, 0.0]], equal_nan=True)
    assert scenarios.tolist() == ["s0", "s0", "s1", "s1"]
    [found, *_] = agreement("t/m", "human", "retest", table, scenarios, seed=0)
    assert found.n == 1
