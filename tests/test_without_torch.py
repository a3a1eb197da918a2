"""Reading and reporting run where no model can: on a laptop without torch, from stored activations."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from test_layering import WITHOUT_TORCH
from toy import toy_texts

from empathy_core.activations import store
from empathy_core.contracts import ActivationSet, ModelSpec

ROOT = Path(__file__).parent.parent

READ_AND_REPORT = """
import pickle
from functools import partial
from pathlib import Path
from empathy_core.activations.store import point_reader
from empathy_core.cards.page import write_report
from empathy_core.geometry.measure import measure_dimensions
from empathy_core.probes.directions import make_directions
from empathy_core.probes.reading import ReadingSettings, control_model, holm_over_models, read_model
from empathy_core.saes.measure import converge, dictionaries
from empathy_core.saes.wanted import wanted
from empathy_core.verdicts import judge_models

manifest, texts = pickle.loads(Path(sys.argv[1]).read_bytes())
settings, read_point = ReadingSettings(permutations=50), point_reader(manifest, "mean")
reading = read_model(read_point, manifest, texts, settings)
controls = control_model(partial(point_reader, manifest), "mean", manifest, texts, reading, 1, settings)
_, dimensions = measure_dimensions("toy/tiny", read_point(1), texts, 0)
make_directions(read_point, manifest, texts, 1)
none = dictionaries(manifest, texts, 1, wanted(texts, 0, "", "cpu", "float32"))
assert not converge(read_point, manifest, texts, 1, none).estimates
found = (*reading.estimates, *holm_over_models(reading.estimates), *controls, *dimensions)
write_report(Path(sys.argv[2]), found, judge_models(found, texts, [manifest.model]), [])
"""


@pytest.fixture
def stored(tmp_path):
    """Activations of twenty scenarios in two styles, of which the second point knows the style."""
    texts, rng = toy_texts(20), np.random.default_rng(0)
    arrays = rng.standard_normal((2, len(texts), 2, 16)).astype(np.float32)
    arrays[1] += 2.0 * (texts.column("style") == "warm")[:, None, None]
    unfinished = store.begin(tmp_path / "store", "key")
    unfinished.write(0, dict(enumerate(arrays)), {"seconds": 1.0})
    return texts, unfinished.finish(
        ActivationSet(
            model=ModelSpec("tiny", "nowhere"),
            key="key",
            folder="",
            dataset_hash=texts.content_hash,
            text_ids=tuple(text.id for text in texts.texts),
            points=(0, 1),
            pools=("last", "mean"),
            dim=16,
            dtype="float32",
            residual_norms=(4.0, 5.0),
            response_tokens=(6,) * len(texts),
            tokens_per_second=1.0,
        )
    )


def test_a_stored_model_is_read_controlled_and_reported(stored, tmp_path):
    texts, manifest = stored
    handed = tmp_path / "handed-over.pickle"
    handed.write_bytes(pickle.dumps((manifest, texts)))
    command = [sys.executable, "-c", WITHOUT_TORCH + READ_AND_REPORT, str(handed), str(tmp_path / "report")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    numbers = {one["name"]: one for one in json.loads((tmp_path / "report/numbers.json").read_text())["numbers"]}
    assert numbers["toy/tiny/read/warm-cold/point=1/auroc"]["value"] > 0.95
    assert numbers["toy/tiny/control/length-residualised/nested/auroc"]["value"] > 0.8
    assert "warm" in (tmp_path / "report/index.html").read_text()
