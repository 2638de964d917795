from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curation.domain.film.document import film_chips, film_document
from curation.domain.film.people import TrailerResult
from curation.errors import FilmDocumentError, StorageError
from curation.storage.atomic import write_bytes
from curation.storage.video import result_files
from curation.storage.video.result_files import read_poster, read_result, read_source, write_result
from tests.film_values import CHIP, made_film, made_result, made_track
from tests.random_films import RandomFilms


def a_result(*names: str) -> TrailerResult:
    tracks = [made_track(2 * number, 2 * number + 1, number) for number in range(len(names))]
    return made_result(made_film(tracks), [([number], name) for number, name in enumerate(names)])


def files_in(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


class TestRoundTrip:
    @pytest.mark.parametrize("seed", range(6))
    def test_nothing_is_lost(self, tmp_path: Path, seed: int) -> None:
        films = RandomFilms(seed)
        result, poster = films.result(), films.poster()
        write_result(tmp_path, result, poster=poster, source="films/a.mp4")
        read = read_result(tmp_path)
        assert film_document(read, read_poster(tmp_path)) == film_document(result, replace_chips(poster))
        assert film_chips(read) == film_chips(result)
        assert read_source(tmp_path / "result.json") == "films/a.mp4"

    def test_names_of_files_that_are_not_utf8(self, tmp_path: Path) -> None:
        write_result(tmp_path, a_result("Anna"), source="f\udce4.mp4")
        assert read_source(tmp_path) == "f\udce4.mp4"

    def test_the_files(self, tmp_path: Path) -> None:
        write_result(tmp_path, a_result("Anna", ""))
        assert sorted(files_in(tmp_path)) == [
            "chips.npz",
            "embeddings.npy",
            "faces/cluster_0.jpg",
            "faces/cluster_1.jpg",
            "result.json",
        ]
        assert (tmp_path / "faces/cluster_1.jpg").read_bytes() == CHIP
        assert np.load(tmp_path / "embeddings.npy").dtype == np.float32

    def test_the_same_result_is_not_written_again(self, tmp_path: Path) -> None:
        write_result(tmp_path, a_result("Anna"))
        before = files_in(tmp_path)
        write_result(tmp_path, a_result("Anna"))
        assert files_in(tmp_path) == before

    def test_pictures_of_people_that_are_gone_go_and_other_files_stay(self, tmp_path: Path) -> None:
        write_result(tmp_path, a_result("Anna", "Ben"))
        (tmp_path / "faces/cluster_1.png").write_bytes(b"mine")
        (tmp_path / "notes.txt").write_bytes(b"mine")
        write_result(tmp_path, a_result("Anna"))
        assert not (tmp_path / "faces/cluster_1.jpg").exists()
        assert {"faces/cluster_1.png", "notes.txt"} < set(files_in(tmp_path))


def replace_chips(poster: Any) -> Any:
    return replace(poster, faces=tuple(replace(face, chip_jpeg=b"") for face in poster.faces))


class TestWholeOrNotAtAll:
    @pytest.mark.parametrize("fails_at", ["embeddings.npy", "chips.npz", "cluster_0.jpg", "result.json"])
    def test_a_write_that_fails_leaves_no_mixture(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: str
    ) -> None:
        write_result(tmp_path, a_result("Anna"))
        write = write_bytes

        def failing(path: Path, content: bytes, *, durable: bool = True) -> bool:
            if path.name == fails_at:
                raise StorageError("the disk is full")
            return write(path, content, durable=durable)

        monkeypatch.setattr(result_files, "write_bytes", failing)
        with pytest.raises(StorageError, match="full"):
            write_result(tmp_path, a_result("Ben", "Carl"))
        monkeypatch.undo()
        with pytest.raises(FilmDocumentError, match=r"there is no .*result\.json"):
            read_result(tmp_path)
        write_result(tmp_path, a_result("Ben", "Carl"))
        assert [person.name for person in read_result(tmp_path).people] == ["Ben", "Carl"]

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(StorageError):
            write_result(tmp_path / "file" / "film", a_result("Anna"))


class TestDamagedFiles:
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"{",
            b"[]",
            b"null",
            b"\xff\xfe",
            b"[" * 100_000,
            b'{"a":' * 100_000,
            b'{"version": 1}',
            b'{"version": NaN}',
            b'{"version": 1, "files": {}}',
            b'{"version": 1' + b"0" * 5000 + b"}",
        ],
    )
    def test_what_is_no_document(self, tmp_path: Path, content: bytes) -> None:
        write_result(tmp_path, a_result("Anna"))
        (tmp_path / "result.json").write_bytes(content)
        with pytest.raises(FilmDocumentError):
            read_result(tmp_path)
        with pytest.raises(FilmDocumentError):
            read_poster(tmp_path)

    def test_no_number(self, tmp_path: Path) -> None:
        write_result(tmp_path, a_result("Anna"))
        text = (tmp_path / "result.json").read_text().replace('"screen_share":0.1', '"screen_share":NaN')
        (tmp_path / "result.json").write_text(text)
        with pytest.raises(FilmDocumentError, match="NaN"):
            read_result(tmp_path)

    def test_files_that_do_not_belong_together(self, tmp_path: Path) -> None:
        write_result(tmp_path / "a", a_result("Anna"))
        write_result(tmp_path / "b", a_result("Anna", "Ben"))
        (tmp_path / "a/embeddings.npy").write_bytes((tmp_path / "b/embeddings.npy").read_bytes())
        with pytest.raises(FilmDocumentError, match="does not belong"):
            read_result(tmp_path / "a")

    def test_embeddings_that_are_missing(self, tmp_path: Path) -> None:
        write_result(tmp_path, a_result("Anna"))
        (tmp_path / "embeddings.npy").unlink()
        with pytest.raises(FilmDocumentError, match=r"embeddings\.npy beside"):
            read_result(tmp_path)

    def test_pictures_may_be_missing(self, tmp_path: Path) -> None:
        write_result(tmp_path, a_result("Anna"))
        (tmp_path / "chips.npz").unlink()
        assert set(film_chips(read_result(tmp_path))) == {b""}

    @pytest.mark.parametrize("name", ["embeddings.npy", "chips.npz"])
    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"\x80\x04."])
    def test_arrays_that_are_damaged_though_their_sums_are_right(
        self, tmp_path: Path, name: str, content: bytes
    ) -> None:
        import hashlib

        write_result(tmp_path, a_result("Anna"))
        document = json.loads((tmp_path / "result.json").read_text())
        document["files"][name] = hashlib.sha256(content).hexdigest()
        (tmp_path / "result.json").write_text(json.dumps(document))
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FilmDocumentError):
            read_result(tmp_path)
