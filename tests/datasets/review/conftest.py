"""A small set of texts in three styles of a user's own, and decisions about them."""

import pytest

from empathy_core.contracts import Text, TextSet
from empathy_core.datasets.review.decisions import Decision
from empathy_core.datasets.review.sheet import item_id

STYLES = ("wordplay", "irony", "absurd")


@pytest.fixture(scope="session")
def texts() -> TextSet:
    """Six scenarios with one reply in each style, and a foil that is not reviewed."""
    rows = [
        Text(f"s{i}-{style}", f"s{i}", "office", style, f"The kettle broke {i} times.", f"Reply {i}{n}, as ever.")
        for i in range(6)
        for n, style in enumerate(STYLES)
    ]
    return TextSet("jokes", "measured", (*rows, Text("f", "s0", "office", "irony", rows[0].scenario, "Quite.", "foil")))


@pytest.fixture(scope="session")
def decide():
    """Makes one decision about a text: right style, natural and accepted unless told otherwise."""

    def make(text, rater="anna", style="", naturalness=4, **fields):
        record = {
            "item_id": item_id(text),
            "content_hash": text.content_hash,
            "rater": rater,
            "decision": "accept",
            "answers": {"style": style or text.style, "naturalness": naturalness},
            "seconds": 3.0,
            "page_version": "0",
            "time": "2025-01-01T10:00:00.000Z",
        }
        return Decision.model_validate(record | fields)

    return make
