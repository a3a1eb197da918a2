"""Small data sets for tests."""

from empathy_core.contracts import Text, TextSet


def toy_texts(n_scenarios: int = 3, styles: tuple[str, ...] = ("warm", "cold")) -> TextSet:
    """One reply per scenario and style; the last quarter of the scenarios is the test split."""
    rows = [
        Text(
            id=f"{scenario}-{style}",
            scenario_id=f"s{scenario}",
            context="work",
            style=style,
            scenario=f"Scenario number {scenario} happened to me.",
            response=f"A {style} reply to scenario {scenario}.",
            split="test" if scenario >= 3 * n_scenarios / 4 else "train",
        )
        for scenario in range(n_scenarios)
        for style in styles
    ]
    return TextSet("toy", "measured", tuple(rows))
