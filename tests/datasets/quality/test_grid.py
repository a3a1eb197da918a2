import numpy as np
import pytest

from empathy_core.datasets.quality.grid import (
    commonest_name,
    domains,
    factor_levels,
    people,
    shared_factors,
    smallest_cell,
    split_domains,
    stated_origin,
)

ONE = {"warm": "x", "cold": "y"}


def _set(make_texts, n=8, **fields):
    return make_texts(
        {f"s{i}": ONE for i in range(n)}, **{k: {f"s{i}": v[i] for i in range(n)} for k, v in fields.items()}
    )


def _values(found):
    return {one.name: one.estimate.value for one in found}


def test_levels_are_counted_without_the_empty_one(make_texts):
    texts = _set(make_texts, 4, family=["you", "thing", "", "you"], register=["formal"] * 4)
    assert _values(factor_levels(texts)) == {"levels/family": 2, "levels/register": 1, "levels/person": 0}


def test_a_crossed_design_has_its_smallest_cell_and_a_confounded_one_has_none(make_texts):
    crossed = {"family": list("aabbaabb"), "register": list("fcfcfcfc"), "person": list("11112222")}
    assert smallest_cell(_set(make_texts, **crossed)).estimate.value == 0.25
    confounded = smallest_cell(_set(make_texts, **{**crossed, "register": list("ffccffcc")}))
    assert (confounded.estimate.value, confounded.detail) == (0.0, "a × c")


def test_a_register_that_differs_inside_a_scenario_is_not_shared(make_texts):
    texts = _set(make_texts, 4, register=["formal"] * 4)
    [first, *rest] = texts.texts
    mixed = type(texts)("toy", "measured", (type(first)(**{**vars(first), "register": "casual"}), *rest))
    assert shared_factors(texts).estimate.value == 1
    assert (shared_factors(mixed).estimate.value, shared_factors(mixed).detail) == (0.75, "s0")


def test_domains_are_counted_by_scenario_and_their_effective_number_is_the_exponential_of_entropy(make_texts):
    texts = _set(make_texts, context=["work"] * 4 + ["home"] * 2 + ["love", "war"])
    found = _values(domains(texts))
    shares = np.array([4, 2, 1, 1]) / 8
    assert found["domains/count"] == 4
    assert found["domains/effective-number"] == pytest.approx(np.prod(shares**-shares))
    assert (found["domains/smallest"], found["domains/largest"]) == (0.125, 0.5)


def test_the_person_of_a_scenario_is_its_commonest_pronoun_and_nobody_counts_for_none(make_texts):
    scenarios = {
        "s0": "She told me that he was late, and I like her.",
        "s1": "He's gone, I think.",
        "s2": "Their dog bit me.",
        "s3": "The theatre closed.",
    }
    found = _values(people(make_texts({name: ONE for name in scenarios}, scenarios)))
    assert found == {"people/she": 0.25, "people/he": 0.25, "people/they": 0.25}


def test_names_are_capitals_inside_a_sentence_but_no_days_and_not_i(make_texts):
    scenarios = {
        "s0": "On Monday Anna came and I left. Anna stayed.",
        "s1": "In May we saw Anna, and I ran.",
        "s2": "Berlin was cold on Monday.",
    }
    found = commonest_name(make_texts({name: ONE for name in scenarios}, scenarios))
    assert (found.estimate.value, found.detail) == (2, "Anna")


def test_a_set_without_names_has_none(make_texts):
    assert commonest_name(make_texts({"s0": ONE}, {"s0": "it rained."})).estimate.value == 0


def test_a_domain_in_both_splits_is_named(make_texts):
    texts = _set(make_texts, 4, context=["work", "work", "home", "love"], split=["train", "test", "train", "test"])
    assert (split_domains(texts).estimate.value, split_domains(texts).detail) == (1, "work")


def test_half_of_the_texts_may_lack_an_origin(make_texts):
    assert stated_origin(_set(make_texts, 4, origin=["hand", "", "hand", ""])).estimate.value == 0.5
