"""One steering experiment per organism, measured afresh and shared by all acceptance tests of a session."""

import pickle

from filelock import FileLock

from empathy_core.activations.extract import extract
from empathy_core.activations.store import point_reader
from empathy_core.datasets.sources import read_source
from empathy_core.geometry.dimensionality import concept_dimensions
from empathy_core.models.load import load_model
from empathy_core.models.specs import resolve
from empathy_core.probes.directions import make_directions
from empathy_core.steering.analysis import analyse
from empathy_core.steering.contexts import context_directions
from empathy_core.steering.experiment import run_experiment
from empathy_core.steering.judges import grammar_judge
from empathy_core.steering.sampling import SamplingSettings
from empathy_core.steering.sweep import SweepSettings

SETTINGS = SweepSettings(random_directions=12)
"""Fewer null directions than the study, the same code."""


def written(name, tmp_path_factory):
    """What steering showed for an organism; the second test to ask, in any worker, reads what the first one wrote."""
    root = tmp_path_factory.getbasetemp()
    shared = root.parent if root.name.startswith("popen-") else root  # where the workers of one session meet
    kept = shared / f"written-{name}.pickle"
    with FileLock(f"{kept}.lock"):
        if not kept.exists():
            kept.write_bytes(pickle.dumps(_write(name, tmp_path_factory.mktemp("store"))))
    return pickle.loads(kept.read_bytes())


def _write(name, store):
    texts, loaded = read_source("organism"), load_model(resolve(name))
    activations = extract(loaded, texts, store)
    read_point = point_reader(activations, "mean")
    directions = make_directions(read_point, activations, texts, permutations=1)
    features = read_point(directions.point)
    experiment = run_experiment(
        loaded,
        texts,
        directions,
        SETTINGS,
        SamplingSettings(),
        judged=True,
        contexts=context_directions(features, texts, directions, seed=0),
    )
    dimensions = concept_dimensions(features, texts, seed=0)
    return analyse(experiment, texts, directions, dimensions, grammar_judge, seed=0)
