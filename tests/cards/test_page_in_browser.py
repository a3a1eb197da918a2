"""The committed report as a reader has it: on a laptop, on a phone and on paper, in a real browser."""

import base64
import re
import shutil
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import sync_playwright

PAGE = Path(__file__).parents[2] / "reports" / "index.html"
LAPTOP, PHONE, PAPER = (1366, 768), (390, 844), (1032, 700)
"""Pixels; paper is A4 across, less its margins."""
LEGIBLE = 9
DOTS = 96 / 72
"""Pixels a point."""

CONTRAST = """() => {
  const light = rgb => { const [r, g, b] = rgb.match(/[\\d.]+/g).slice(0, 3).map(v => {
    v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
    return .2126 * r + .7152 * g + .0722 * b; };
  const ground = element => { for (let e = element; e; e = e.parentElement) {
    const colour = getComputedStyle(e).backgroundColor;
    if (!/rgba\\(.*, 0\\)|transparent/.test(colour)) return colour; } return "rgb(255, 255, 255)"; };
  const seen = new Set(), poor = []; let told = 0;
  for (const e of document.querySelectorAll("body *")) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const kind = [e.tagName, e.className, e.parentElement.tagName, e.parentElement.className].join(" ");
    if (seen.has(kind)) continue;
    seen.add(kind); told += 1;
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
    if ((a + .05) / (b + .05) < 4.5) poor.push(kind);
  }
  return [told, poor];
}"""


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield launched
        launched.close()


def opened(browser, size):
    """A tab with the report, and what it complained of or asked for beyond its own file."""
    tab, said = browser.new_page(viewport=dict(zip(("width", "height"), size, strict=True))), []
    tab.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: said.append(request.url) if not own(request.url) else None)
    tab.goto(PAGE.as_uri())
    return tab, said


def own(address):
    return address == PAGE.as_uri() or address.startswith("data:image/svg+xml;base64,")


@pytest.fixture(scope="module")
def laptop(browser):
    return opened(browser, LAPTOP)


@pytest.fixture(scope="module")
def phone(browser):
    return opened(browser, PHONE)


@pytest.fixture(params=["laptop", "phone"])
def tab(request):
    return request.getfixturevalue(request.param)[0]


def test_the_first_screen_of_a_laptop_shows_the_whole_matrix_and_the_whole_forest(laptop):
    tab, _ = laptop
    for shown in (".first .matrix tbody tr:last-child", ".first img", "h1"):
        box = tab.locator(shown).first.bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= LAPTOP[1], shown
    wide = tab.locator(".first .scroll").first
    assert wide.evaluate("e => e.scrollWidth <= e.clientWidth"), "four models fit without scrolling"


def test_nothing_is_wider_than_the_window_and_nothing_is_asked_for_or_complained_of(laptop, phone):
    for (tab, said), (width, _) in ((laptop, LAPTOP), (phone, PHONE)):
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert said == []


def test_headings_stand_in_order_in_a_page_that_says_its_language(laptop):
    tab, _ = laptop
    levels = tab.evaluate("[...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(e => +e.tagName[1])")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert tab.evaluate("document.documentElement.lang") == "en"


def test_every_link_leads_somewhere(laptop):
    tab, _ = laptop
    links = set(tab.evaluate("[...document.querySelectorAll('a')].map(e => e.getAttribute('href'))"))
    ids = set(tab.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)"))
    assert len(links) > 100
    assert {unquote(link[1:]) for link in links if link.startswith("#")} <= ids
    assert all((PAGE.parent / link).is_file() for link in links if not link.startswith("#"))


def test_a_link_into_a_folded_table_opens_it(laptop):
    tab, _ = laptop
    number = tab.locator("td a[href^='#grammar']").first
    name = unquote(number.get_attribute("href")[1:])
    number.evaluate("e => e.click()")
    row = tab.locator(f"[id='{name}']")
    row.wait_for()
    assert row.is_visible()
    tab.locator(".back").click()
    assert tab.locator("#contents").bounding_box()["y"] >= 0


def test_text_stands_out_from_its_ground(tab):
    told, poor = tab.evaluate(CONTRAST)
    assert told > 30 and poor == []


def test_every_figure_has_words_and_letters_that_can_be_read(tab):
    images = tab.evaluate("[...document.images].map(e => [e.src, e.alt, e.clientWidth / e.naturalWidth])")
    assert len(images) > 20
    for source, alt, scale in images:
        sizes = re.findall(rb"scale\((0\.\d+) -0\.\d+\)", base64.b64decode(source.partition(",")[2]))
        assert len(alt) > 20
        assert min(map(float, sizes)) * 100 * DOTS * scale >= LEGIBLE - 0.5, alt


def test_on_a_phone_figures_and_tables_scroll_by_themselves(phone):
    tab, _ = phone
    wide = tab.evaluate("[...document.querySelectorAll('figure .scroll')].map(e => e.scrollWidth > e.clientWidth)")
    assert all(wide)
    assert tab.locator(".matrix").first.evaluate("e => getComputedStyle(e.parentElement).overflowX") == "auto"


def test_on_paper_nothing_is_cut_and_what_is_left_out_is_said(browser):
    tab, _ = opened(browser, PAPER)
    tab.emulate_media(media="print")
    assert tab.evaluate("document.documentElement.scrollWidth") <= PAPER[0]
    heights = tab.evaluate("[...document.images].map(e => e.clientHeight)")
    assert max(heights) <= PAPER[1]
    printed = tab.evaluate("[...document.querySelectorAll('details.printed > :not(summary)')].map(e => e.clientHeight)")
    assert printed and min(printed) > 0
    folded = "[...document.querySelectorAll('details:not(.printed) > summary')]"
    said = tab.evaluate(f"{folded}.map(e => getComputedStyle(e, '::after').content)")
    assert said and all("left out on paper" in one for one in said)
    paper = tab.pdf(prefer_css_page_size=True)
    tab.close()
    assert paper.startswith(b"%PDF") and 20 < len(re.findall(rb"/Type /Page\b", paper)) < 100
    assert re.search(rb"/MediaBox \[0 0 84[12][.\d]* 59[456]", paper), "A4 across"
