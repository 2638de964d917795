from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from curation.errors import PhotoUnreadableError
from curation.storage.objects.fetched_files import OWN_FOLDER
from curation.storage.objects.file_names import file_name_of
from curation.storage.objects.opening import open_store
from curation.storage.objects.originals import ObjectOriginals


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"file://{tmp_path}/bucket"


def _files(root: Path) -> set[str]:
    found = (path for path in root.rglob("*") if path.is_file() and OWN_FOLDER not in path.parts)
    return {path.relative_to(root).as_posix() for path in found}


def test_a_photo_is_fetched_once_and_again_when_it_changes(address: str, tmp_path: Path) -> None:
    store, root = open_store(address), tmp_path / "cache"
    info = store.write("a/b c.jpg", b"1")
    originals = ObjectOriginals(address, root, 100, 5)
    with originals.at_hand(root / "a" / "b c.jpg") as path:
        assert path == root / "a" / "b c.jpg"
        assert path.read_bytes() == b"1"
        assert path.stat().st_mtime_ns == info.mtime_ns
    store.write("a/b c.jpg", b"2")
    again = pickle.loads(pickle.dumps(originals))
    with again.at_hand(root / "a" / "b c.jpg") as path:
        assert path.read_bytes() == b"1"  # compared a moment ago


def test_a_photo_that_is_gone_is_the_photos_fault(address: str, tmp_path: Path) -> None:
    open_store(address).write("other.jpg", b"1")
    originals = ObjectOriginals(address, tmp_path / "cache", 100, 5)
    with pytest.raises(PhotoUnreadableError, match="gone"), originals.at_hand(tmp_path / "cache" / "a.jpg"):
        pass


def test_other_files_are_left_where_they_are(address: str, tmp_path: Path) -> None:
    originals = ObjectOriginals(address, tmp_path / "cache", 100, 5)
    with originals.at_hand(tmp_path / "else.jpg") as path:
        assert path == tmp_path / "else.jpg"
    with originals.at_hand(tmp_path / "cache" / ".." / "else.jpg") as path:
        assert path == tmp_path / "cache" / ".." / "else.jpg"


def test_least_recently_used_files_go_first_and_none_that_is_in_use(address: str, tmp_path: Path) -> None:
    store, root = open_store(address), tmp_path / "cache"
    for number in range(6):
        store.write(f"{number}.jpg", bytes([number]) * 400_000)
    originals = ObjectOriginals(address, root, 1, 5)
    with originals.at_hand(root / "0.jpg"):
        for number in range(1, 6):
            with originals.at_hand(root / f"{number}.jpg") as path:
                assert path.read_bytes()[:1] == bytes([number])
        assert _files(root) == {"0.jpg", "5.jpg"}


def test_fetching_ahead_passes_all_tasks_on_in_their_order(address: str, tmp_path: Path) -> None:
    store, root = open_store(address), tmp_path / "cache"
    for number in range(30):
        store.write(f"{number}.jpg", bytes([number]))
    originals = ObjectOriginals(address, root, 100, 5)
    tasks = [*range(30), 77]
    assert list(originals.fetch_ahead(tasks, lambda number: root / f"{number}.jpg")) == tasks


def test_a_key_that_is_a_file_and_a_folder(address: str, tmp_path: Path) -> None:
    files = {"x.jpg": b"1"}
    assert [file_name_of(key) for key in files] == ["x.jpg"]
