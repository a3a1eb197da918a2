"""Texts that would do harm where they were taken for markup, and a browser that tells whether they did."""

import shutil
from contextlib import contextmanager

from playwright.sync_api import sync_playwright

ATTACKS = {
    "script": "<script>document.title='broken into'</script>",
    "svg": "<svg onload=\"document.title='broken into'\">",
    "image": '<img src=http://127.0.0.1:9/seen onerror="alert(1)">',
    "end tags": "</script></style></td></table><script>alert(1)</script><!--",
    "link": "[read on](javascript:alert(1))",
    "picture": "![seen](http://127.0.0.1:9/seen)",
    "code": "```` `code` ${alert(1)} {{alert(1)}} {@html '<b>'} **bold** # head | cell |",
    "direction": "\u202eturned round\u202c \u200fmark\u200e",
    "emoji": "🫶🏽 👩‍👩‍👧 e\u0301 𝒳",
}
HOSTILE = " ".join(ATTACKS.values())
LONG = f"{HOSTILE} {'so it went on ' * 700}the end"
"""A row of ten thousand characters."""
NAME = HOSTILE.replace("/", "|")
"""For names that stand in keys, which slashes part."""


@contextmanager
def watched_browser():
    """A function that opens a file and gives its text once `selector` is there; fails where anything in it acted.

    Requests for what is not in the file count as acts, except those whose address begins as one of `known`.
    """
    executable = shutil.which("chromium")
    assert executable, "These tests drive a real browser: install chromium, so that `chromium` is on the path."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])

        def read(path, selector="body", update=None, known=()):
            tab, acted = browser.new_page(), []
            tab.set_default_timeout(5000)
            tab.on("dialog", lambda dialog: (acted.append(dialog.message), dialog.dismiss()))
            tab.on("pageerror", lambda error: acted.append(str(error)))
            tab.route(
                lambda url: not url.startswith(path.as_uri()),
                # What a page may not load by its own policy never comes here.
                lambda route: (acted.append(route.request.url), route.abort()),
            )
            tab.goto(path.as_uri())
            tab.locator(selector).first.wait_for()
            if update:
                assert tab.evaluate("components => window.metaflow_card_update(components)", update)
            # Handlers and requests of what was drawn come in later turns of the page's loop.
            tab.evaluate("() => new Promise(done => setTimeout(done, 100))")
            shown, title = tab.locator("body").inner_text(), tab.title()
            odd = tab.locator("body :is([onload], [onerror], a[href^='javascript' i])").count()
            tab.close()
            acted = [act for act in acted if not act.startswith(known)]
            assert not acted and "broken into" not in title and not odd, (acted, title, odd)
            return _plain(shown)

        yield read
        browser.close()


def stands_in(text, shown):
    """Whether a page shows the text as it is, up to white space."""
    return _plain(text) in shown


def _plain(text):
    return " ".join(text.split())
