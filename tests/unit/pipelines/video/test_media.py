"""Films and posters by path and address: checked, and removed again if they were fetched."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from curation.disk.temporaries import OwnFolder, own_name
from curation.domain.film.movies import Media
from curation.errors import AddressRefusedError, ClipUnreadableError, PhotoError, PhotoUnreadableError
from curation.pipelines.video.media import MediaLimits, MediaShelf, media_name
from tests.fake_inference import text_film
from tests.film_server import FilmServer, film_server


@pytest.fixture(scope="module")
def server() -> Iterator[FilmServer]:
    with film_server() as running:
        yield running


@pytest.fixture
def shelf(tmp_path: Path) -> MediaShelf:
    def check_film(path: Path) -> None:
        if not path.read_bytes().startswith(b"\0film"):
            raise ClipUnreadableError("it has no moving picture")

    limits = MediaLimits("any", 1, 1, 100, 5.0)
    return MediaShelf(tmp_path / "fetched", limits, check_film=check_film, resolve=lambda *_: ["127.0.0.1"])


def left(folder: Path) -> list[Path]:
    return list((folder / "fetched").rglob("*"))


def picture() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (40, 60)).save(content, "PNG")
    return content.getvalue()


def test_a_fetched_film_is_there_as_long_as_it_is_needed(shelf: MediaShelf, server: FilmServer, tmp_path: Path) -> None:
    with shelf.opened(server.gives("/a.mp4?token=secret", text_film(1)), Media.TRAILER) as path:
        assert path.read_bytes() == text_film(1)
        assert path.is_relative_to(tmp_path / "fetched")
        assert path.parent.stat().st_mode & 0o077 == 0  # nobody else's business
    assert left(tmp_path) == []


def test_a_fetched_film_goes_also_when_something_fails(shelf: MediaShelf, server: FilmServer, tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError),
        shelf.opened(server.gives("/a.mp4", text_film(1)), Media.TRAILER) as path,
    ):
        assert path.exists()
        raise RuntimeError
    assert left(tmp_path) == []


def test_files_of_the_user_are_never_removed(shelf: MediaShelf, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"anything")
    with shelf.opened(film, Media.TRAILER) as path:
        assert path == film
    with shelf.opened("film.mp4", Media.TRAILER, folders=[tmp_path / "none", tmp_path]) as path:
        assert path == film
    assert film.exists()


@pytest.mark.parametrize(
    ("content", "media", "why"),
    [
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:5\nfile:///etc/passwd\n", Media.TRAILER, "no film but text"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", Media.TRAILER, "no film but text"),
        (b"\0\0\0\0nothing", Media.TRAILER, "no moving picture"),
        (b"nothing", Media.POSTER, "no poster"),
        (text_film(1), Media.POSTER, "no poster"),
    ],
)
def test_what_is_fetched_is_opened_before_it_is_used(
    shelf: MediaShelf, server: FilmServer, tmp_path: Path, content: bytes, media: Media, why: str
) -> None:
    with pytest.raises(PhotoError, match=why), shelf.opened(server.gives("/x", content), media):
        pass
    assert left(tmp_path) == []


def test_a_poster_by_address(shelf: MediaShelf, server: FilmServer, tmp_path: Path) -> None:
    with shelf.opened(server.gives("/p", picture()), Media.POSTER) as path:
        assert path.read_bytes() == picture()
    with (
        pytest.raises(AddressRefusedError, match=r"1 MB \(service\.upload_photo_mb\)"),
        shelf.opened(server.gives("/large", bytes(2_000_000)), Media.POSTER),
    ):
        pass
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("media", "error"), [(Media.TRAILER, ClipUnreadableError), (Media.POSTER, PhotoUnreadableError)]
)
def test_paths_without_a_file(shelf: MediaShelf, tmp_path: Path, media: Media, error: type[PhotoError]) -> None:
    for where, why in (
        (str(tmp_path / "none"), "there is no file"),
        (str(tmp_path), "is a folder"),
        ("x" * 5000, "cannot be opened"),
        ("a\0b", r"there is no file a\\x00b"),
        ("", "is a folder"),
    ):
        with pytest.raises(error, match=why), shelf.opened(where, media):
            pass


def test_what_a_killed_process_left_is_removed_and_nothing_else(
    shelf: MediaShelf, server: FilmServer, tmp_path: Path
) -> None:
    folder = tmp_path / "fetched"
    folder.mkdir()
    held = OwnFolder(lambda: folder / own_name("fetched"))
    dead, alive, other = folder / own_name("fetched"), held.path, folder / "holiday"
    for each in (dead, alive, other):
        each.mkdir(exist_ok=True)
        (each / "media").write_bytes(b"x")
    with held, shelf.opened(server.gives("/a.mp4", text_film(1)), Media.TRAILER):
        assert not dead.exists()
        assert (alive / "media").exists() and (other / "media").exists()


def test_names_for_messages_hold_no_secret() -> None:
    assert media_name("https://films.example/a.mp4?token=secret") == "https://films.example/a.mp4"
    assert media_name(Path("dir/a.mp4")) == "dir/a.mp4"
