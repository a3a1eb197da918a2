"""Whether control texts differ from the main ones, or from each other, in more than they are meant to."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np

from empathy_core.contracts import TextSet
from empathy_core.datasets.lexical import Baseline
from empathy_core.datasets.quality.cues import cue_auroc, transfer_auroc
from empathy_core.datasets.quality.measured import DRAWS, Measured, n_scenarios, sampled, whole
from empathy_core.datasets.splits import scenario_folds
from empathy_core.stats import bootstrap_mean

MATCHED = ("valence_stripped", "non_empathic")
"""Roles that are compared with the main replies: only what makes them controls may tell them apart."""
CONTRASTS = ("pair", "register", "emotion")
"""Roles whose own styles are compared with each other."""
FOIL_CUES: tuple[Baseline, ...] = ("function-words", "character-ngrams", "tfidf")
CONTRAST_CUES: tuple[Baseline, ...] = ("length", "opener", "tfidf")
MATCHED_CUES: tuple[Baseline, ...] = ("length", "person", "tfidf")


def foils(texts: TextSet, main: TextSet, rng: np.random.Generator) -> Iterator[Measured]:
    """Number of foil scenarios, and how well each lexical cue learnt from the main replies does on them."""
    found = texts.rows(texts.column("role") == "foil")
    yield whole(found, "foils/scenarios", n_scenarios(found), "datasets.quality.controls.foils")
    for kind in FOIL_CUES:
        for pair in combinations(main.main_styles, 2):
            yield transfer_auroc(main, found, kind, pair, rng)


def matched(texts: TextSet, main: TextSet, role: str, rng: np.random.Generator) -> Iterator[Measured]:
    """Control replies against main ones: relative length, and how well length, pronouns and words tell them apart."""
    control, stem = texts.rows(texts.column("role") == role), f"controls/{role}"
    method, counts = (
        "datasets.quality.controls.matched",
        Counter({t.scenario_id: t.context for t in control.texts}.values()),
    )
    shared = np.mean(np.isin(control.column("scenario_id"), main.column("scenario_id")))
    if role == "non_empathic":
        yield whole(control, f"{stem}/domains", len(counts), method)
        [(largest, count)] = counts.most_common(1)
        yield whole(control, f"{stem}/largest-domain", count / counts.total(), method, largest)
    else:
        yield whole(control, f"{stem}/same-scenarios", float(shared), method)
    yield _length_ratio(control, main, f"{stem}/length-ratio", rng)
    both = _labelled(main, "main") + _labelled(control, role)
    compared = TextSet(texts.name, texts.kind, both)
    for kind in MATCHED_CUES:
        yield cue_auroc(compared, scenario_folds(compared), kind, ("main", role), rng, f"{stem}/{kind}")


def contrast(texts: TextSet, role: str, rng: np.random.Generator) -> Iterator[Measured]:
    """Texts of one role, style against style: how many scenarios each context has, and what surface cues give away."""
    found = texts.rows(texts.column("role") == role)
    own = TextSet(texts.name, texts.kind, _labelled(found))
    contexts = Counter({text.scenario_id: text.context for text in own.texts}.values())
    method, stem = "datasets.quality.controls.contrast", f"controls/{role}"
    rarest = contexts.most_common()[-1]
    yield whole(own, f"{stem}/scenarios", n_scenarios(own), method)
    yield whole(own, f"{stem}/contexts", len(contexts), method)
    yield whole(own, f"{stem}/fewest-in-a-context", rarest[1], method, rarest[0])
    for kind in CONTRAST_CUES:
        for pair in combinations(own.main_styles, 2):
            name = f"{stem}/{kind}/{pair[0]}-{pair[1]}"
            yield cue_auroc(own, scenario_folds(own), kind, pair, rng, name)


def _length_ratio(control: TextSet, main: TextSet, name: str, rng: np.random.Generator) -> Measured:
    """Mean length of the control replies over that of the main ones."""
    values, draws = [], []
    for texts in (control, main):
        sizes = np.array([len(text.response) for text in texts.texts], dtype=float)
        values.append(sizes.mean())
        draws.append(bootstrap_mean(sizes, texts.column("scenario_id"), DRAWS, rng))
    method = "datasets.quality.controls.matched"
    return sampled(control, name, values[0] / values[1], draws[0] / draws[1], n_scenarios(control), method, null=1.0)


def _labelled(texts: TextSet, style: str = "") -> tuple:
    """The texts as main ones, under one style name where given."""
    return tuple(replace(text, role="main", style=style or text.style) for text in texts.texts)
