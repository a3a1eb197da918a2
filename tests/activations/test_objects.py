import errno
import os
import time
from pathlib import Path

import pytest

from empathy_core.activations.objects import Folder, at
from empathy_core.contracts import BadInput


def test_what_is_written_is_listed_read_and_deleted(root):
    objects = at(root)
    assert objects.entries() == {} and objects.read("a/b") is None
    objects.write("a/b", b"first")
    objects.write("a/b", b"second one")
    objects.write("c", b"")
    assert at(root).read("a/b") == b"second one" and at(root).read("c") == b""
    entries = objects.entries()
    assert {name: entry.size for name, entry in entries.items()} == {"a/b": 10, "c": 0}
    assert all(abs(entry.modified - time.time()) < 60 for entry in entries.values())
    objects.delete("a/b")
    assert set(objects.entries()) == {"c"}
    objects.delete("a/b")


def test_a_prefix_is_not_a_part_of_a_name(root):
    at(f"{root}/key").write("a", b"")
    at(f"{root}/key-tokens").write("b", b"")
    assert set(at(f"{root}/key").entries()) == {"a"}
    assert set(at(f"{root}/").entries()) == {"key/a", "key-tokens/b"}


def test_a_listing_goes_on_after_its_first_page(s3, monkeypatch):
    monkeypatch.setattr(s3, "page_size", 2)
    objects = at("s3://lab/long")
    for name in "abcde":
        objects.write(name, b"")
    s3.requests.clear()
    assert set(objects.entries()) == set("abcde") and len(s3.requests) == 3


def test_folders_go_with_their_last_file(tmp_path):
    objects = at(tmp_path)
    objects.write("a/b/c", b"")
    objects.write("a/d", b"")
    objects.delete("a/b/c")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["d"]
    objects.delete("a/d")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "location", ["s3:/lab/x", "s3://", "s3:///x", "gs://lab/x", "file:///tmp/x", "S3://lab/x", Path("s3://lab/x")]
)
def test_what_looks_like_an_address_is_never_taken_for_a_folder(location, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match="local folder or at `s3://bucket/prefix`"):
        at(location)
    assert list(tmp_path.iterdir()) == []


def test_a_relative_folder_stays_the_same_when_the_working_folder_changes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    objects = at("here")
    monkeypatch.chdir("/")
    objects.write("a", b"")
    assert objects.location == str(tmp_path / "here") and (tmp_path / "here" / "a").exists()


def test_a_full_disk_says_what_is_kept_and_leaves_what_was_there(tmp_path, monkeypatch):
    objects = at(tmp_path)
    objects.write("a", b"whole")

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadInput, match=r"a: No space left on device.*finished shards are kept.*continues"):
        objects.write("a", b"half")
    assert set(objects.entries()) == {"a"} and objects.read("a") == b"whole"


def test_a_folder_that_is_a_file_is_refused_by_name(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(BadInput, match=r"taken/a"):
        at(tmp_path / "taken").write("a", b"")
    with pytest.raises(BadInput, match=r"taken/a"):
        at(tmp_path / "taken").read("a")


def test_who_reads_while_another_writes_gets_the_old_bytes_whole(tmp_path):
    objects = at(tmp_path)
    objects.write("a", b"first")
    with (tmp_path / "a").open("rb") as reading:
        objects.write("a", b"second")
        assert reading.read() == b"first"
    assert objects.read("a") == b"second"


def test_a_name_appears_only_when_its_bytes_have_reached_the_disk(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(os, "fsync", lambda _: seen.append(sorted(Folder(tmp_path).entries())))
    at(tmp_path).write("a", b"bytes")
    assert [name.endswith(".tmp") for (name,) in seen] == [True]
    assert sorted(at(tmp_path).entries()) == ["a"]
