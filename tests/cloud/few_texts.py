"""A handful of texts, so that a remote extraction takes seconds."""

import json
from pathlib import Path

STYLES = {
    "cognitive": "You may be asking yourself what the {} says about the plan you had in mind.",
    "affective": "That {} is a sad thing to carry, and I am sitting here feeling it with you.",
    "instrumental": "Write down what the {} costs this week, then ring the office and ask for a date.",
}
NOUNS = ("letter", "journey", "house", "exam")
SCENARIOS = 16


def few_texts(folder: Path) -> Path:
    """Writes 16 scenarios in three styles."""
    rows = [
        {
            "id": f"{number}-{style}",
            "scenario_id": f"s{number}",
            "context": NOUNS[number % len(NOUNS)],
            "style": style,
            "scenario": f"The {NOUNS[number % len(NOUNS)]} number {number} went wrong for me.",
            "response": reply.format(NOUNS[number % len(NOUNS)]),
            "split": "test" if number % 2 else "train",
        }
        for number in range(SCENARIOS)
        for style, reply in STYLES.items()
    ]
    path = folder / "few.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path
