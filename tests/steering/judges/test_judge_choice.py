"""Which judge a run has, what it will cost, and how a run without one gets one."""

import json
from pathlib import Path

import pytest
from rater import RUBRICS, exchanges
from toy import toy_texts

from empathy_core.contracts import BadInput
from empathy_core.organisms.corpus import organism_texts
from empathy_core.steering.judges import NO_JUDGE, grammar_judge, judge_for
from empathy_core.steering.judges.choice import how_to_judge, named_judge
from empathy_core.steering.judges.forecast import estimate, forecast
from empathy_core.steering.judges.questions import question
from empathy_core.steering.judges.settings import ClaudeSettings

ORGANISM, NATURAL = organism_texts(4), toy_texts()
RATINGS = (Path("decisions.jsonl"),)


@pytest.fixture
def key(monkeypatch):
    """Sets the key, or takes it away."""
    return lambda value: monkeypatch.setenv("ANTHROPIC_API_KEY", value)


def test_only_organisms_have_a_judge_that_needs_neither_key_nor_people(key):
    key("sk-1")
    assert judge_for(NATURAL) is None and judge_for(ORGANISM) is grammar_judge


@pytest.mark.parametrize(
    "choice, texts, ratings, value, taken",
    [
        ("auto", ORGANISM, (), "sk-1", "grammar"),
        ("auto", NATURAL, (), "sk-1", "none"),
        ("auto", NATURAL, RATINGS, "sk-1", "human"),
        ("auto", NATURAL, (), " ", "none"),
        ("none", ORGANISM, (), "", "none"),
        ("human", ORGANISM, (), "", "human"),
        ("claude", ORGANISM, (), "sk-1", "claude"),
    ],
)
def test_the_choice_follows_texts_ratings_and_key(key, choice, texts, ratings, value, taken):
    key(value)
    assert named_judge(choice, texts, ratings) == taken


@pytest.mark.parametrize(
    "choice, texts, ratings, message",
    [
        ("gramar", ORGANISM, (), "'gramar'"),
        ("grammar", NATURAL, (), "--judge grammar with toy"),
        ("claude", NATURAL, (), "no ANTHROPIC_API_KEY"),
        ("none", NATURAL, RATINGS, "go with `--judge human`"),
        ("auto", ORGANISM, RATINGS, "which is grammar here"),
    ],
)
def test_a_judge_that_cannot_be_is_refused(key, choice, texts, ratings, message):
    key("")
    with pytest.raises(BadInput, match=message):
        named_judge(choice, texts, ratings)


def test_a_run_without_a_judge_is_told_the_commands_that_give_it_one():
    assert "--judge claude" in NO_JUDGE and "--judge human" in NO_JUDGE
    claude, human = how_to_judge(NATURAL, "ProbeFlow/7")
    assert claude.endswith("flows/validation_flow.py run --probes ProbeFlow/7 --judge claude")
    assert human.endswith("run --probes ProbeFlow/7 --judge human")
    [waiting] = how_to_judge(NATURAL, "ProbeFlow/7", "ValidationFlow/9")
    assert "--replies ValidationFlow/9 --judge human --ratings" in waiting
    assert how_to_judge(ORGANISM, "ProbeFlow/7")[0].endswith("--judge grammar")


def test_the_estimate_counts_requests_exactly_and_lies_above_four_characters_a_token():
    settings, items = ClaudeSettings(), exchanges(200)
    characters = max(len(item.scenario + item.reply) for item in items)
    first, second = estimate(settings, RUBRICS, len(items), characters)
    assert (first.model, first.requests, second.model, second.requests) == (settings.model, 200, settings.second, 40)
    real = sum(len(json.dumps(question("m", item, RUBRICS, 0))) for item in items)
    assert real / 4 < first.input_tokens < real
    again, _ = estimate(settings, RUBRICS, len(items), characters, attempts=2)
    assert (again.requests, again.input_tokens) == (400, pytest.approx(2 * first.input_tokens, abs=1))


def test_a_forecast_tells_tokens_and_with_prices_money():
    first, second = forecast(ClaudeSettings(), RUBRICS, 1000, 600)
    assert (
        first.startswith("Estimate for claude-opus-5-5 as judge: 1000 requests, ") and "at most 2000 requests" in first
    )
    assert "200 requests" in second and "currency" not in first + second
    priced, _ = forecast(ClaudeSettings(), RUBRICS, 1000, 600, "1,0,2,10")
    tokens = estimate(ClaudeSettings(), RUBRICS, 1000, 600)[0].input_tokens
    assert f"{tokens / 1e6:.2f} of your currency" in priced


@pytest.mark.parametrize("prices", ["1,5", "1,5,2,ten"])
def test_prices_that_cannot_be_read_are_refused(prices):
    with pytest.raises(BadInput, match="four numbers"):
        forecast(ClaudeSettings(), RUBRICS, 10, 600, prices)
