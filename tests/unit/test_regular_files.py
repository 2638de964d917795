from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from curation.domain.measuring.camera import NO_CAMERA
from curation.errors import ClipUnreadableError, PhotoUnreadableError
from curation.photos.files.content import read_content
from curation.photos.files.decoding import open_photo
from curation.photos.files.listing import PhotoFile as ListedPhoto
from curation.photos.files.photo_file import PhotoFile
from curation.photos.files.stored_picture import format_of
from curation.photos.finding.movies import read_movie_facts
from curation.photos.finding.twins import FolderFiles, shot_facts
from curation.photos.taken.camera_facts import read_camera_facts
from curation.photos.told.blocks import read_blocks
from curation.photos.whole.iso.films import faults_of_film
from curation.regular_files import NOT_REGULAR, demand_regular, open_regular
from curation.storage.file_stamps import FileStamp
from curation.storage.video.segment_store import film_content
from curation.video.files import open_file


def pipe(path: Path) -> None:
    os.mkfifo(path)


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path.relative_to(Path.cwd())))


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


OTHERS = pytest.mark.parametrize("make", [pipe, listening, device, folder])


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # names of sockets are short
    return tmp_path / "odd.jpg"


def test_a_file_is_opened(odd: Path) -> None:
    odd.write_bytes(b"photo")
    (odd.parent / "link.jpg").symlink_to(odd)
    for path in (odd, odd.parent / "link.jpg"):
        demand_regular(path)
        with open_regular(path) as file:
            assert file.read() == b"photo"
            assert file.name == str(path)  # which tifffile asks for
    with pytest.raises(FileNotFoundError):
        open_regular(odd.parent / "gone.jpg")


@OTHERS
def test_nothing_else_is(odd: Path, make: Callable[[Path], None]) -> None:
    make(odd)
    for ask in (open_regular, demand_regular):
        with pytest.raises(OSError, match="not a file") as refused:
            ask(odd)
        assert refused.value.strerror == NOT_REGULAR


def test_what_becomes_a_pipe_while_it_is_opened_is_not_waited_for(odd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def opened(path: Path, flags: int) -> int:
        odd.unlink()
        pipe(odd)
        return real(path, flags)

    odd.write_bytes(b"photo")
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", opened)
        with pytest.raises(OSError, match="not a file"):
            open_regular(odd)


@OTHERS
def test_no_reader_of_photos_and_films_waits_for_it(odd: Path, make: Callable[[Path], None]) -> None:
    make(odd)
    stamp = FileStamp(odd, 1, 1)
    for read in (read_content, format_of, lambda path: open_photo(path, max_megapixels=9.0)):
        with pytest.raises(PhotoUnreadableError, match="not a file"):
            read(odd)
    for film in (lambda: film_content(stamp), lambda: open_file(odd)):
        with pytest.raises(ClipUnreadableError, match="not a file"):
            film()
    for opened in (PhotoFile(odd).open, PhotoFile(odd).read, lambda: read_blocks(odd), lambda: faults_of_film(odd)):
        with pytest.raises(OSError, match="not a file"):
            opened()
    with pytest.raises(OSError, match="not a file"):
        FolderFiles().opened(ListedPhoto("odd.jpg", odd, 1, 1))
    assert read_camera_facts(odd) == NO_CAMERA
    assert not read_movie_facts(odd).content_id
    assert shot_facts(odd) == shot_facts(odd.parent / "gone.jpg")
