import pytest

from empathy_core.contracts import Text, TextSet


@pytest.fixture
def make_texts():
    """Build a set from {scenario id: {style: reply}}; further fields hold for every row, or are given by scenario."""

    def make(replies: dict[str, dict[str, str]], scenarios: dict[str, str] | None = None, **fields) -> TextSet:
        rows = [
            Text(
                f"{scenario}-{style}",
                scenario,
                style=style,
                scenario=(scenarios or {}).get(scenario, f"What happened on day {scenario}."),
                response=response,
                **{name: value[scenario] if isinstance(value, dict) else value for name, value in fields.items()},
                **({} if "context" in fields else {"context": "work"}),
            )
            for scenario, of_scenario in replies.items()
            for style, response in of_scenario.items()
        ]
        return TextSet("toy", "measured", tuple(rows))

    return make
