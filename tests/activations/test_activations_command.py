import os
import subprocess
import sys

import numpy as np
import pytest
from test_layering import WITHOUT_TORCH

from empathy_core.activations import __main__ as command
from empathy_core.activations import store
from empathy_core.activations.objects import at
from empathy_core.contracts import POOLS, ActivationSet, ModelSpec

ARRAY = np.ones((2, 6, 4), np.float32)
SPEC = ModelSpec("tiny", "/nowhere", revision="abc123")


def shard(root, key):
    unfinished = store.begin(root, key)
    unfinished.write(0, {0: ARRAY, 1: ARRAY}, {})
    return unfinished


def finished(root, key):
    set_ = ActivationSet(
        SPEC, key, "", "texthash", ("a", "b"), (0, 1), POOLS, 4, "float32", (1.0, 2.0), (9, 9), 100.0
    )  # fmt: skip
    return shard(root, key).finish(set_)


def names(root):
    return set(at(root).entries())


def test_ls_shows_every_key_and_how_far_it_is(root, capsys):
    finished(root, "done")
    shard(root, "going")
    at(root).write("old/manifest.json", b"{}")
    at(root).write("notes/readme.txt", b"")
    assert command.main(["ls", root]) == 0
    header, *rows = (line.split(maxsplit=6) for line in capsys.readouterr().out.splitlines())
    assert header == ["key", "model", "revision", "texts", "points", "MB", "state"]
    assert rows == [
        ["done", "tiny", "abc123", "texthash", "2", "0.0", "finished"],
        ["going", "–", "–", "–", "–", "0.0", "unfinished, shards so far: 1"],
        ["old", "–", "–", "–", "–", "0.0", "unreadable: `verify` says why"],
    ]


def test_verify_passes_what_is_whole(root, capsys):
    finished(root, "done")
    shard(root, "going")
    assert command.main(["verify", root]) == 0
    assert "done: 0.0 MB, every hash" in capsys.readouterr().out


def test_verify_names_the_broken_object_and_goes_on_to_the_next_key(root, capsys):
    for key in ("a", "b", "c"):
        finished(root, key)
    data = at(root).read("a/point_001/shard_0000.safetensors")
    at(root).write("a/point_001/shard_0000.safetensors", data[:-1] + b"x")
    at(root).delete("b/point_000/shard_0000.safetensors")
    assert command.main(["verify", root]) == 1
    shown = capsys.readouterr()
    assert "a/point_001/shard_0000.safetensors: its bytes" in shown.err
    assert "b/point_000/shard_0000.safetensors: missing" in shown.err
    assert "c: 0.0 MB, every hash" in shown.out


def test_gc_says_what_it_would_delete_and_deletes_it_when_told_to(root, capsys):
    finished(root, "done")
    shard(root, "going")
    at(root).write("done/point_000/shard_0000.safetensors.0a1b2c3d.tmp", b"half")
    everything = names(root)
    assert command.main(["gc", root]) == 0
    assert capsys.readouterr().out == ""
    assert command.main(["gc", root, "--days", "-1"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in shown] == [
        "done: would delete (add --yes) temporary files",
        "going: would delete (add --yes) the unfinished key",
    ]
    assert names(root) == everything
    assert command.main(["gc", root, "--days", "-1", "--yes"]) == 0
    assert "going: deleted the unfinished key, 3 objects" in capsys.readouterr().out
    assert names(root) == {name for name in everything if name.startswith("done/") and not name.endswith(".tmp")}
    assert command.main(["verify", root]) == 0


def test_gc_spares_whatever_the_store_did_not_write(root):
    for name in ("photos/a.jpg", "photos/b.tmp", "manifest.json", "shard_0000.json", "a/b/shard_0000.json"):
        at(root).write(name, b"precious")
    kept = names(root)
    assert command.main(["gc", root, "--days", "-1", "--yes"]) == 0
    assert names(root) == kept


def test_gc_spares_a_key_that_is_being_written(tmp_path):
    shard(tmp_path, "going")
    old = tmp_path / "going" / "point_000" / "shard_0000.safetensors"
    os.utime(old, (0, 0))
    assert command.main(["gc", str(tmp_path), "--yes"]) == 0
    assert old.exists()
    for name in names(tmp_path):
        os.utime(tmp_path / name, (0, 0))
    assert command.main(["gc", str(tmp_path), "--yes"]) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["ls", "verify"])
def test_a_root_that_holds_no_key_is_refused(root, capsys, name):
    assert command.main([name, root]) == 2
    assert f"Got: {root}." in capsys.readouterr().err


def test_the_command_runs_without_torch_and_gives_code_two_for_a_bad_address():
    run = "runpy.run_module('empathy_core.activations', run_name='__main__')"
    code = f"{WITHOUT_TORCH}\nimport runpy\n{run}"
    ended = subprocess.run(
        [sys.executable, "-c", code, "ls", "gs://lab/x"], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2 and "gs://lab/x" in ended.stderr
