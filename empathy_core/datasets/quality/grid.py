"""Whether a set is balanced: families, registers, persons, domains, the people in its scenarios, splits and origins."""

import calendar
import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations

import numpy as np

from empathy_core.contracts import Text, TextSet
from empathy_core.datasets.quality.measured import Measured, n_scenarios, whole
from empathy_core.datasets.surface import words

FACTORS = ("family", "register", "person")
OTHER_PEOPLE = {
    "she": {"she", "her", "hers", "herself", "she's", "she'd", "she'll"},
    "he": {"he", "him", "his", "himself", "he's", "he'd", "he'll"},
    "they": {"they", "them", "their", "theirs", "themselves", "they're", "they've", "they'd", "they'll"},
}
_NO_NAMES = {*calendar.day_name, *calendar.month_name, "I"}
_CAPITALISED = re.compile(r"(?<=[a-z0-9,;] )[A-Z][a-zé]+")


def factor_levels(texts: TextSet) -> Iterator[Measured]:
    """Number of lexical families, registers and persons of the main replies."""
    for factor in FACTORS:
        levels = sorted(set(texts.column(factor).tolist()) - {""})
        detail, method = ", ".join(levels[:5]), "datasets.quality.grid.factor_levels"
        yield whole(texts, f"levels/{factor}", len(levels), method, detail)


def smallest_cell(texts: TextSet) -> Measured:
    """Smallest share of scenarios in a cell of two crossed factors, over all pairs of factors; 0 for an empty cell."""
    shares, method = {}, "datasets.quality.grid.smallest_cell"
    for pair in combinations(FACTORS, 2):
        cells = Counter(tuple(getattr(text, factor) for factor in pair) for text in _scenarios(texts))
        levels = [sorted({cell[side] for cell in cells}) for side in (0, 1)]
        shares |= {(a, b): cells[a, b] / cells.total() for a in levels[0] for b in levels[1]}
    (first, second), share = min(shares.items(), key=lambda item: item[1])
    return whole(texts, "smallest-cell", share, method, f"{first or 'none'} × {second or 'none'}")


def shared_factors(texts: TextSet) -> Measured:
    """Share of scenarios whose replies all have one family, one register and one person."""
    cells: dict[str, set[tuple[str, ...]]] = {}
    for text in texts.texts:
        cells.setdefault(text.scenario_id, set()).add(tuple(getattr(text, factor) for factor in FACTORS))
    mixed = [scenario for scenario, found in cells.items() if len(found) > 1]
    method = "datasets.quality.grid.shared_factors"
    return whole(texts, "shared-factors", 1 - len(mixed) / len(cells), method, ", ".join(mixed[:3]))


def domains(texts: TextSet) -> Iterator[Measured]:
    """Number of domains, their effective number (exponential of the entropy), and the smallest and largest share."""
    counts = Counter(text.context for text in _scenarios(texts))
    shares = np.array(list(counts.values())) / counts.total()
    ranked, method = counts.most_common(), "datasets.quality.grid.domains"
    yield whole(texts, "domains/count", len(counts), method)
    yield whole(texts, "domains/effective-number", np.exp(-(shares * np.log(shares)).sum()), method)
    yield whole(texts, "domains/smallest", shares.min(), method, ranked[-1][0])
    yield whole(texts, "domains/largest", shares.max(), method, ranked[0][0])


def people(texts: TextSet) -> Iterator[Measured]:
    """Share of scenarios whose commonest third person is she, he or they; scenarios without one count for none."""
    found = Counter(_other_person(text.scenario) for text in _scenarios(texts))
    for pronoun in OTHER_PEOPLE:
        share = found[pronoun] / n_scenarios(texts)
        yield whole(texts, f"people/{pronoun}", share, "datasets.quality.grid.people")


def commonest_name(texts: TextSet) -> Measured:
    """Number of scenarios that share their commonest name: a capitalised word inside a sentence, no day or month."""
    names = Counter(name for text in _scenarios(texts) for name in set(_CAPITALISED.findall(text.scenario)) - _NO_NAMES)
    [(name, count)] = names.most_common(1) or [("", 0)]
    return whole(texts, "commonest-name", count, "datasets.quality.grid.commonest_name", name)


def split_domains(texts: TextSet) -> Measured:
    """Number of domains with scenarios in both splits."""
    domains = {split: {text.context for text in texts.texts if text.split == split} for split in ("train", "test")}
    both = sorted(domains["train"] & domains["test"])
    return whole(texts, "split-domains", len(both), "datasets.quality.grid.split_domains", ", ".join(both[:3]))


def stated_origin(texts: TextSet) -> Measured:
    """Share of texts that say where they came from."""
    share = np.mean(texts.column("origin") != "")
    return whole(texts, "stated-origin", share, "datasets.quality.grid.stated_origin")


def _scenarios(texts: TextSet) -> list[Text]:
    """One text of each scenario."""
    return list({text.scenario_id: text for text in texts.texts}.values())


def _other_person(scenario: str) -> str:
    counts = Counter({name: sum(word in forms for word in words(scenario)) for name, forms in OTHER_PEOPLE.items()})
    [(name, most)] = counts.most_common(1)
    return name if most else "nobody"
