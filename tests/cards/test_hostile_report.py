"""Texts and names from outside in the report: as a page and as Markdown, rendered and opened in a browser."""

from dataclasses import replace

import pytest
from hostile import ATTACKS, HOSTILE, LONG, NAME, stands_in, watched_browser
from markdown_it import MarkdownIt

from empathy_core.cards.account import Account, GateLine
from empathy_core.cards.page import write_report
from empathy_core.earlier_study import EarlierCriterion


@pytest.fixture(scope="module")
def read():
    with watched_browser() as reader:
        yield reader


@pytest.fixture(scope="module")
def report(tmp_path_factory, deciding, verdicts):
    """A report in which every name, reason, method and text is hostile."""

    def odd(text):
        return text.replace("grammar", NAME).replace("untrained", HOSTILE)

    own = [one for one in deciding if "/untrained/" in one.name]
    numbers = [replace(one, name=odd(one.name), method=HOSTILE, run=HOSTILE) for one in own]
    judged = [
        replace(one, model=HOSTILE, reason=HOSTILE, evidence=tuple(map(odd, one.evidence)), expected=None)
        for one in verdicts
        if one.model == "untrained"
    ]
    numbers.append(replace(own[0], name=f"{NAME}/quality/{NAME}"))
    gates = (GateLine(numbers[-1].name, HOSTILE, False, LONG),)
    earlier = (EarlierCriterion(HOSTILE, "met", LONG, (numbers[0].name,)),)
    account = Account(NAME, LONG, {HOSTILE: LONG}, gates, earlier)
    return write_report(tmp_path_factory.mktemp("hostile"), numbers, judged, [account])


def rendered(words):
    """Markdown as a renderer draws it that lets raw HTML through, with tables and linked addresses."""
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(words)


def test_the_page_shows_them_as_they_are_and_nothing_in_them_acts(read, report):
    shown = read(report)
    assert all(stands_in(text, shown) for text in (HOSTILE, NAME, LONG))


def test_the_markdown_shows_them_as_they_are_and_nothing_in_them_acts(read, report, tmp_path):
    page = tmp_path / "page.html"
    words = report.with_name("report.md").read_text(encoding="utf-8")
    page.write_text(f"<!doctype html><meta charset=utf-8><body>{pictured(rendered(words))}", encoding="utf-8")
    shown = read(page)
    assert all(stands_in(text, shown) for text in (HOSTILE, NAME, LONG))


def pictured(html):
    """Without the report's own figures, which lie beside it."""
    return html.replace('<img src="figures/', '<img data-own="')


@pytest.mark.parametrize("attack", ["svg", "picture"])
def test_the_browser_notices_what_acts_where_markdown_is_not_escaped(read, attack, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(f"<!doctype html><body>{rendered(ATTACKS[attack])}", encoding="utf-8")
    with pytest.raises(AssertionError):
        read(page)
