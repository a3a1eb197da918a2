"""People as judges: a blind sheet goes out, ratings come back to the replies they were given for."""

import itertools
import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from rater import RUBRICS, STYLES, exchange, exchanges

from empathy_core.contracts import BadInput
from empathy_core.datasets.review.decisions import Decision, read_decisions
from empathy_core.datasets.review.page import write_page
from empathy_core.steering.judges.human import human_judge, rating_sheet, read_ratings, style_id
from empathy_core.steering.judges.interface import NOT_ASKED, Exchange
from empathy_core.steering.judges.questions import style_rubrics

QUESTIONS = (*map(style_id, STYLES), "register", "coherence")


@pytest.fixture(scope="module")
def rating():
    return rating_sheet(exchanges(40), RUBRICS, seed=0)


def decision(rating, item, rater="anna", hour=10, **answers):
    [shown] = [one for screen in rating.sheet.screens for one in screen.items if one.id == item]
    return Decision.model_validate(
        {
            "item_id": item,
            "content_hash": shown.content_hash,
            "rater": rater,
            "answers": dict.fromkeys(QUESTIONS, 1) | answers,
            "seconds": 3.0,
            "page_version": rating.sheet.version,
            "time": f"2025-01-01T{hour}:00:00.000Z",
        }
    )


def item_of(rating, reply, showing=0):
    return [item for item, row in rating.key.items() if row.response == reply][showing]


def test_every_reply_is_shown_and_a_tenth_twice(rating):
    shown = Counter((row.prompt, row.response) for row in rating.key.values())
    assert set(shown) == {(one.scenario, one.reply) for one in exchanges(40)}
    assert Counter(shown.values()) == {1: 36, 2: 4}
    assert [question.id for question in rating.sheet.questions] == list(QUESTIONS)
    assert all(len(question.options) == 5 for question in rating.sheet.questions)


def test_the_sheet_does_not_depend_on_the_order_or_the_number_of_equal_replies(rating):
    assert rating_sheet(exchanges(40)[::-1] + exchanges(5), RUBRICS, seed=0) == rating
    assert rating_sheet(exchanges(40), RUBRICS, seed=1) != rating


def test_a_share_keeps_whole_scenarios_and_empty_replies_are_not_shown():
    items = [*exchanges(40), Exchange("Scenario 1.", " ")]
    key = rating_sheet(items, RUBRICS, 0, share=0.4).key
    kept = {row.prompt for row in key.values()}
    assert len(kept) == 3
    assert {row.response for row in key.values()} == {i.reply for i in items if i.scenario in kept and i.reply.strip()}


def test_a_users_own_styles_stand_on_the_page(tmp_path):
    rubrics = style_rubrics(("dry wit", "coherence"))
    rating = rating_sheet(exchanges(6), rubrics, seed=0)
    assert len({question.id for question in rating.sheet.questions}) == 4
    page = write_page(rating.sheet, tmp_path).read_text()
    assert "dry wit: the reply is what a reader would call dry wit" in page and "Scenario 3." in page


def test_ratings_come_back_through_the_pages_file(tmp_path, rating):
    first, second = exchanges(40)[:2]
    made = [
        decision(rating, item_of(rating, first.reply), **{style_id("cognitive"): 5, "coherence": 4}),
        decision(rating, item_of(rating, first.reply), "ben", **{style_id("cognitive"): 3, "coherence": 1}),
        decision(rating, item_of(rating, second.reply), register=4, coherence=2),
    ]
    path = tmp_path / "decisions.jsonl"
    path.write_text("".join(json.dumps(one.model_dump(mode="json")) + "\n" for one in made))
    judge = human_judge(STYLES, read_ratings(rating, read_decisions([path])))
    assert (judge.name, judge.styles) == ("human", STYLES)
    found = judge.judge([first, second, exchange(99), Exchange("Scenario.", "")])
    assert found[0].shares == {"cognitive": 0.75, "affective": 0.0, "instrumental": 0.0} and found[0].parses is False
    assert (found[1].casual, found[1].parses, found[1].missing) == (0.75, False, "")
    assert found[2].missing == NOT_ASKED and np.isnan(found[2].casual)
    assert not found[3].missing and not any(found[3].shares.values())


def test_planted_ratings_of_many_people_come_back_as_their_means(rating):
    rng = np.random.default_rng(0)
    given = {
        (rater, item): {question: int(rng.integers(1, 6)) for question in QUESTIONS}
        for rater, item in itertools.product(("anna", "ben", "cleo"), rating.key)
    }
    made = [decision(rating, item, rater, **answers) for (rater, item), answers in given.items()]
    items = exchanges(40)
    for item, found in zip(items, human_judge(STYLES, read_ratings(rating, made)).judge(items), strict=True):
        own = [answers for (_, i), answers in given.items() if rating.key[i].response == item.reply]
        assert len(own) in (3, 6)
        for style in STYLES:
            assert found.shares[style] == pytest.approx(np.mean([(a[style_id(style)] - 1) / 4 for a in own]))
        assert found.parses == (np.mean([a["coherence"] for a in own]) >= 3)


def test_the_last_rating_of_an_item_counts_and_a_second_showing_is_one_of_its_own(rating):
    [twice] = [row for row, n in Counter(rating.key.values()).items() if n == 2][:1]
    shown, again = (item_of(rating, twice.response, showing) for showing in (0, 1))
    made = [
        decision(rating, shown, hour=12, register=5),
        decision(rating, shown, hour=11, register=1),
        decision(rating, again, hour=13, register=3),
    ]
    ratings = read_ratings(rating, made)
    assert sorted((one.showing, one.places["register"]) for one in ratings) == [(0, 1.0), (1, 0.5)]


def test_ratings_of_other_replies_are_refused(rating):
    item = next(iter(rating.key))
    good = decision(rating, item)
    for wrong in (good.model_copy(update={"item_id": "0" * 12}), good.model_copy(update={"content_hash": "0" * 16})):
        with pytest.raises(BadInput, match=r"replies of the run.*rated by anna"):
            read_ratings(rating, [wrong])
    other = rating_sheet([replace(one, reply=one.reply + "!") for one in exchanges(40)], RUBRICS, seed=0)
    with pytest.raises(BadInput, match="generated anew"):
        read_ratings(other, [good])


@pytest.mark.parametrize("wrong", [{"register": 6}, {"register": "casual"}, {"warmth": 3}])
def test_answers_that_the_page_does_not_offer_are_refused(rating, wrong):
    with pytest.raises(BadInput, match=f"{next(iter(wrong))} = .*rated by anna"):
        read_ratings(rating, [decision(rating, next(iter(rating.key)), **wrong)])


def test_nothing_rated_and_nothing_to_rate_are_refused(rating):
    with pytest.raises(BadInput, match="has ratings"):
        read_ratings(rating, [])
    with pytest.raises(BadInput, match="needs generated replies"):
        rating_sheet([Exchange("Scenario.", "")], RUBRICS, seed=0)
    with pytest.raises(BadInput, match="above 0"):
        rating_sheet(exchanges(4), RUBRICS, seed=0, share=0.0)
