import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from empathy_core.activations import store
from empathy_core.contracts import POOLS, ActivationSet, BadInput, ModelSpec

ARRAYS = np.random.default_rng(0).normal(size=(3, 5, 6, 4)).astype(np.float32)


def written(root, dtype="float32"):
    activations = ActivationSet(
        ModelSpec("tiny", "/nowhere"), "key", "", "hash", tuple("abcde"), (0, 1, 2), POOLS, 4, dtype,
        (1.0, 2.0, 3.0), (9,) * 5, 100.0,
    )  # fmt: skip
    return store.write(root, activations, ARRAYS)


def test_what_is_written_is_found_and_read_back(tmp_path):
    activations = written(tmp_path)
    assert store.find(tmp_path, "key") == activations
    for point in range(3):
        np.testing.assert_array_equal(store.read_point(activations, point), ARRAYS[point])


def test_half_precision_is_read_back_as_single(tmp_path):
    values = store.read_point(written(tmp_path, "float16"), 1)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, ARRAYS[1], rtol=1e-3)


def test_reading_one_point_opens_only_its_file(tmp_path):
    activations = written(tmp_path)
    for point in (0, 2):
        (Path(activations.folder) / f"point_{point:03d}.safetensors").unlink()
    np.testing.assert_array_equal(store.read_point(activations, 1), ARRAYS[1])


def test_an_unknown_key_is_none(tmp_path):
    assert store.find(tmp_path, "other") is None


def test_a_failed_write_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(store.json, "dumps", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        written(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_writing_a_finished_key_again_keeps_the_first(tmp_path):
    first = written(tmp_path)
    assert written(tmp_path) == first
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def flip_a_byte(path):
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("name", ["point_001.safetensors", "manifest.json"])
@pytest.mark.parametrize("damage", [Path.unlink, flip_a_byte, lambda path: path.write_bytes(path.read_bytes()[:50])])
def test_a_damaged_folder_is_refused_and_named(tmp_path, name, damage):
    activations = written(tmp_path)
    damage(Path(activations.folder) / name)
    for reading in (lambda: store.read_point(activations, 1), lambda: store.find(tmp_path, "key")):
        with pytest.raises(BadInput, match=f"{name}.*delete"):
            reading()


def test_a_point_that_was_not_extracted_is_refused(tmp_path):
    with pytest.raises(BadInput, match="0 to 2"):
        store.read_point(written(tmp_path), 3)


def test_the_store_is_read_without_torch():
    code = "import sys, empathy_core.activations.store; sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
