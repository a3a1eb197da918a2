import errno
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace

import numpy as np
import pytest

from empathy_core.activations import store
from empathy_core.activations.objects import Folder, at
from empathy_core.contracts import POOLS, ActivationSet, BadInput, ModelSpec

ARRAYS = np.random.default_rng(0).normal(size=(3, 5, 6, 4)).astype(np.float32)
SHARDS = (slice(0, 2), slice(2, 4), slice(4, 5))
SET = ActivationSet(
    ModelSpec("tiny", "/nowhere"), "key", "", "hash", tuple("abcde"), (0, 1, 2), POOLS, 4, "float32",
    (1.0, 2.0, 1 / 3), (9,) * 5, 100.0, 1e-6, ("a note",),
)  # fmt: skip


def fill(unfinished, arrays=ARRAYS, points=SET.points):
    """Writes every shard that is not there."""
    for number, texts in enumerate(SHARDS):
        if number not in unfinished.shards:
            shard = {point: arrays[row, texts] for row, point in enumerate(points)}
            unfinished.write(number, shard, {"texts": [texts.start, texts.stop]})
    return unfinished


def written(root, arrays=ARRAYS, points=SET.points):
    return fill(store.begin(root, "key"), arrays, points).finish(replace(SET, points=points))


def contents(root):
    objects = at(f"{root}/key")
    return {name: objects.read(name) for name in objects.entries()}


def test_what_is_written_is_found_and_read_back_in_the_order_of_the_shards(root):
    activations = written(root)
    assert activations == replace(SET, folder=at(f"{root}/key").location)
    assert store.find(root, "key") == activations == store.find(root, "key", verify=False)
    for point in range(3):
        np.testing.assert_array_equal(store.read_point(activations, point), ARRAYS[point])
    np.testing.assert_array_equal(store.point_reader(activations, "mean")(2), ARRAYS[2, :, POOLS.index("mean")])


def test_a_key_holds_one_object_a_point_and_shard_a_record_a_shard_and_a_manifest(root):
    written(root)
    arrays = {f"point_{point:03d}/shard_{number:04d}.safetensors" for point in range(3) for number in range(3)}
    assert set(contents(root)) == arrays | {"shard_0000.json", "shard_0001.json", "shard_0002.json", "manifest.json"}


def test_the_type_that_is_given_is_stored_and_read_back_as_single(tmp_path):
    activations = written(tmp_path, ARRAYS.astype(np.float16))
    assert {shard.dtype for shard in store.read_shards(activations, 1)} == {np.dtype(np.float16)}
    values = store.read_point(activations, 1)
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, ARRAYS[1].astype(np.float16))


def test_tokens_are_kept_like_texts_and_read_a_shard_at_a_time(tmp_path):
    tokens = np.arange(24.0, dtype=np.float32).reshape(6, 4)
    unfinished = store.begin(tmp_path, "key-tokens")
    unfinished.write(0, {7: tokens[:4]}, {"text": [0, 0, 1, 1]})
    unfinished.write(1, {7: tokens[4:]}, {"text": [2, 2]})
    activations = unfinished.finish(replace(SET, key="key-tokens", points=(7,), pools=(), response_tokens=(2, 2, 2)))
    assert [len(shard) for shard in store.read_shards(activations, 7)] == [4, 2]
    np.testing.assert_array_equal(np.concatenate(list(store.read_shards(activations, 7))), tokens)


def test_shards_may_be_written_in_any_order(tmp_path):
    unfinished = store.begin(tmp_path, "key")
    for number in (2, 0, 1):
        unfinished.write(number, dict(enumerate(ARRAYS[:, SHARDS[number]])), {})
    np.testing.assert_array_equal(store.read_point(unfinished.finish(SET), 2), ARRAYS[2])


def test_points_need_not_follow_one_another(root):
    activations = written(root, points=(0, 5, 31))
    assert store.find(root, "key").points == (0, 5, 31)
    np.testing.assert_array_equal(store.read_point(activations, 31), ARRAYS[2])


def test_more_than_ten_thousand_shards_keep_their_order(tmp_path):
    unfinished = store.begin(tmp_path, "key")
    for number in range(10_002):
        unfinished._records[number] = {
            "facts": {}, "rows": 1, "objects": {store._array_name(0, number): {"sha256": str(number)}}
        }  # fmt: skip
    names = tuple(map(str, range(10_002)))
    activations = unfinished.finish(replace(SET, points=(0,), text_ids=names))
    assert list(store._finished(at(activations.folder)).of_point(0).values()) == list(names)


def test_reading_one_point_needs_only_its_objects(root):
    activations = written(root)
    objects = at(activations.folder)
    for name in [name for name in objects.entries() if name.startswith(("point_000", "point_002", "shard"))]:
        objects.delete(name)
    np.testing.assert_array_equal(store.read_point(activations, 1), ARRAYS[1])


def test_an_unknown_key_and_an_unfinished_one_are_none(root):
    assert store.find(root, "key") is None
    unfinished = store.begin(root, "key")
    assert unfinished.shards == {}
    fill(unfinished)
    assert store.find(root, "key") is None


def test_a_run_that_stops_goes_on_after_its_last_whole_shard(root):
    first = store.begin(root, "key")
    first.write(0, dict(enumerate(ARRAYS[:, SHARDS[0]])), {"texts": [0, 2]})
    first._write_array(1, (0, ARRAYS[1, SHARDS[1]]))  # another point's values, and never a record
    second = store.begin(root, "key")
    assert second.shards == {0: {"texts": [0, 2]}}
    activations = fill(second).finish(SET)
    for point in range(3):
        np.testing.assert_array_equal(store.read_point(activations, point), ARRAYS[point])


@pytest.mark.parametrize("name", ["point_001/shard_0001.safetensors", "shard_0001.json"])
@pytest.mark.parametrize("damage", [lambda data: None, lambda data: data[:-7]])
def test_a_shard_that_is_not_whole_is_written_again(root, name, damage):
    objects = at(f"{root}/key")
    fill(store.begin(root, "key"))
    whole, rest = contents(root), damage(objects.read(name))
    objects.delete(name) if rest is None else objects.write(name, rest)
    unfinished = store.begin(root, "key")
    assert set(unfinished.shards) == {0, 2}
    fill(unfinished)
    assert contents(root) == whole


def test_a_shard_that_is_whole_stays_as_it_is(root):
    one, other = store.begin(root, "key"), store.begin(root, "key")
    fill(one)
    other.write(0, dict(enumerate(-ARRAYS[:, SHARDS[0]])), {"texts": "other"})
    assert other.shards[0] == {"texts": [0, 2]}
    fill(other)
    first = one.finish(SET)
    assert other.finish(replace(SET, tokens_per_second=7.0)) == first == store.find(root, "key")


def test_writing_lists_a_key_once_and_not_once_a_shard(tmp_path, monkeypatch):
    listings, entries = [], Folder.entries
    monkeypatch.setattr(Folder, "entries", lambda self: listings.append(self.location) or entries(self))
    written(tmp_path)
    assert listings == [str(tmp_path / "key")]


def environment():
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def test_a_disk_that_fills_up_loses_the_shard_under_way_and_the_run_goes_on_when_there_is_room(tmp_path, monkeypatch):
    unfinished, room = store.begin(tmp_path, "key"), iter(range(5))  # one shard and a bit of the next

    def sync(_):
        if next(room, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(os, "fsync", sync)
        with pytest.raises(BadInput, match="No space left on device"):
            fill(unfinished)
    again = store.begin(tmp_path, "key")
    assert set(again.shards) == {0} and not any(name.endswith(".tmp") for name in contents(tmp_path))
    store.verify(fill(again).finish(SET))


@pytest.mark.parametrize("hours", [-48, 48])
def test_jobs_whose_clocks_disagree_write_and_read_one_key(tmp_path, hours):
    first = store.begin(tmp_path, "key")
    first.write(0, dict(enumerate(ARRAYS[:, SHARDS[0]])), {"texts": [0, 2]})
    elsewhere = time.time() + 3600 * hours
    for name in contents(tmp_path):
        os.utime(tmp_path / "key" / name, (elsewhere, elsewhere))
    second = store.begin(tmp_path, "key")
    assert set(second.shards) == {0}
    store.verify(fill(second).finish(SET))
    assert store.find(tmp_path, "key").text_ids == SET.text_ids


KILLED = """
import os, signal, sys
import numpy as np
from test_store import ARRAYS, fill
from empathy_core.activations import store
calls = iter(range(100))
os.fsync = lambda _: next(calls) == int(sys.argv[2]) and os.kill(os.getpid(), signal.SIGKILL)
store.PARALLEL = 1
fill(store.begin(sys.argv[1], "key"))
"""


@pytest.mark.parametrize("writes, whole", [(1, 0), (5, 1), (7, 1), (11, 2)])
def test_a_killed_process_loses_at_most_one_shard(tmp_path, writes, whole):
    """Four writes a shard: three points, then the record; the kill falls before the name appears."""
    killed = subprocess.run([sys.executable, "-c", KILLED, tmp_path / "a", str(writes)], env=environment(), check=False)
    assert killed.returncode == -signal.SIGKILL
    unfinished = store.begin(tmp_path / "a", "key")
    assert set(unfinished.shards) == set(range(whole))
    activations = fill(unfinished).finish(SET)
    store.verify(activations)
    written(tmp_path / "b")
    (left_behind,) = set(contents(tmp_path / "a")) - set(contents(tmp_path / "b"))
    assert left_behind.endswith(".tmp")
    at(tmp_path / "a" / "key").delete(left_behind)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


TWIN = """
import sys, time
from test_store import written
sys.stdin.readline()
written(sys.argv[1])
"""


def test_two_processes_that_write_one_key_at_once_end_with_one_whole_result(tmp_path):
    twins = [
        subprocess.Popen([sys.executable, "-c", TWIN, tmp_path / "a"], env=environment(), stdin=subprocess.PIPE)
        for _ in range(2)
    ]
    for twin in twins:
        twin.stdin.write(b"go\n")
        twin.stdin.close()
    assert [twin.wait() for twin in twins] == [0, 0]
    assert store.find(tmp_path / "a", "key").text_ids == SET.text_ids
    written(tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def flipped(data):
    return data[:-1] + bytes([data[-1] ^ 1])


@pytest.mark.parametrize("name", ["point_001/shard_0002.safetensors", "manifest.json"])
@pytest.mark.parametrize("damage", [flipped, lambda data: data[:50], lambda data: b""])
def test_damage_is_refused_and_named(root, name, damage):
    activations = written(root)
    objects = at(activations.folder)
    objects.write(name, damage(objects.read(name)))
    for reading in (lambda: store.read_point(activations, 1), lambda: store.find(root, "key")):
        with pytest.raises(BadInput, match=f"{name}.*delete"):
            reading()


def test_a_missing_object_is_refused_and_named(root):
    activations = written(root)
    at(activations.folder).delete("point_001/shard_0002.safetensors")
    for reading in (lambda: store.read_point(activations, 1), lambda: store.verify(activations)):
        with pytest.raises(BadInput, match=r"point_001/shard_0002.safetensors: missing"):
            reading()
    assert store.find(root, "key", verify=False) == activations
    at(activations.folder).delete("manifest.json")
    with pytest.raises(BadInput, match=r"manifest.json: missing"):
        store.read_point(activations, 0)


@pytest.mark.parametrize("old, new", [('"dim": 4', '"dim": 5'), ("100.0", "200.0"), ('"a note"', '"no note"')])
def test_a_manifest_edited_by_hand_is_refused(tmp_path, old, new):
    manifest = at(written(tmp_path).folder).read("manifest.json").decode()
    assert manifest.count(old) == 1
    at(f"{tmp_path}/key").write("manifest.json", manifest.replace(old, new).encode())
    with pytest.raises(BadInput, match=r"manifest.json: its bytes"):
        store.find(tmp_path, "key")


@pytest.mark.parametrize("version", [{}, {"format": 99}])
def test_a_manifest_of_another_format_is_refused_by_its_version(tmp_path, version):
    manifest = {**version, "activations": {**asdict(SET), "folder": ""}, "sha256": {"point_000.safetensors": "0"}}
    at(f"{tmp_path}/key").write("manifest.json", json.dumps(manifest).encode())
    with pytest.raises(BadInput, match=f"format {version.get('format')}.*another version"):
        store.find(tmp_path, "key")


@pytest.mark.parametrize("change", [
    {"points": (0, 1)}, {"points": (0, 1, 2, 3)}, {"text_ids": tuple("abcdef")}, {"pools": ()}
])  # fmt: skip
def test_a_set_that_is_not_what_was_written_is_not_finished(tmp_path, change):
    with pytest.raises(BadInput, match="every residual point has every shard"):
        fill(store.begin(tmp_path, "key")).finish(replace(SET, **change))
    assert store.find(tmp_path, "key") is None


def test_a_missing_shard_is_named_before_anything_is_finished(tmp_path):
    unfinished = store.begin(tmp_path, "key")
    unfinished.write(1, dict(enumerate(ARRAYS)), {})
    with pytest.raises(BadInput, match=r"point_000/shard_0000\.safetensors missing"):
        unfinished.finish(SET)


def test_points_and_pools_that_were_not_extracted_are_refused(tmp_path):
    activations = written(tmp_path, points=(0, 5, 31))
    for reading in (lambda: store.read_point(activations, 3), lambda: next(store.read_shards(activations, 3))):
        with pytest.raises(BadInput, match="0, 5, 31"):
            reading()
    with pytest.raises(BadInput, match="quarter_4"):
        store.point_reader(activations, "first")


def test_the_store_is_read_without_torch():
    code = "import sys, empathy_core.activations.store; sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
