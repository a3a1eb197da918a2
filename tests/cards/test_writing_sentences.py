"""What the sentences of the write side say of numbers whose meaning is known."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from empathy_core.cards.write_tables import (
    LIKELIHOOD_HEADERS,
    TRANSCRIPT_HEADERS,
    WRITING_HEADERS,
    likelihood_rows,
    transcript_table,
    writing_rows,
)
from empathy_core.cards.writing import (
    away,
    bandwidth_groups,
    bandwidth_outcome,
    bandwidths,
    in_order,
    likelihood_outcome,
    likelihood_outcomes,
    outcome,
    steerings,
)
from empathy_core.contracts import Estimate
from empathy_core.steering.bandwidth import rank_models
from empathy_core.steering.range import steering_range

STEERABLE, COHERENT, APART, OPEN, UNJUDGED, UNSAID = (
    "Steerable: ",
    "Coherent but no effect",
    "Falls apart before",
    "Undecided: ",
    "Not measurable: no judge",
    "Not measurable: the judge gave too few",
)


def number(name, value, low=None, high=None, null=0.0):
    low, high = (value if end is None else end for end in (low, high))
    return Estimate(name, float(value), float(low), float(high), 28, null, "tests.cards.made_by_hand")


def experiment(shares, coherent, found=None, opposed=None, away_range=None, bound=0.3):
    """Curves at strengths 0, 0.2, 0.4 …; `found` and `away_range` are (value, low, high) of the ranges."""
    stem = "g/m/write/warm"
    made = [number(f"{stem}/steered/alpha={0.2 * i:g}/coherent", kept, null=None) for i, kept in enumerate(coherent)]
    for i, share in enumerate(shares):
        at = f"{stem}/steered/alpha={0.2 * i:g}/share"
        made.append(number(at, share, share - 0.05, share + 0.05, bound if i else None))
    made += [number(f"{stem}/opposed/alpha={-0.2 * i:g}/share", share) for i, share in enumerate(opposed or (), 1)]
    made += [number(f"{stem}/range", *found)] if found else []
    made += [number(f"{stem}/range-opposed", *away_range)] if away_range else []
    (one,) = steerings(made)
    return one


RISING, FLAT, WHOLE, BROKEN, LATE = (0.25, 0.5, 0.8), (0.25, 0.24, 0.26), (1, 0.95, 0.9), (1, 0.4, 0), (1, 0.9, 0.2)


@pytest.mark.parametrize(
    "shares, coherent, found, said",
    [
        (RISING, WHOLE, (0.4, 0.35, 0.4), STEERABLE),
        (RISING, LATE, (0.26, 0.2, 0.3), STEERABLE),
        (RISING, WHOLE, (0.4, 0.0, 0.4), OPEN),
        (FLAT, WHOLE, (0.0, 0.0, 0.0), COHERENT),
        (FLAT, WHOLE, (0.0, 0.0, 0.4), COHERENT),
        (FLAT, LATE, (0.0, 0.0, 0.0), COHERENT),
        (RISING, BROKEN, (0.0, 0.0, 0.0), APART),
        (FLAT, BROKEN, (0.0, 0.0, 0.0), APART),
        ((0.25, 0.26, 0.9), LATE, (0.0, 0.0, 0.0), APART),
        (RISING, (0, 0, 0), (0.0, 0.0, 0.0), APART),
        ((), WHOLE, None, UNJUDGED),
        (RISING, WHOLE, None, UNSAID),
    ],
)
def test_a_concept_is_steerable_only_where_effect_and_coherence_hold_together(shares, coherent, found, said):
    assert outcome(experiment(shares, coherent, found)).startswith(said)


def test_exactly_one_sentence_fits_any_numbers():
    ranges = [None, (0.0, 0.0, 0.0), (0.3, 0.0, 0.4), (0.3, 0.2, 0.4)]
    for shares, coherent, found in itertools.product((RISING, FLAT, ()), (WHOLE, BROKEN, LATE), ranges):
        said = outcome(experiment(shares, coherent, found if shares else None))
        assert sum(said.startswith(begins) for begins in (STEERABLE, COHERENT, APART, OPEN, UNJUDGED, UNSAID)) == 1


def test_a_planted_direction_is_told_from_random_ones_by_range_and_sentence_alike():
    rng = np.random.default_rng(0)
    strengths, coherent = np.array([0.2, 0.4, 0.6]), (1, 0.95, 0.9, 0.3)
    nulls = rng.normal(0, 0.02, (20, 3))
    for slope, said in ((1.0, STEERABLE), (0.0, COHERENT)):
        reached = steering_range(strengths, slope * strengths, np.array(coherent[1:]), nulls)
        shares = (0.2, *(0.2 + slope * strengths))
        one = experiment(shares, coherent, (reached, reached, reached))
        assert outcome(one).startswith(said)
        assert one.last_coherent == 2


def test_the_sentence_names_the_shares_at_the_last_coherent_strength_and_the_range():
    said = outcome(experiment(RISING, LATE, (0.26, 0.2, 0.3)))
    assert said == "Steerable: coherent up to α = 0.26; at α = 0.2 the share has gone from 0.25 to 0.50."


def test_a_range_that_ends_with_the_strengths_tried_is_said_to_be_so():
    assert "strongest tried" in outcome(experiment(RISING, WHOLE, (0.4, 0.3, 0.4)))
    assert "strongest tried" not in outcome(experiment(RISING, LATE, (0.26, 0.2, 0.3)))


@pytest.mark.parametrize(
    "opposed, found, said",
    [
        ((), None, None),
        ((0.1, 0.0), None, "Not measurable: the style is too rare"),
        ((0.1, 0.0), (0.3, 0.2, 0.35), "Can be steered away from, up to α = 0.30."),
        (
            (0.1, 0.0),
            (0.4, 0.2, 0.4),
            "Can be steered away from, up to α = 0.40, the strongest tried.",
        ),
        ((0.1, 0.0), (0.3, 0.0, 0.4), "Undecided: becomes rarer"),
        ((0.2, 0.2), (0.0, 0.0, 0.4), "Becomes no rarer"),
    ],
)
def test_steering_away_has_a_sentence_of_its_own(opposed, found, said):
    told = away(experiment(RISING, WHOLE, (0.4, 0.3, 0.4), opposed, found))
    assert told is None if said is None else told.startswith(said)


def test_planted_effects_are_told_from_none(estimates):
    said = {(one.model, one.concept): outcome(one) for one in steerings(estimates)}
    assert said["persistent", "affective"].startswith(STEERABLE)
    assert said["scrambled", "affective"].startswith(COHERENT)
    assert len(said) == 4 * 3


def test_the_control_concept_comes_last_whatever_the_order_given(estimates):
    own = [one for one in estimates if "/persistent/write/" in one.name]
    casual = [replace(e, name=e.name.replace("/cognitive/", "/casual/")) for e in own if "/cognitive/" in e.name]
    found = steerings([*casual, *own])
    assert [one.concept for one in found] == ["cognitive", "affective", "instrumental", "casual"]
    assert in_order(["casual", "a", "b", "a"]) == ("a", "b", "casual")


WIDE, NARROW, NONE = (1.0, 0.9, 1.1), (0.4, 0.3, 0.5), (0.0, 0.0, 0.0)


def measured(empathy, register=None, permuted=None, null=0.0):
    found = {"empathy": number("g/m/bandwidth/empathy", *empathy, null)}
    found |= {"register": number("g/m/bandwidth/register", *register)} if register else {}
    return found | ({"permuted": number("g/m/bandwidth/permuted", *permuted)} if permuted else {})


@pytest.mark.parametrize(
    "found, said",
    [
        ({}, "Not measurable"),
        (measured(WIDE, NARROW, NONE), "wider than that of the control concept"),
        (measured(NARROW, WIDE, NONE), "narrower than that of the control concept"),
        (measured(WIDE, (0.95, 0.5, 1.0)), "not told apart from that of the control concept"),
        (measured(WIDE), "was not measured"),
        (measured(NONE, WIDE), "No bandwidth beyond permuted labels"),
        (measured(NARROW, NONE, null=0.3), "No bandwidth beyond permuted labels"),
        (measured(NARROW, NONE, (0.1, 0.0, 0.35)), "No bandwidth beyond permuted labels"),
    ],
)
def test_bandwidth_is_held_against_both_nulls_and_then_against_its_control(found, said):
    assert said in bandwidth_outcome(found)


def test_bandwidth_in_other_units_is_not_compared(estimates):
    assert all(set(found) == {"empathy", "register", "permuted"} for found in bandwidths(estimates).values())


def grouped(intervals):
    return bandwidth_groups([number(f"g/{m}/bandwidth/empathy", *interval) for m, interval in intervals.items()])


def test_models_are_ranked_only_where_intervals_separate():
    assert grouped({"a": NARROW, "b": WIDE, "c": (0.45, 0.42, 0.6)}) == (("b",), ("c", "a"))
    assert grouped({"a": WIDE, "b": (0.8, 0.45, 1.0), "c": NARROW}) == (("a", "b", "c"),)
    assert grouped({"a": NONE, "b": NONE}) == (("a", "b"),)
    assert grouped({}) == ()


def test_groups_of_models_agree_with_a_ranking_by_draws():
    rng = np.random.default_rng(0)
    draws = {model: rng.normal(centre, 0.1, 500) for model, centre in zip("abcd", (0.2, 1.0, 1.05, 3.0), strict=True)}
    bounds = {m: (d.mean(), *np.percentile(d, [2.5, 97.5])) for m, d in draws.items()}
    assert grouped(bounds) == rank_models(draws)


@pytest.mark.parametrize(
    "interval, null, said",
    [
        ((0.3, 0.2, 0.4), 0.1, "likelier than the others."),
        ((0.3, 0.05, 0.4), 0.1, "no more than random directions could"),
        ((0.1, -0.1, 0.3), 0.01, "does not favour"),
        ((-0.3, -0.4, -0.2), -0.1, "does not favour"),
    ],
)
def test_a_likelihood_shift_counts_beyond_random_directions(interval, null, said):
    assert said in likelihood_outcome(0.3, number("g/m/likelihood/diagonal/alpha=0.3", *interval, null))


def test_the_weakest_push_towards_the_styles_speaks(estimates):
    found = likelihood_outcomes(estimates)
    assert found["persistent"][1].name.endswith("/likelihood/diagonal/alpha=0.15")
    assert "does not favour" in found["scrambled"][0] and len(found) == 4


def test_every_table_has_a_row_for_each_concept_and_one_on_bandwidth(estimates):
    rows = writing_rows(estimates)
    assert len(rows) == 4 * (3 + 1) and {len(row) for row in rows} == {len(WRITING_HEADERS) + 1}
    assert [row[1] for row in rows[:4]] == ["cognitive", "affective", "instrumental", "bandwidth"]
    shifts = likelihood_rows(estimates)
    assert len(shifts) == 4 and {len(row) for row in shifts} == {len(LIKELIHOOD_HEADERS) + 1}
    assert writing_rows([]) == likelihood_rows([]) == []


def test_without_a_judge_every_row_says_so(estimates):
    rows = writing_rows([one for one in estimates if one.name.endswith("/coherent")])
    assert {row[2] for row in rows} == {"Not measurable: no judge."}


def test_few_arms_stand_side_by_side_and_many_one_below_the_other():
    few = [(arm, "0.3", prompt, f"{arm} {prompt}") for prompt in ("p", "q") for arm in ("none", "steered a")]
    headers, rows = transcript_table(few)
    assert rows == [
        ["", "none, α = 0.3", "steered a, α = 0.3"],
        ["p", "none p", "steered a p"],
        ["q", "none q", "steered a q"],
    ]
    assert {len(row) for row in rows} == {len(headers)}
    assert transcript_table(few[:3])[1][-1] == ["q", "none q", "–"]
    many = [(f"steered {i}", "0.3", "p", "r") for i in range(5)]
    assert transcript_table(many) == (list(TRANSCRIPT_HEADERS), [list(row) for row in many])


def test_no_reply_is_lost_where_a_prompt_came_twice():
    twice = [("none", "0", "p", "first"), ("none", "0", "p", "second")]
    assert transcript_table(twice)[1] == [list(row) for row in twice]


def test_a_range_without_its_interval_above_zero_never_counts(estimates):
    touching = [replace(e, low=0.0) if e.name.endswith("/range") else e for e in estimates]
    assert not [one for one in steerings(touching) if outcome(one).startswith(STEERABLE)]
