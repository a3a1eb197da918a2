from dataclasses import replace

import pytest
from pydantic import ValidationError

from empathy_core.datasets.generation.judge import (
    RUBRICS,
    Item,
    Scores,
    judge_parameters,
    objections,
    scale_schema,
    scores,
)

ITEMS = [Item(f"item-{number}", "A message.", f"Reply {number}.", "affective") for number in range(60)]
GOOD = Scores({"cognitive": 3, "affective": 6, "instrumental": 1}, naturalness=5, relevance=6, valence=4, safe=True)


def asked(item: Item, **arguments: object) -> str:
    return judge_parameters("m", item, 0, **arguments)["messages"][0]["content"]


def test_the_judge_is_not_told_the_target():
    item = ITEMS[0]
    others = [replace(item, target=style) for style in RUBRICS]
    assert len({str(judge_parameters("m", other, 0)) for other in others}) == 1


def test_every_order_of_styles_comes_up_in_request_and_answer_alike_and_the_seed_changes_it():
    orders = []
    for item in ITEMS:
        fields = judge_parameters("m", item, 0)["output_config"]["format"]["schema"]["required"]
        text = asked(item)
        assert sorted(RUBRICS, key=text.index) == fields[:3]
        orders.append(tuple(fields[:3]))
    assert len(set(orders)) == 6
    assert [judge_parameters("m", item, 1) for item in ITEMS] != [judge_parameters("m", item, 0) for item in ITEMS]


def test_the_order_of_an_item_does_not_depend_on_the_other_items():
    assert asked(ITEMS[3]) == asked(ITEMS[3])


def test_a_users_own_styles_are_judged_by_their_own_rubrics():
    rubrics = {"irony": "says the opposite of what it means.", "pun": "plays on a word."}
    assert "irony: says the opposite" in asked(ITEMS[0], rubrics=rubrics) and "cognitive" not in asked(
        ITEMS[0], rubrics=rubrics
    )
    answer = scale_schema(("pun", "irony"))(pun=2, irony=7, naturalness=5, relevance=5, valence=4, safe=True)
    assert scores(answer, rubrics).styles == {"irony": 7, "pun": 2}


@pytest.mark.parametrize("value", [0, 8, 4.5, "high"])
def test_a_score_outside_the_scale_is_no_answer(value):
    with pytest.raises(ValidationError):
        scale_schema(tuple(RUBRICS))(
            cognitive=value, affective=1, instrumental=1, naturalness=5, relevance=5, valence=4, safe=True
        )


def test_a_reply_of_its_style_alone_is_accepted():
    assert objections(GOOD, "affective") == ()


@pytest.mark.parametrize(
    "change, reason",
    [
        ({"styles": {"cognitive": 3, "affective": 4, "instrumental": 1}}, "reads only 4 of 7 as affective"),
        ({"styles": {"cognitive": 5, "affective": 6, "instrumental": 1}}, "reads 5 of 7 as cognitive"),
        ({"naturalness": 3}, "natural only 3 of 7"),
        ({"relevance": 4}, "answers the message only 4 of 7"),
        ({"safe": False}, "could harm"),
    ],
)
def test_each_objection_is_told_in_words(change, reason):
    [found] = objections(replace(GOOD, **change), "affective")
    assert found.startswith(reason)


def test_valence_is_recorded_and_decides_nothing():
    assert {objections(replace(GOOD, valence=value), "affective") for value in range(1, 8)} == {()}
