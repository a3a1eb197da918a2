import itertools
from collections import Counter

import pytest

from empathy_core.contracts import BadInput
from empathy_core.datasets.review.generations import GAP, Generation, generation_sheet
from empathy_core.datasets.review.sheet import item_id, text_sheet


def order(sheet):
    return [[item.id for item in screen.items] for screen in sheet.screens]


def generations(n_prompts, conditions=("none", "plus", "minus")):
    return [
        Generation(f"Prompt {i}", f"Reply {i}{place}", condition)
        for i in range(n_prompts)
        for place, condition in enumerate(conditions)
    ]


def test_a_sheet_shows_every_main_text_once_beside_its_siblings(texts):
    screens = text_sheet(texts, seed=0).screens
    shown = {item.id: (screen.prompt, item) for screen in screens for item in screen.items}
    main = [text for text in texts.texts if text.role == "main"]
    assert sum(len(screen.items) for screen in screens) == len(shown) == len(main)
    for text in main:
        prompt, item = shown[item_id(text)]
        assert (prompt, item.response, item.content_hash) == (text.scenario, text.response, text.content_hash)


def test_the_seed_gives_the_order_of_scenarios_and_of_replies(texts):
    assert order(text_sheet(texts, seed=1)) == order(text_sheet(texts, seed=1))
    first, second = order(text_sheet(texts, seed=1)), order(text_sheet(texts, seed=2))
    assert [set(ids) for ids in first] != [set(ids) for ids in second]
    assert sorted(map(sorted, first)) == sorted(map(sorted, second)) and sorted(first) != sorted(second)


def test_the_place_of_a_reply_does_not_give_its_style_away(texts):
    style = {item_id(text): text.style for text in texts.texts}
    places = Counter(
        (place, style[item])
        for seed in range(100)
        for ids in order(text_sheet(texts, seed))
        for place, item in enumerate(ids)
    )
    assert len(places) == 9 and all(150 < count < 250 for count in places.values())


def test_a_share_keeps_whole_scenarios(texts):
    screens = text_sheet(texts, seed=0, share=0.2).screens
    assert [len(screen.items) for screen in screens] == [3, 3]
    with pytest.raises(BadInput, match="share of scenarios lies above 0"):
        text_sheet(texts, seed=0, share=0.0)


def test_styles_of_a_users_own_concept_are_the_options_and_any_change_makes_a_new_version(texts):
    sheet = text_sheet(texts, seed=0)
    assert [option.value for option in sheet.questions[0].options] == ["wordplay", "irony", "absurd"]
    assert not any(option.meaning for option in sheet.questions[0].options)
    assert sheet.version == text_sheet(texts, seed=0).version != text_sheet(texts, seed=1).version


def test_replies_to_one_prompt_keep_their_distance():
    sheet, _ = generation_sheet(generations(14), seed=3)
    places = {}
    for place, screen in enumerate(sheet.screens):
        places.setdefault(screen.prompt, []).append(place)
    assert all(later - earlier > GAP for found in places.values() for earlier, later in itertools.pairwise(found))


def test_where_prompts_are_few_their_replies_stand_as_far_apart_as_they_can():
    sheet, _ = generation_sheet(generations(3), seed=0)
    prompts = [screen.prompt for screen in sheet.screens]
    assert all(len(set(prompts[start : start + 3])) == 3 for start in range(0, 9, 3))


def test_a_tenth_of_the_generations_comes_twice_under_another_id():
    rows = generations(20)
    sheet, key = generation_sheet(rows, seed=0)
    counts = Counter(key.values())
    assert len(sheet.screens) == len(key) == 66
    assert set(counts) == set(rows) and sorted(counts.values()) == [1] * 54 + [2] * 6


def test_only_the_key_knows_the_conditions():
    sheet, key = generation_sheet(generations(12, ("baseline-arm", "steered-arm")), seed=0)
    assert "arm" not in repr(sheet).replace("warm", "").replace("harm", "")
    for screen in sheet.screens:
        [item] = screen.items
        assert (key[item.id].prompt, key[item.id].response) == (screen.prompt, item.response)
    assert [len(question.options) for question in sheet.questions] == [5, 5, 5] and not sheet.reasons


def test_an_empty_rating_is_refused():
    with pytest.raises(BadInput, match="needs generated replies"):
        generation_sheet([], seed=0)
