"""Bring what describes the bundled texts up to date after an edit: `python -m empathy_core.datasets.bundle`.

Writes MANIFEST.json (rows and hash of every file), text.schema.json, quality.json and the gate table of the data card.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

from empathy_core.contracts import Gate, TextSet
from empathy_core.datasets.files import BUNDLED, bundled, json_schema
from empathy_core.datasets.gates import gates, record
from empathy_core.datasets.splits import grouped_folds

FILES = (
    "triplets.jsonl",
    "foils.jsonl",
    "valence_stripped.jsonl",
    "non_empathic.jsonl",
    "pairs.jsonl",
    "register_pairs.jsonl",
    "emotion.jsonl",
)
NAME = "bundled"
CARD_TABLE = re.compile(r"(?<=<!-- gates -->\n).*?(?=<!-- end of gates -->)", re.DOTALL)
"""Where the data card holds the table of gates."""


def manifest() -> dict[str, Any]:
    """Rows and SHA-256 of every bundled file."""
    contents = {name: (BUNDLED / name).read_bytes() for name in FILES}
    files = {
        name: {"rows": content.count(b"\n"), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in contents.items()
    }
    return {"name": NAME, "files": files}


def quality(texts: TextSet, seed: int = 0) -> tuple[Gate, ...]:
    """Every gate on the folds that the flows use."""
    return gates(texts, grouped_folds(texts, seed=seed), seed)


def card_table(found: Sequence[Gate]) -> str:
    """The gates as the table of the data card."""
    said = {True: "yes", False: "**no**", None: "–"}
    rows = [
        f"| {gate.name} | {gate.estimate.value:.2f} | {gate.estimate.low:.2f} to {gate.estimate.high:.2f} "
        f"| {gate.estimate.n} | {gate.threshold} | {said[gate.passed]} |"
        for gate in found
    ]
    head = ["| gate | value | interval | n | threshold | passed |", "|---|---|---|---|---|---|"]
    return "\n".join([*head, *rows]) + "\n"


def main() -> None:
    """Write all four, the manifest first, since reading the texts checks it."""
    _write_json("MANIFEST.json", manifest())
    _write_json("text.schema.json", json_schema())
    texts = bundled()
    found = quality(texts)
    _write_json("quality.json", record(texts, found))
    card = BUNDLED / "README.md"
    filled = CARD_TABLE.sub(lambda _: card_table(found), card.read_text(encoding="utf-8"))
    card.write_text(filled, encoding="utf-8")


def _write_json(name: str, content: Any) -> None:
    (BUNDLED / name).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
