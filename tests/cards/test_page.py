import base64
import itertools
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from empathy_core.cards.account import Account, GateLine
from empathy_core.cards.page import redraw_report, write_report
from empathy_core.cards.reading import WHY_EXCESS
from empathy_core.cards.writing import WHY_RANGE
from empathy_core.contracts import BadInput
from empathy_core.earlier_study import EarlierCriterion
from empathy_core.probes.replication import WHY_IT_MISLEADS

HOSTILE = '<script>alert(1)</script><svg onload="alert(1)">"\'[x](javascript:alert(1))'


class Page(HTMLParser):
    """The elements of a page in order, with the text inside each kind."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.text, self.open = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, "every element is closed in its turn"

    def handle_data(self, data):
        self.text.append((self.open[-1] if self.open else "", data))

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def words(self):
        return " ".join(text for tag, text in self.text if tag != "style")


@pytest.fixture(scope="module")
def report(tmp_path_factory, estimates, verdicts, accounts):
    folder = tmp_path_factory.mktemp("report")
    return write_report(folder, estimates, verdicts, accounts).parent


@pytest.fixture(scope="module")
def page(report):
    return Page((report / "index.html").read_text(encoding="utf-8"))


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_report_drawn_again_from_its_numbers_and_verdicts_is_the_same_bytes(tmp_path, deciding, verdicts, accounts):
    write_report(tmp_path / "drawn", deciding, verdicts, accounts)
    redraw_report(tmp_path / "drawn", tmp_path / "again")
    found = files(tmp_path / "again")
    assert found == files(tmp_path / "drawn")
    assert {"numbers.json", "verdicts.json", "index.html", "figures/figure-1-bandwidth.svg"} <= set(found)


def test_figures_of_an_earlier_report_do_not_stay_behind(tmp_path, deciding, verdicts, accounts):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "figure-99-words.svg").write_text("<svg/>")
    write_report(tmp_path, deciding, verdicts, accounts)
    assert "figures/figure-99-words.svg" not in files(tmp_path)


def test_the_order_of_the_numbers_does_not_change_the_page(tmp_path, deciding, verdicts, accounts):
    write_report(tmp_path / "a", deciding, verdicts, accounts)
    write_report(tmp_path / "b", deciding[::-1], verdicts, accounts)
    assert files(tmp_path / "a") == files(tmp_path / "b")


def test_the_page_needs_nothing_but_itself(page):
    sources = [source for tag, attributes in page.elements for name, source in attributes.items() if name == "src"]
    assert sources and all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    assert not page.all("script") and not page.all("link") and not page.all("iframe")
    css = "".join(text for tag, text in page.text if tag == "style")
    assert "url(" not in css and "@import" not in css


def test_every_figure_is_embedded_with_words_for_those_who_cannot_see_it(page, report):
    embedded = [base64.b64decode(image["src"].split(",")[1]) for image in page.all("img")]
    assert sorted(embedded) == sorted(path.read_bytes() for path in (report / "figures").iterdir())
    assert all(len(image["alt"]) > 20 for image in page.all("img"))


def test_headings_stand_in_order(page):
    levels = [int(tag[1]) for tag, _ in page.elements if tag in ("h1", "h2", "h3")]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_every_number_in_a_table_leads_to_its_key_method_and_run(page, estimates):
    targets = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    links = [unquote(a["href"][1:]) for a in page.all("a") if a["href"].startswith("#")]
    assert {one.name for one in estimates} <= targets
    assert set(links) <= targets
    assert sum(link in {one.name for one in estimates} for link in links) > 100
    functions = [a for a in page.all("a") if a["href"].startswith("#function-")]
    assert len(functions) == len(estimates)
    assert "not a function of this version" in page.words()


def test_the_verdicts_come_first_and_agree_with_what_was_planted(page):
    words = page.words()
    assert "20 of 20 verdicts came out as planted." in words
    assert "mismatch" not in words
    assert words.index("not supported") < words.index("Figure 1.") < words.index("What decided the verdicts")


def test_a_mismatch_is_said_and_marked(tmp_path, deciding, verdicts, accounts):
    wrong = [replace(verdicts[0], outcome="not supported"), *verdicts[1:]]
    found = Page(write_report(tmp_path, deciding, wrong, accounts).read_text(encoding="utf-8"))
    assert "19 of 20 verdicts" in found.words() and "mismatch: planted supported" in found.words()
    assert [cell for cell in found.all("td") if cell.get("class") == "mismatch"]


def test_a_verdict_that_could_not_be_measured_says_why_and_what_is_missing(tmp_path, deciding, verdicts, accounts):
    missing = tuple(e for e in deciding if not (e.name.startswith("grammar/persistent/write") and "range" in e.name))
    judged = [
        replace(v, outcome="not measurable", reason="no judge reads these texts")
        if (v.criterion, v.model) == ("steerability", "persistent")
        else v
        for v in verdicts
    ]
    found = Page(write_report(tmp_path, missing, judged, accounts).read_text(encoding="utf-8"))
    assert "steerability, persistent: not measurable. no judge reads these texts" in found.words()
    # What was planted and could not be measured is no mismatch.
    assert "19 of 19 verdicts came out as planted. 1 more could not be measured." in found.words()
    assert "mismatch" not in found.words()


def test_planted_and_measured_sections_are_labelled(page):
    badges = [text for tag, text in page.text if tag == "span" and text in ("planted", "measured")]
    assert badges == ["planted", "measured"]


def test_the_page_says_in_words_what_can_be_read_before_the_figures_of_it(page, report):
    words = page.words()
    assert words.count(WHY_EXCESS) == 1
    assert words.index("Reads more than the text gives away.") < words.index("Figure 2.")
    assert "On foils: Follows the stance where words mislead." in words
    assert "The styles cannot be read: the probe does not clear its null." in words


def test_the_page_says_in_words_what_can_be_steered_before_the_figures_of_it(page):
    words = page.words()
    assert words.count(WHY_RANGE) == 1
    assert words.index("Steerable: coherent up to α = 0.80; at α = 0.5 the share has gone from") < words.index(
        "Figure 2."
    )
    assert "Coherent but no effect beyond random directions." in words
    assert "Away: Can be steered away from" in words
    assert words.count("a push makes replies in its own style likelier than the others.") == 2
    assert words.count("beyond permuted labels and wider than that of the control concept") == 1


def test_a_concept_that_one_model_was_not_steered_towards_leaves_a_mark(tmp_path, estimates, accounts):
    steered = [one for one in estimates if "/steered/" in one.name or "/random/alpha" in one.name]
    fewer = [one for one in steered if "/untrained/write/affective/" not in one.name]
    html = write_report(tmp_path, fewer, [], accounts).read_text(encoding="utf-8")
    row = html[html.index('<th scope="row">affective</th>') :].partition("</tr>")[0]
    assert row.count("<td>") == 4 and row.endswith("<td>–</td>")


def test_a_model_that_was_only_read_under_pushes_has_a_sentence_on_likelihood_alone(tmp_path, estimates, accounts):
    shifted = [one for one in estimates if "/persistent/likelihood/" in one.name]
    words = Page(write_report(tmp_path, shifted, [], accounts).read_text(encoding="utf-8")).words()
    assert "a push makes replies in its own style likelier" in words
    assert "Steerable" not in words and "no judge" not in words.partition("Method")[0]


def test_texts_without_a_judge_are_said_to_have_none(tmp_path, estimates, accounts):
    coherent = [one for one in estimates if one.name.endswith("/coherent")]
    words = Page(write_report(tmp_path, coherent, [], accounts).read_text(encoding="utf-8")).words()
    assert words.count("Not measurable: no judge.") == 4 * 3 and "Figure" not in words


def test_the_page_says_once_why_each_number_of_the_earlier_study_misleads(page):
    words = page.words()
    assert all(words.count(why) == 1 for why in WHY_IT_MISLEADS.values())
    assert words.index("Read: controls") < words.index("Replication: numbers of the earlier study")


def test_the_matrix_of_transfer_is_drawn_and_listed_but_not_tabled(page):
    summary, _, listed = page.words().partition("All numbers")
    assert "train=work/test=home" in listed
    assert "train=work" not in summary and "taught on work" not in summary


def test_a_task_that_one_model_was_not_asked_leaves_a_mark(tmp_path, estimates, accounts):
    told = ("/nested/auroc", "/text/tfidf/auroc", "/excess")
    read = [one for one in estimates if "/read/" in one.name and one.name.endswith(told)]
    fewer = [one for one in read if "/untrained/read/register/" not in one.name]
    html = write_report(tmp_path, fewer, [], accounts).read_text(encoding="utf-8")
    row = html[html.index('<th scope="row">register</th>') :].partition("</tr>")[0]
    assert row.count("<td>") == 4 and row.endswith("<td>–</td>")


def test_hostile_names_and_reasons_stay_text(tmp_path, estimates, verdicts):
    def odd(text):
        renamed = text.replace("untrained", HOSTILE).replace("grammar", "mine").replace("=grief", f"={HOSTILE}")
        return renamed.replace("main-valence_stripped", f"main-{HOSTILE}")

    numbers = [
        replace(e, name=odd(e.name), method=HOSTILE, run=HOSTILE) for e in estimates if "grammar/untrained" in e.name
    ]
    judged = [
        replace(v, model=odd(v.model), reason=HOSTILE, evidence=(odd(v.evidence[0]),), expected=None)
        for v in verdicts
        if v.model == "untrained"
    ]
    earlier = (EarlierCriterion(HOSTILE, "met", HOSTILE, (numbers[0].name,)),)
    gates = (GateLine(numbers[1].name, HOSTILE, False, HOSTILE),)
    account = Account("mine", HOSTILE, {HOSTILE: HOSTILE}, gates, earlier)
    page = write_report(tmp_path, numbers, judged, [account])
    found = Page(page.read_text(encoding="utf-8"))
    assert HOSTILE in found.words()
    words = page.with_name("report.md").read_text(encoding="utf-8")
    assert "alert(1)" in words
    assert re.findall(r"(?<!\\)<(?!br>)|(?<!\\)(?<!!)\[", words) == []
    assert {tag for tag, _ in found.elements} <= set(
        "html head meta title style body header section nav h1 h2 h3 p div table thead tbody tr th td span small a "
        "code figure img figcaption b i ul li dl dt dd details summary".split()
    )
    for _, attributes in found.elements:
        assert not [name for name in attributes if name.startswith("on")]
        assert not attributes.get("href", "").lower().startswith(("javascript", "data"))


def test_nothing_is_written_when_the_numbers_are_refused(tmp_path, estimates, verdicts, accounts):
    with pytest.raises(BadInput):
        write_report(tmp_path / "new", [*estimates, estimates[0]], verdicts, accounts)
    assert not (tmp_path / "new").exists()


def test_the_run_is_described_as_it_described_itself(page, report, accounts):
    for account in accounts:
        assert account.methods in page.words()
        assert all(value in page.words() for value in account.facts.values())
    assert json.loads((report / "verdicts.json").read_text())["runs"][0]["methods"] == accounts[0].methods


def test_gates_that_failed_come_first_with_their_threshold_and_no_gate_is_told_twice(page):
    words = page.words()
    assert "0 of 1 gates with a threshold passed." in words
    assert words.index("at most 0.05") < words.index("reported only")
    assert "Texts: quality gates" not in words


def test_what_the_earlier_study_would_have_concluded_stands_beside_our_reading(page):
    words = page.words()
    assert words.index("styles are far apart") < words.index("Any labels are.")


def test_markdown_says_what_the_page_says(report, page, estimates):
    words = (report / "report.md").read_text(encoding="utf-8")
    assert words.count("\n## ") == len(page.all("h2"))
    # The list of all numbers has a heading for each set of texts, and one for functions.
    assert words.count("\n### ") == len(page.all("h3")) - 3
    named = re.findall(r"!\[[^\n]{20,}\]\((figures/[^)]+)\)", words)
    assert sorted(named) == sorted(path.relative_to(report).as_posix() for path in (report / "figures").iterdir())
    assert "20 of 20 verdicts came out as planted" in words and "supported ✓" in words
    rows = [line for line in words.splitlines() if line.startswith("| ")]
    assert len(rows) > 60 and all(line.endswith(" |") for line in rows)
    # All numbers stand in numbers.json: a list of them would bury the rest.
    assert estimates[0].name not in words
