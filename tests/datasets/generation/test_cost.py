import json

import pytest
from author import reference, triplet

from empathy_core.contracts import BadInput
from empathy_core.datasets.generation.cost import Usage, actual, estimate, forecast, money
from empathy_core.datasets.generation.grid import cells
from empathy_core.datasets.generation.judge import Item, judge_parameters
from empathy_core.datasets.generation.plan import GenerationSettings, plan_key
from empathy_core.datasets.generation.requests import Batch
from empathy_core.datasets.generation.writing import writing_parameters

SETTINGS = GenerationSettings()


def test_requests_are_counted_exactly():
    writer, judge = estimate(SETTINGS, rounds=1)
    assert (writer.model, writer.batches, writer.requests) == (SETTINGS.writer, 1, 90)
    assert (judge.model, judge.batches, judge.requests) == (SETTINGS.judge, 1, 270 + 120)
    writer, judge = estimate(SETTINGS, rounds=3)
    assert (writer.requests, judge.requests) == (270, 810 + 120)


def test_the_estimate_is_above_what_four_characters_a_token_make_of_real_requests():
    writer, judge = estimate(SETTINGS, rounds=1)
    written = sum(len(json.dumps(writing_parameters("m", cell, (), ()))) for cell in cells())
    items = [Item(text.id, text.scenario, text.response, text.style) for text in reference().texts]
    judged = sum(len(json.dumps(judge_parameters("m", item, 0))) for item in items)
    assert writer.input_tokens > written / 4 and judge.input_tokens > judged / 4
    assert writer.output_tokens > sum(len("".join(triplet(cell).values())) for cell in cells()) / 4


def test_what_the_service_counted_is_added_up_and_failed_items_cost_nothing():
    usage = {"input_tokens": 7, "output_tokens": 5, "cache_creation_input_tokens": None, "cache_read_input_tokens": 2}
    results = {str(n): {"type": "succeeded", "message": {"usage": usage}} for n in range(3)}
    batch = Batch("b", "", results | {"x": {"type": "expired"}})
    assert actual("m", [batch, batch]) == Usage("m", 2, 8, 42, 30, 0, 12)
    assert actual("m", []) == Usage("m", 0, 0, 0, 0)


def test_money_is_tokens_times_the_users_prices_per_million():
    assert money(Usage("m", 1, 1, 1_000_000, 200_000, 300_000, 700_000), (0.5, 2.5)) == pytest.approx(1.5)


def test_a_forecast_tells_tokens_and_with_prices_money():
    writer, judge = forecast(GenerationSettings(triplets=12))
    assert writer.startswith("Estimate for claude-haiku-5-5: 12 requests, ") and "at most 36 requests" in writer
    assert judge.startswith("Estimate for claude-opus-5-5: 156 requests, ") and "currency" not in writer + judge
    least, most = (estimate(SETTINGS, rounds)[0] for rounds in (1, 3))
    [writer, _] = forecast(SETTINGS, "1, 5, 2, 10")
    for usage in (least, most):
        assert f"{money(usage, (1.0, 5.0)):.2f} of your currency" in writer


@pytest.mark.parametrize("prices", ["1,5", "1,5,2,ten", "1;5;2;10"])
def test_prices_that_cannot_be_read_are_refused(prices):
    with pytest.raises(BadInput, match="four numbers"):
        forecast(SETTINGS, prices)


def test_the_key_of_a_plan_changes_with_what_is_asked_and_not_with_how_often_one_looks():
    assert plan_key(GenerationSettings(poll_seconds=1.0)) == plan_key(SETTINGS)
    others = [{"triplets": 30}, {"writer": "claude-sonnet-5-5"}, {"seed": 1}, {"attempts": 2}]
    assert len({plan_key(GenerationSettings(**other)) for other in (*others, {})}) == 5


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"triplets": 91}, "1 to 90"),
        ({"attempts": 0}, "at least once"),
        ({"judge": "claude-haiku-5-5"}, "different model lines"),
    ],
)
def test_settings_that_cannot_be_are_refused(wrong, message):
    with pytest.raises(BadInput, match=message):
        GenerationSettings(**wrong)
