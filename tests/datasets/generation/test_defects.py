from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from author import good_verdict, reference
from scipy.stats import binomtest

from empathy_core.contracts import BadInput, TextSet
from empathy_core.datasets.files import bundled
from empathy_core.datasets.generation.defects import DEFECTS, GENERALITIES, WARMTH, planted_defects
from empathy_core.datasets.generation.judge import Item, Scores, judge_parameters, scale_schema, scores
from empathy_core.datasets.generation.judge_gates import judge_gates

PLANTED = planted_defects(reference(), seed=0)
ORIGINAL = {(text.scenario, text.response): text for text in reference().texts}


def verdict(item: Item) -> Scores:
    answer = good_verdict(judge_parameters("m", item, 0)["messages"][0]["content"])
    return scores(scale_schema(("cognitive", "affective", "instrumental"))(**answer))


JUDGED = {plant.item.id: verdict(plant.item) for plant in PLANTED}


def by_name(planted, written, judged):
    return {gate.name: gate for gate in judge_gates(planted, written, judged)}


@pytest.mark.parametrize("texts", [reference(), bundled()], ids=["scripted", "bundled"])
def test_sixty_defects_of_six_kinds_stand_among_sixty_sound_replies(texts):
    planted = planted_defects(texts, seed=3)
    counts = Counter(plant.defect for plant in planted)
    assert counts.pop("") == 60 and counts == dict.fromkeys(DEFECTS, 10)
    assert len({plant.item.id for plant in planted}) == 120
    kinds = [bool(plant.defect) for plant in planted]
    assert 20 < sum(kinds[:60]) < 40  # mixed, so that no place gives a defect away


def test_sound_replies_are_texts_under_their_own_style_none_twice():
    sound = [plant.item for plant in PLANTED if not plant.defect]
    assert all(ORIGINAL[item.scenario, item.reply].style == item.target for item in sound)
    assert Counter(item.target for item in sound) == dict.fromkeys(("cognitive", "affective", "instrumental"), 20)
    assert len({(item.scenario, item.reply) for item in sound}) == 60


def test_each_kind_of_defect_is_what_it_says():
    replies = {text.response: text for text in reference().texts}
    for plant in PLANTED:
        item, whole = plant.item, ORIGINAL.get((plant.item.scenario, plant.item.reply))
        if plant.defect == "another style":
            assert whole.style != item.target
        elif plant.defect == "warmth added to advice":
            assert item.reply.startswith(WARMTH) and item.target == "instrumental"
        elif plant.defect == "advice emptied":
            assert item.reply in GENERALITIES and item.target == "instrumental"
        elif plant.defect == "reply to another scenario":
            assert replies[item.reply].scenario != item.scenario and replies[item.reply].style == item.target
        elif plant.defect == "cut off":
            assert any(reply.startswith(item.reply) for reply in replies) and item.reply not in replies
        elif plant.defect == "repeated sentence":
            first, second, *_ = item.reply.split(". ")
            assert first == second


def test_the_seed_decides_the_defects():
    assert planted_defects(reference(), 0) == PLANTED != planted_defects(reference(), 1)


def test_too_few_texts_or_one_domain_are_refused():
    texts = reference()
    with pytest.raises(BadInput, match=r"20 replies in each.*19 in one of them"):
        planted_defects(texts.rows(np.arange(59)), 0)
    with pytest.raises(BadInput, match="at least two domains"):
        planted_defects(TextSet("one", "measured", texts.texts[:27]), 0)


def test_a_judge_that_sees_every_defect_passes():
    written = [plant.item for plant in PLANTED if plant.defect]
    gates = by_name(PLANTED, written, JUDGED)
    assert all(gate.passed for gate in gates.values())
    caught = gates["judge-caught"].estimate
    interval = binomtest(60, 60).proportion_ci(method="exact")
    assert (caught.value, caught.n, caught.low, caught.high) == (1.0, 60, interval.low, interval.high)
    assert caught.name == "generated/quality/judge-caught"


def test_a_judge_that_accepts_everything_fails_to_catch_and_accepts_too_much():
    kind = {
        plant.item.id: replace(
            JUDGED[plant.item.id],
            styles=dict.fromkeys(JUDGED[plant.item.id].styles, 1) | {plant.item.target: 7},
            naturalness=7,
            relevance=7,
        )
        for plant in PLANTED
    }
    gates = by_name(PLANTED, [plant.item for plant in PLANTED], kind)
    assert gates["judge-caught"].estimate.value == 0.0 and gates["judge-caught"].passed is False
    assert "another style (10)" in gates["judge-caught"].detail
    assert gates["judge-accepted"].estimate.value == 1.0 and gates["judge-accepted"].passed is False
    assert gates["judge-false-alarms"].passed is True


def test_a_judge_of_one_value_fails_and_one_constant_scale_is_enough():
    constant = {name: Scores(dict.fromkeys(found.styles, 7), 7, 7, 7, True) for name, found in JUDGED.items()}
    gates = by_name(PLANTED, [], constant)
    assert gates["judge-values"].estimate.value == 1 and gates["judge-values"].passed is False
    assert gates["judge-false-alarms"].estimate.value == 1.0 and gates["judge-false-alarms"].passed is False
    flat = {name: Scores(found.styles, found.naturalness, found.relevance, 4, True) for name, found in JUDGED.items()}
    assert by_name(PLANTED, [], flat)["judge-values"].passed is False


def test_without_verdicts_no_gate_passes():
    gates = by_name(PLANTED, [], {})
    assert [gate.passed for gate in gates.values()] == [False] * 4
    assert (gates["judge-caught"].estimate.low, gates["judge-caught"].estimate.high) == (0.0, 1.0)
