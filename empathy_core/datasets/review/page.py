"""The review page: one HTML file that needs no network and keeps the answers in the rater's browser."""

import base64
import csv
import hashlib
import json
from dataclasses import asdict
from html import escape
from pathlib import Path
from string import Template

from empathy_core.datasets.review.sheet import ReviewSheet

HERE = Path(__file__).parent


def write_page(sheet: ReviewSheet, folder: Path) -> Path:
    """Write `review.html`, and `items.csv` with the same items to look through; gives the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "review.html"
    path.write_text(page(sheet), encoding="utf-8", newline="\n")
    _write_items(sheet, folder / "items.csv")
    return path


def page(sheet: ReviewSheet) -> str:
    """The whole page. Its policy lets only the page's own script and style run, each named by its hash."""
    style, script, skeleton = (_source(f"page.{kind}") for kind in ("css", "js", "html"))
    data = {"version": sheet.version, **asdict(sheet)}
    policy = f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'"
    return Template(skeleton).substitute(
        policy=f"{policy}; form-action 'none'",
        title=escape(sheet.title),
        style=style,
        script=script,
        sheet=_embedded(data),
    )


def _source(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _hash(source: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


def _embedded(data: object) -> str:
    """JSON that cannot end the script element it stands in: ASCII alone, and no `<` (`</script`, `<!--`)."""
    return json.dumps(data, ensure_ascii=True).replace("<", "\\u003c")


def _write_items(sheet: ReviewSheet, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["screen", "item_id", "content_hash", "prompt", "response"])
        for number, screen in enumerate(sheet.screens, start=1):
            for item in screen.items:
                table.writerow([number, item.id, item.content_hash, _cell(screen.prompt), _cell(item.response)])


def _cell(text: str) -> str:
    """A spreadsheet runs a cell that starts like a formula; the apostrophe makes it text."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
