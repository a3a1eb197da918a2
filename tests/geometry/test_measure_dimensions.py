from dataclasses import replace

import numpy as np
from planted_conditions import crossed

from empathy_core.contracts import TextSet
from empathy_core.geometry.dimensionality import concept_dimensions
from empathy_core.geometry.measure import measure_dimensions


def test_everything_is_measured_of_the_main_texts_alone():
    features, _, texts = crossed(n=24, rank=2, dim=16)
    foils = tuple(replace(text, id=f"{text.id}-foil", role="foil") for text in texts.texts)
    both = TextSet("toy", "measured", texts.texts + foils)
    stacked = np.concatenate([features, -features])
    dimensions, found = measure_dimensions("toy/tiny", stacked, both, seed=0)
    assert dimensions["empathy"].effective == concept_dimensions(features, texts, seed=0)["empathy"].effective
    assert found == measure_dimensions("toy/tiny", features, texts, seed=0)[1]
    stem = "toy/tiny/dimension/empathy"
    assert [estimate.name.removeprefix(f"{stem}/") for estimate in found] == [
        "rank",
        "effective",
        "ceiling",
        "n=6/effective",
        "n=12/effective",
        "n=18/effective",
        "n=24/effective",
        "erased/before/auroc",
        "erased/after/auroc",
    ]
