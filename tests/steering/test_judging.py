"""From replies to estimates by the judge that a run has."""

import pytest

from empathy_core.contracts import BadInput, TextSet
from empathy_core.datasets.files import bundled
from empathy_core.datasets.sources import read_source
from empathy_core.steering.judges.interface import Exchange
from empathy_core.steering.judges.panel import make_panel, seat_judge, told_cost
from empathy_core.steering.judges.settings import ClaudeSettings

REPLIES = [Exchange("I lost my job.", f"That is hard, and I am number {number}.") for number in range(12)]


def panel(choice, texts, ratings="", prices=""):
    return make_panel(choice, texts, ClaudeSettings(), prices, ratings, seed=0)


@pytest.fixture(scope="module")
def natural() -> TextSet:
    texts = bundled()
    return texts.rows(texts.column("role") == "main")


def test_the_grammar_comes_with_what_it_recognises(tmp_path):
    texts = read_source("organism")
    seated = seat_judge(panel("auto", texts), "grammar/m", texts, REPLIES, tmp_path, print)
    assert seated.judge.name == "grammar"
    assert {one.value for one in seated.estimates if "recognised" in one.name} == {1.0}


def test_without_a_judge_nothing_is_judged_and_nothing_is_told(natural, tmp_path, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-test")
    silent = panel("auto", natural)
    assert (silent.name, silent.judges) == ("none", False)
    assert seat_judge(silent, "bundled/m", natural, REPLIES, tmp_path, print).judge is None
    assert told_cost(silent, natural, REPLIES) == ()


def test_a_paid_judge_tells_its_cost_before_it_is_asked(natural, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-test")
    told = told_cost(panel("claude", natural, prices="2.5,12.5,0.5,2.5"), natural, REPLIES)
    assert len(told) == 2 and all("Estimate for claude" in line for line in told)


def test_prices_that_cannot_be_read_stop_a_run_before_anything_is_generated(natural):
    with pytest.raises(BadInput, match="four numbers"):
        panel("none", natural, prices="2.5,12.5")


def test_without_ratings_people_get_a_page_and_the_run_says_where(natural, tmp_path):
    seated = seat_judge(panel("human", natural), "bundled/m", natural, REPLIES, tmp_path, print)
    assert seated.judge is None
    page = next(tmp_path.rglob("*.html"))
    assert str(page) in seated.notes[0] and "number 3" in page.read_text()
