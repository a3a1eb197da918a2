"""`make cards`: the cards of the latest runs in a browser, on this machine only.

Metaflow's own `card server` listens on every network interface; this one exports the cards and listens on 127.0.0.1.
"""

import functools
import html
import http.server
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from metaflow import Flow, Task
from metaflow.cards import get_cards
from metaflow.exception import MetaflowNotFound
from metaflow.plugins.cards.exception import CardNotPresentException

from empathy_core.runs import FLOWS

RUNS = 2
"""`make study` runs every flow twice: on the grammar's texts and on the bundled ones."""
PORT = 8324
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
"""What a browser may load for a card: what stands in it, and nothing else."""


def export(folder: Path) -> Path:
    """Write every card of the latest successful runs into `folder`, and an index of them; returns the index."""
    links = []
    for flow in reversed(FLOWS):
        for task in _tasks(flow):
            for number, card in enumerate(_cards(task)):
                name = f"{task.pathspec.replace('/', '-')}-{number}.html"
                (folder / name).write_text(sealed(card.get()), encoding="utf-8")
                links.append(f'<li><a href="{html.escape(name)}">{html.escape(task.pathspec)}</a></li>')
    index = folder / "index.html"
    body = f"<h1>Cards of the latest runs</h1><ul>{''.join(links)}</ul>" if links else "<p>No run has a card yet.</p>"
    index.write_text(f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Cards</title>{body}</html>')
    return index


def sealed(card: str) -> str:
    """The same card, which asks no other machine for anything: Metaflow's own styles ask Google for a font."""
    return card.replace("<head>", f'<head><meta http-equiv="Content-Security-Policy" content="{POLICY}">', 1)


def _tasks(flow: str) -> list[Task]:
    try:
        runs = [run for run in Flow(flow) if run.successful][:RUNS]
    except MetaflowNotFound:
        return []
    return [task for run in runs for step in run for task in step]


def _cards(task: Task) -> Iterable:
    try:
        return get_cards(task)
    except CardNotPresentException:
        return ()


def main() -> None:
    """Export the cards to a temporary folder and serve it until interrupted."""
    with tempfile.TemporaryDirectory() as folder:
        export(Path(folder))
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
        sys.stdout.write(f"Cards: http://127.0.0.1:{PORT}/ (stop with Ctrl-C)\n")
        sys.stdout.flush()
        http.server.ThreadingHTTPServer(("127.0.0.1", PORT), handler).serve_forever()


if __name__ == "__main__":
    main()
