"""Questions a reader brings to the committed report; each finds its answer where the contents lead."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from empathy_core.cards.numbers import read_numbers, read_verdicts
from empathy_core.cards.page import TITLE
from empathy_core.cards.tables import interval, null
from empathy_core.verdicts import OVER_MODELS

REPORTS = Path(__file__).parents[2] / "reports"
HEADINGS = ("h1", "h2", "h3")
VOID = ("meta", "img", "br")


class Reader(HTMLParser):
    """A page as a reader walks it: the text under every id, where each heading begins, and where links lead."""

    def __init__(self, html):
        super().__init__()
        self.under, self.after, self.links, self.rows = {}, {}, {}, []
        self._open, self._heading, self._link, self._row = [], None, None, None
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "tr":
            self._row = []
            self.rows.append(self._row)
        if tag in ("td", "th") and self._row is not None:
            self._row.append("")
        if tag == "a":
            self._link = given["href"]
        if tag in HEADINGS:
            self._heading = ""
        if tag not in VOID:
            self._open.append((tag, given.get("id")))

    def handle_endtag(self, tag):
        self._open.pop()
        if tag in HEADINGS:
            self.after.setdefault(self._heading, "")

    def handle_data(self, data):
        for _, name in self._open:
            if name:
                self.under[name] = self.under.get(name, "") + data
        tags = [tag for tag, _ in self._open]
        if set(HEADINGS) & set(tags):
            self._heading += data
        elif self._heading:
            self.after[self._heading] += data
        if "a" in tags:
            self.links[data] = self._link
        if "td" in tags or "th" in tags:
            self._row[-1] += data

    def row(self, *begins):
        """The cells of the first row that begins with these."""
        return next(row for row in self.rows if row[: len(begins)] == list(begins))


@pytest.fixture(scope="module")
def page():
    return Reader((REPORTS / "index.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def numbers():
    return {one.name: one for one in read_numbers(REPORTS / "numbers.json")}


@pytest.fixture(scope="module")
def verdicts():
    return read_verdicts(REPORTS / "verdicts.json")[0]


@pytest.fixture(scope="module")
def accounts():
    return read_verdicts(REPORTS / "verdicts.json")[1]


def follow(page, called):
    """What stands after the heading that a link of the contents leads to."""
    leads = page.links[called]
    assert leads.startswith("#")
    return page.after[page.under[unquote(leads[1:])]]


def test_which_claims_are_supported(page, verdicts):
    head, *matrix = [row for row in page.rows if row[0] in ("criterion", *(one.criterion for one in verdicts))]
    models = list(dict.fromkeys(one.model for one in verdicts if one.evidence[0].startswith("grammar/")))
    assert head == ["criterion", *models]
    for criterion in dict.fromkeys(one.criterion for one in verdicts):
        row = next(row for row in matrix if row[0] == criterion)
        found = {
            one.model: one.outcome for one in verdicts if one.criterion == criterion and "grammar/" in one.evidence[0]
        }
        assert [cell.removesuffix(" ✓") for cell in row[1:]] == [found[model] for model in models]


def test_how_many_verdicts_came_out_as_planted(page, verdicts):
    planted = [one for one in verdicts if one.expected and one.model not in OVER_MODELS.values()]
    agreeing = sum(one.outcome == one.expected for one in planted)
    assert f"{agreeing} of {len(planted)} verdicts came out as planted." in page.after[TITLE]


def test_against_which_null_and_on_how_many_scenarios(page, numbers):
    one = numbers["grammar/persistent/bandwidth/empathy"]
    cell = page.row("bandwidth · empathy")[1]
    assert cell == f"{interval(one)}null {null(one)}, n = {one.n}"
    assert "null (what the same procedure gives when there is nothing to find" in follow(page, "how to read")


def test_what_the_text_alone_gives_away(page, numbers):
    stem = "grammar/persistent/read/three-way"
    texts = [one for name, one in numbers.items() if name.startswith(f"{stem}/text/")]
    best = max(texts, key=lambda one: one.value)
    said = page.row("three-way")[1]
    assert interval(best) in said and interval(numbers[f"{stem}/nested/auroc"]) in said


def test_what_was_not_measured_and_why(page, verdicts):
    said = follow(page, "limits") + page.after["Not measured in these runs"]
    for one in verdicts:
        if one.outcome == "not measurable" and one.model not in OVER_MODELS.values():
            assert one.criterion in said and one.reason in said


def test_which_models_data_and_versions(page, accounts):
    identity = page.under[unquote(page.links["identity"][1:])]
    assert identity == "Identity of these runs"
    said = page.after["grammar"] + page.after["bundled"]
    for account in accounts:
        assert all(fact in said for fact in account.facts.values())
        assert any("hash" in fact for fact in account.facts.values())


def test_how_to_run_it_again(page, accounts, numbers):
    for account in accounts:
        assert account.methods in page.after[account.texts]
    key = "grammar/persistent/read/three-way/excess"
    row = page.row(key)
    assert row[4:] == [numbers[key].method, numbers[key].run]
    assert row[1] == interval(numbers[key])


def test_which_function_computed_a_number(page, numbers):
    method = numbers["grammar/persistent/read/three-way/excess"].method
    _, does, where = page.row(method)
    assert len(does) > 20
    assert (REPORTS.parent / where).is_file()
    assert f"def {method.rpartition('.')[2]}(" in (REPORTS.parent / where).read_text(encoding="utf-8")


def test_which_numbers_decided_a_verdict(page, verdicts, numbers):
    one = next(one for one in verdicts if one.criterion == "excess over text" and one.model == "persistent")
    row = next(
        row for row in page.rows if row[0].startswith("excess over text") and len(row[0]) > len("excess over text")
    )
    assert interval(numbers[one.evidence[0]]) in row[2]


def test_which_texts_failed_a_gate(page, accounts):
    for account in accounts:
        for gate in account.gates:
            assert gate.passed is not False or gate.threshold in page.after["Quality gates of the texts"]
