"""Keys that no file can be called, in a real S3 server: listed exactly, read, and never fetched to the outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.errors import ObjectStorageError, PhotoUnreadableError
from curation.storage.objects.file_names import file_name_of
from curation.storage.objects.opening import open_store
from curation.storage.objects.originals import ObjectOriginals
from tests.s3_server import S3Server

_KEYS = [
    "../outside.jpg", "/lead.jpg", "./x.jpg", "a//b.jpg", "a/../../b.jpg", "a/./c.jpg", "folder/", "photo.jpg/", "//",
    "photo.jpg", "photo.jpg/inside.jpg", "a%2Fb.jpg", "a%20b c+d.jpg", "ü/日本😀.jpg", "back\\slash.jpg", "<&>'\".jpg",
    " .jpg", "~.jpg", "x" * 300 + ".jpg",
    "%curation/size",
    "%2E%2E/x.jpg",
]  # fmt: skip


@pytest.fixture
def filled(s3_server: S3Server) -> S3Server:
    s3_server.put({f"in/{key}": key.encode() for key in _KEYS})
    return s3_server


def test_every_key_is_listed_and_read(filled: S3Server) -> None:
    store = open_store(f"{filled.address}/in", timeout_s=5)
    listed = list(store.list())
    assert [info.key for info in listed] == sorted(_KEYS, key=str.encode)
    for info in listed:
        assert store.head(info.key) == info
        assert store.read(info.key) == (info.key.encode(), info)
        assert store.read_range(info.key, 1, 3) == info.key.encode()[1:4]


def test_every_photo_is_fetched_below_the_folder(filled: S3Server, tmp_path: Path) -> None:
    root = tmp_path / "state" / "originals"
    originals = ObjectOriginals(f"{filled.address}/in", root, 100, 5)
    for _ in range(2):
        for key in _KEYS:
            with originals.at_hand(root / file_name_of(key)) as path:
                assert path.read_bytes() == key.encode()
                assert path.suffix == Path(file_name_of(key)).suffix
                assert path.resolve().is_relative_to(root.resolve())
    assert [path.name for path in tmp_path.iterdir()] == ["state"]
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["originals"]


def test_paths_that_lead_outside_are_not_fetched(filled: S3Server, tmp_path: Path) -> None:
    root = tmp_path / "originals"
    originals = ObjectOriginals(f"{filled.address}/in", root, 100, 5)
    outside = root / ".." / "outside.jpg"
    with originals.at_hand(outside) as path:
        assert path == outside
    assert not outside.exists()


def test_without_keys_in_the_environment_the_fault_is_named(
    filled: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store = open_store(f"{filled.address}/in", timeout_s=5)
    monkeypatch.setattr(store, "_signed", None)  # as with the role of a machine
    with pytest.raises(ObjectStorageError, match="give such objects other names"):
        list(store.list())
    with pytest.raises(ObjectStorageError, match="AWS_ACCESS_KEY_ID"):
        store.read("a//b.jpg")
    assert store.read("photo.jpg")[0] == b"photo.jpg"


def test_lists_of_roles_are_those_of_keys(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    s3_server.put({f"in/{number % 7}/{number}.jpg": b"x" * number for number in range(30)})
    store = open_store(f"{s3_server.address}/in", timeout_s=5)
    exact = list(store.list())
    some = list(store.list("3/1"))
    monkeypatch.setattr(store, "_signed", None)
    assert list(store.list()) == exact
    assert list(store.list("3/1")) == some
    assert len(exact) == 30


def test_a_gone_photo_of_an_odd_key(filled: S3Server, tmp_path: Path) -> None:
    originals = ObjectOriginals(filled.address, tmp_path, 100, 5)
    with pytest.raises(PhotoUnreadableError), originals.at_hand(tmp_path / file_name_of("no//such.jpg")):
        pass
