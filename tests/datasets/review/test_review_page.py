"""The page is driven in a real browser, by keys and by mouse, and its download is imported."""

import csv
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from empathy_core.datasets.review.decisions import rated, read_decisions
from empathy_core.datasets.review.generations import Generation, generation_sheet
from empathy_core.datasets.review.page import page, write_page
from empathy_core.datasets.review.reviewed import apply
from empathy_core.datasets.review.sheet import text_sheet

HOSTILE = (
    "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'><!-- \u2028 ${1} $title &lt;"
)


# Not one for the whole session: while it runs, nothing else in this process may use asyncio.
@pytest.fixture(scope="module")
def browser():
    executable = shutil.which("chromium")
    assert executable, "These tests drive a real browser: install chromium, so that `chromium` is on the path."
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield launched
        launched.close()


class Visit:
    """One browser profile at one review page; complaints of the page and requests beyond it are kept."""

    def __init__(self, browser, path: Path, init: str = ""):
        self.context = browser.new_context(viewport={"width": 1280, "height": 800})
        self.context.set_default_timeout(3000)
        self.context.add_init_script(init)
        self.path, self.complaints = path, []
        self.open()

    def open(self) -> None:
        """Open the page anew, as after closing it."""
        for tab in self.context.pages:
            tab.close()
        self.tab = self.context.new_page()
        self.tab.on("console", lambda message: self.complaints.append(message.text))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.tab.on("request", lambda request: self.complaints.append(request.url) if self.elsewhere(request) else None)
        self.tab.goto(self.path.as_uri())

    def elsewhere(self, request) -> bool:
        return not request.url.startswith((self.path.as_uri(), "blob:"))

    def begin(self, rater: str = "anna") -> None:
        self.tab.fill("#rater", rater)
        self.tab.keyboard.press("Enter")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.tab.keyboard.press(key)

    def shown(self) -> tuple[str, list[str]]:
        """The message and its replies, as the rater reads them."""
        return self.tab.text_content(".prompt p"), self.tab.locator(".item > p").all_text_contents()

    def count(self) -> str:
        return self.tab.text_content("#count")

    def marked(self) -> str:
        return self.tab.get_attribute(".question.marked", "aria-label")

    def download(self, folder: Path, name: str = "decisions.jsonl") -> Path:
        with self.tab.expect_download() as found:
            self.press("d")
        found.value.save_as(folder / name)
        self.suggested = found.value.suggested_filename
        return folder / name


@pytest.fixture
def visit(browser, tmp_path):
    visits = []

    def go(sheet, init=""):
        visits.append(Visit(browser, write_page(sheet, tmp_path), init))
        return visits[-1]

    yield go
    for one in visits:
        one.context.close()
        assert not one.complaints


def by_response(texts):
    return {text.response: text for text in texts.texts}


def test_five_replies_are_rated_by_keyboard_and_work_goes_on_after_closing(visit, texts, tmp_path):
    there = visit(text_sheet(texts, seed=0))
    there.begin()
    _, first = there.shown()
    assert there.marked() == "Style, Reply 1"
    there.press("1", "4", "a")
    there.press("2", "5", "r", "2")
    there.press("3", "1", "e", "End")
    there.tab.keyboard.type(" Truly.")
    there.press("Escape")
    assert "This screen is done" in there.tab.text_content("#guide")
    there.press("n", "3", "2", "a", "1", "3", "a", "2")
    message, second = there.shown()
    there.open()
    assert there.count() == "5 of 18 replies rated" and there.shown() == (message, second)
    assert there.marked() == "Naturalness, Reply 3"
    there.press("5", "a")
    decisions = read_decisions([there.download(tmp_path)])
    assert there.suggested == "decisions-anna.jsonl" and there.count() == "6 of 18 replies rated"

    known = by_response(texts)
    given = {text.response: found for text, (found,) in rated(texts, decisions).items()}
    assert list(given) == [response for response in known if response in first + second]
    answers = [
        (given[one].answers["style"], given[one].answers["naturalness"], given[one].decision) for one in first + second
    ]
    wordplay, irony, absurd = texts.main_styles
    assert answers == [
        (wordplay, 4, "accept"),
        (irony, 5, "reject"),
        (absurd, 1, "edit"),
        (absurd, 2, "accept"),
        (wordplay, 3, "accept"),
        (irony, 5, "accept"),
    ]
    assert given[first[1]].reason == "facts" and given[first[2]].edited_text == f"{first[2]} Truly."
    assert all(0 <= one.seconds < 60 and one.rater == "anna" for one in decisions)
    assert {one.page_version for one in decisions} == {text_sheet(texts, seed=0).version}
    assert apply(texts, decisions).status == "partly reviewed 6 of 18"


def test_everything_works_with_the_mouse(visit, texts, tmp_path):
    there = visit(text_sheet(texts, seed=0))
    there.tab.fill("#rater", "ben")
    there.tab.click("text=Start rating")
    there.tab.click("#next")
    _, replies = there.shown()
    last = there.tab.locator(".item").nth(2)
    for label in ("irony", "5", "edit"):
        last.get_by_role("button", name=re.compile(rf"^(\d )?(e )?{label}$")).click()
    last.locator("textarea").fill("Shorter.")
    with there.tab.expect_download() as found:
        there.tab.click("#download")
    found.value.save_as(tmp_path / "decisions.jsonl")
    [decision] = read_decisions([tmp_path / "decisions.jsonl"])
    [(text, _)] = rated(texts, [decision]).items()
    assert (text.response, decision.edited_text, decision.answers["style"]) == (replies[2], "Shorter.", "irony")
    there.tab.click("#unrated")
    assert there.tab.text_content(".prompt h2") == "Message 3 of 6"
    there.tab.click("#previous")
    assert there.tab.text_content(".prompt h2") == "Message 2 of 6"


def test_answers_can_be_changed_and_arrows_move_the_mark(visit, texts, tmp_path):
    there = visit(text_sheet(texts, seed=0))
    there.begin()
    there.press("1", "4", "r", "5", "ArrowLeft", "3", "ArrowLeft", "ArrowDown", "2", "ArrowLeft", "a")
    assert there.marked() == "Style, Reply 2"
    there.press("ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown")
    assert there.marked() == "Decision, Reply 2"
    [decision] = read_decisions([there.download(tmp_path)])
    assert decision.answers == {"style": "absurd", "naturalness": 2} and decision.decision == "accept"
    assert decision.reason == ""


def test_an_edit_that_changes_nothing_is_not_a_decision_yet_and_can_be_left(visit, texts):
    there = visit(text_sheet(texts, seed=0))
    there.begin()
    there.press("1", "4", "e", "Escape")
    assert there.marked() == "Decision, Reply 1" and there.count() == "0 of 18 replies rated"
    there.press("a")
    assert there.count() == "1 of 18 replies rated" and there.marked() == "Style, Reply 2"


def test_two_raters_in_one_browser_do_not_see_each_others_answers(visit, texts):
    there = visit(text_sheet(texts, seed=0))
    there.begin("anna")
    there.press("1", "4", "a", "h")
    there.begin("ben")
    assert there.count() == "0 of 18 replies rated" and there.tab.locator("button.chosen").count() == 0
    there.press("h")
    there.begin("anna")
    assert there.count() == "1 of 18 replies rated"


def test_a_new_version_of_the_sheet_starts_afresh(visit, texts):
    there = visit(text_sheet(texts, seed=0))
    there.begin()
    there.press("1", "4", "a")
    there.path.write_text(page(text_sheet(texts, seed=1)), encoding="utf-8")
    there.open()
    there.begin()
    assert there.count() == "0 of 18 replies rated"


def test_the_first_screen_explains_styles_and_keys(visit, texts):
    ours = dict(zip(texts.main_styles, ("cognitive", "affective", "instrumental"), strict=True))
    renamed = tuple(replace(text, style=ours[text.style]) for text in texts.texts)
    there = visit(text_sheet(replace(texts, texts=renamed), seed=0))
    shown = there.tab.inner_text("main")
    assert "Shows warmth and feels with the person" in shown and "Gives concrete help" in shown
    assert "what it may be like from inside" in shown and "accept, edit or reject the marked reply" in shown


def test_a_browser_that_keeps_nothing_says_so(visit, texts):
    broken = (
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }});"
    )
    there = visit(text_sheet(texts, seed=0), broken)
    there.begin()
    there.press("1", "4", "a")
    assert there.count() == "1 of 18 replies rated"
    assert "This browser keeps no answers (SecurityError)" in there.tab.inner_text("#warning")


def test_hostile_texts_stay_text_everywhere(visit, texts, tmp_path):
    hostile = tuple(replace(text, scenario=HOSTILE, response=f"{text.response} {HOSTILE}") for text in texts.texts)
    hostile = replace(texts, name=HOSTILE, texts=hostile)
    there = visit(text_sheet(hostile, seed=0))
    there.begin(f"ben {HOSTILE}"[:80])
    message, replies = there.shown()
    assert message == HOSTILE and all(reply.endswith(HOSTILE) for reply in replies)
    there.press("1", "4", "e", "End")
    there.tab.keyboard.insert_text(HOSTILE)
    there.press("Escape", "h", "Enter")
    assert there.tab.evaluate("window.hacked") is None
    assert (
        there.tab.locator("img, iframe, script").count() == 2 and there.tab.text_content("h1") == f"Review of {HOSTILE}"
    )
    [decision] = read_decisions([there.download(tmp_path)])
    assert decision.edited_text == f"{replies[0]}{HOSTILE}" and decision.rater == f"ben {HOSTILE}"[:80]
    assert apply(hostile, [decision]).counts["edited"] == 1


def test_the_policy_stops_scripts_that_are_not_the_pages_own(browser, texts, tmp_path):
    path = write_page(text_sheet(texts, seed=0), tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("<main", "<script>window.hacked = 1</script><main", 1))
    there = Visit(browser, path)
    assert there.tab.evaluate("window.hacked") is None and there.tab.locator("#rater").count() == 1
    assert any("Content Security Policy" in complaint for complaint in there.complaints)
    there.context.close()


def test_the_source_of_the_page_names_styles_only_as_options(texts):
    source = page(text_sheet(texts, seed=0))
    sheet = json.loads(re.search(r'id="sheet">(.*?)</script>', source)[1])
    assert {key for screen in sheet["screens"] for item in screen["items"] for key in item} == {
        "id",
        "content_hash",
        "response",
    }
    for style in texts.main_styles:
        assert source.count(style) == json.dumps(sheet["questions"][0]).count(style) == 2
    assert not [text.id for text in texts.texts if text.role == "main" and text.id in source]


def test_the_page_refers_to_nothing_outside_itself(texts):
    source = page(text_sheet(texts, seed=0))
    assert "default-src 'none'" in source and "unsafe" not in re.search(r'content="(default[^"]*)"', source)[1]
    assert not re.findall(r"https?://|<link|@import|url\(|innerHTML|src=", source)


def test_the_same_page_serves_ratings_of_generated_replies(visit, tmp_path):
    rows = [Generation(f"Prompt {i}", f"Reply {i}.", f"arm {i % 2}") for i in range(3)]
    sheet, key = generation_sheet(rows, seed=0)
    there = visit(sheet)
    assert "accept" not in there.tab.inner_text("main")
    there.begin()
    there.press("5", "4", "3", "a", "n", "1", "2", "3")
    assert "Reply: Empathy" in (there.press("n"), there.tab.text_content("#guide"))[1]
    first, second = read_decisions([there.download(tmp_path)])
    assert first.answers == {"empathy": 5, "helpfulness": 4, "coherence": 3} and first.decision is None
    assert key[second.item_id].prompt == sheet.screens[1].prompt
    assert "arm" not in re.sub("harm|warm", "", page(sheet))


def test_the_table_beside_the_page_holds_the_same_items_and_no_formula(texts, tmp_path):
    formula = replace(texts, texts=tuple(replace(text, scenario="=1+1") for text in texts.texts))
    sheet = text_sheet(formula, seed=0)
    with (write_page(sheet, tmp_path).parent / "items.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["item_id"] for row in rows] == [item.id for screen in sheet.screens for item in screen.items]
    assert {row["prompt"] for row in rows} == {"'=1+1"}
