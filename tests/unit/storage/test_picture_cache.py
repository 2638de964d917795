from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from curation.errors import PhotoUnreadableError
from curation.storage.file_stamps import FileStamp
from curation.storage.picture_cache import PictureCache, picture_key

STAMP = FileStamp(Path("/photos/a.jpg"), 100, 5)


def jpeg(size: int, letter: bytes = b"x") -> bytes:
    return b"\xff\xd8" + letter * (size - 4) + b"\xff\xd9"


def cache(folder: Path, max_bytes: int = 10**6) -> PictureCache:
    return PictureCache(folder / "pictures", max_bytes=max_bytes)


def files(folder: Path) -> list[Path]:
    return [path for path in (folder / "pictures").rglob("*") if path.is_file()]


class TestKey:
    def test_the_same_for_the_same(self) -> None:
        assert picture_key(STAMP, "full", 3) == picture_key(FileStamp(Path("/photos/a.jpg"), 100, 5), "full", 3)
        assert len(picture_key(STAMP)) == 32

    @pytest.mark.parametrize(
        "other",
        [
            picture_key(FileStamp(Path("/photos/b.jpg"), 100, 5), "full"),
            picture_key(FileStamp(STAMP.path, 101, 5), "full"),
            picture_key(FileStamp(STAMP.path, 100, 6), "full"),
            picture_key(STAMP, "screen"),
            picture_key(STAMP, "full", ""),
        ],
    )
    def test_another_for_anything_else(self, other: str) -> None:
        assert other != picture_key(STAMP, "full")

    def test_a_name_that_is_not_text(self) -> None:
        assert picture_key(FileStamp(Path("/photos/\udcff.jpg"), 100, 5))


def test_made_once(tmp_path: Path) -> None:
    made: list[int] = []
    key = picture_key(STAMP)

    def make() -> bytes:
        made.append(1)
        return jpeg(50)

    assert cache(tmp_path).get(key) is None
    assert cache(tmp_path).made(key, make) == jpeg(50)
    again = cache(tmp_path)
    assert again.made(key, make) == again.get(key) == jpeg(50)
    assert made == [1]
    assert len(files(tmp_path)) == 1


def test_threads_wait_for_the_one_that_makes_it(tmp_path: Path) -> None:
    pictures = cache(tmp_path)
    made: list[int] = []
    may_end = threading.Event()

    def make() -> bytes:
        made.append(1)
        assert may_end.wait(20)
        return jpeg(50)

    results: list[bytes] = []
    threads = [threading.Thread(target=lambda: results.append(pictures.made("ab12", make))) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert pictures.made("cd34", lambda: jpeg(60)) == jpeg(60)  # another picture waits for nobody
    may_end.set()
    for thread in threads:
        thread.join(20)
    assert results == [jpeg(50)] * 4
    assert made == [1]


def test_a_photo_that_cannot_be_decoded_leaves_nothing(tmp_path: Path) -> None:
    def make() -> bytes:
        raise PhotoUnreadableError("cut off")

    pictures = cache(tmp_path)
    with pytest.raises(PhotoUnreadableError):
        pictures.made("ab12", make)
    assert not (tmp_path / "pictures").exists()
    assert pictures.made("ab12", lambda: jpeg(50)) == jpeg(50)


@pytest.mark.parametrize("content", [b"", jpeg(50)[:-1], b"nonsense"])
def test_half_a_picture_is_made_again(tmp_path: Path, content: bytes) -> None:
    pictures = cache(tmp_path)
    pictures.made("ab12", lambda: jpeg(50))
    files(tmp_path)[0].write_bytes(content)
    assert pictures.get("ab12") is None
    assert pictures.made("ab12", lambda: jpeg(60)) == jpeg(60)


def test_the_least_recently_used_are_removed(tmp_path: Path) -> None:
    pictures = cache(tmp_path, max_bytes=1000)
    now = time.time()
    for number in range(10):
        pictures.made(f"{number:02d}aa", lambda: jpeg(84))
        for path in (tmp_path / "pictures" / f"{number:02d}").iterdir():
            os.utime(path, (now - 50_000 + number, now - 50_000 + number))
    assert len(files(tmp_path)) == 10
    assert pictures.get("00aa")  # asked for again
    pictures.made("99aa", lambda: jpeg(84))
    left = {path.parent.name for path in files(tmp_path)}
    assert left == {"00", "99", "04", "05", "06", "07", "08", "09"}
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 800


def test_pictures_of_an_earlier_service_count(tmp_path: Path) -> None:
    cache(tmp_path).made("00aa", lambda: jpeg(900))
    cache(tmp_path, max_bytes=1000).made("11aa", lambda: jpeg(200))
    assert len(files(tmp_path)) == 1


def test_temporary_files_of_a_killed_service_are_removed(tmp_path: Path) -> None:
    cache(tmp_path).made("00aa", lambda: jpeg(90))
    left = tmp_path / "pictures" / "00" / ".bb.jpg.999999999.curation-tmp"
    left.write_bytes(b"half")
    cache(tmp_path).made("11aa", lambda: jpeg(90))
    assert not left.exists()


def test_a_picture_is_returned_even_if_it_cannot_be_cached(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "pictures").write_text("a file in the way")
    pictures = cache(tmp_path)
    for _ in range(2):
        assert pictures.made("ab12", lambda: jpeg(50)) == jpeg(50)
    assert sum("cannot be cached" in message for message in caplog.messages) == 1
