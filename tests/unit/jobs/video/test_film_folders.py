"""The folder of films: records that are damaged, ids that are none, what dead processes left."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from curation.disk.temporaries import own_name
from curation.errors import StorageError, VideoNotFoundError
from curation.jobs.video.film_folders import FilmFolders
from curation.jobs.video.film_record import FilmRecord, FilmTask, PosterRecord, TaskKind, TaskState
from curation.jobs.video.video_jobs import summary_of
from tests.fake_films import two_characters

ID = "0" * 32


def record(film_id: str = ID) -> FilmRecord:
    return FilmRecord(
        film_id,
        "trailer.mp4",
        "2026-06-20T21:14:03.512+00:00",
        sha256="a" * 64,
        tasks=(
            FilmTask(TaskKind.LOOK, "", TaskState.DONE, "now"),
            FilmTask(TaskKind.POSTER, "p", TaskState.WAITING, ""),
        ),
        posters=(PosterRecord("p", "poster.jpg", "now"),),
        joined=(4,),
        summary=summary_of(two_characters()),
    )


@pytest.fixture
def folders(tmp_path: Path) -> FilmFolders:
    return FilmFolders(tmp_path / "videos")


def test_a_record_is_read_back_by_others(folders: FilmFolders) -> None:
    assert folders.records() == []
    with folders.incoming() as own:
        came = own.path / "file"
        came.write_bytes(b"film")
        assert folders.add(record(), came) == record()
    assert folders.original(ID).read_bytes() == b"film"
    assert folders.holds(folders.original(ID))
    assert FilmFolders(folders.folder).records() == [record()]
    assert folders.add(replace(record(), name="other")).name == "trailer.mp4"


def test_a_change_is_written_and_a_film_that_is_gone_is_told(folders: FilmFolders) -> None:
    folders.add(record())
    changed = folders.change(ID, lambda before: before.without_poster("p"))
    assert (changed.posters, [task.kind for task in changed.tasks]) == ((), [TaskKind.LOOK])
    assert FilmFolders(folders.folder).get(ID) == changed
    folders.remove(ID)
    assert not folders.of(ID).exists()
    for act in (lambda: folders.change(ID, lambda one: one), lambda: folders.remove(ID), lambda: folders.of("../x")):
        with pytest.raises(VideoNotFoundError):
            act()
    assert folders.get("../../etc/passwd") is None


def test_a_damaged_record_leaves_the_others_alone(folders: FilmFolders) -> None:
    folders.add(record())
    other = "1" * 32
    folders.add(record(other))
    for content in ("{", "[]", '{"format": 1}', '{"format": 99}'):
        (folders.of(other) / "film.json").write_text(content)
        with pytest.raises(StorageError, match="hand the film in again"):
            folders.get(other)
        assert [one.id for one in folders.records()] == [ID]


def test_what_dead_processes_left_is_removed(folders: FilmFolders) -> None:
    own = folders.incoming()
    other = own.path / "file"
    other.write_bytes(b"half")
    dead = own.path.with_name(own_name("film"))
    dead.mkdir()
    (dead / "file").write_bytes(b"half")
    half_deleted = folders.folder / ".deleted-abc"
    half_deleted.mkdir()
    folders.sweep()
    assert other.exists()
    assert not dead.exists()
    assert not half_deleted.exists()


def test_a_half_written_record_of_a_killed_process_is_removed(folders: FilmFolders) -> None:
    left = folders.of(ID) / own_name("film.json")
    left.parent.mkdir(parents=True)
    left.write_bytes(b"{")
    folders.sweep()
    assert not left.exists()
