from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curation.domain.film.clip import ClipStatus
from curation.domain.film.people import TrailerResult
from curation.errors import FilmDocumentError
from curation.storage.video.tables import (
    TABLES,
    PosterOf,
    read_faces,
    read_people,
    read_posters,
    read_tracks,
    read_vectors,
    read_videos,
    table_bytes,
    write_tables,
)
from tests.film_values import made_film, made_result, made_track, vector_of
from tests.random_films import RandomFilms

READERS: dict[str, Callable[[Path], tuple[Any, ...]]] = {
    "videos.csv": read_videos,
    "video_tracks.csv": read_tracks,
    "video_faces.csv": read_faces,
    "video_people.csv": read_people,
    "posters.csv": read_posters,
}
PUBLISHED = {
    "videos.csv": "video_path status error duration_s width height rotation_deg fps_average is_vfr hdr effective_area "
    "frames_decoded corrupt_frames shots frames_looked_at tracks people capture_time",
    "video_tracks.csv": "video_path track_index shot_index start_s end_s cluster_id cluster_confidence "
    "faces_looked_at detection_confidence face_quality best_s facial_area median_area_share min_abs_yaw_deg "
    "embedding_row engine",
    "video_faces.csv": "video_path track_index time_s frame_index facial_area landmarks detection_confidence "
    "sharpness yaw_deg face_quality embedding_row",
    "video_people.csv": "video_path cluster_id name category screen_time_s screen_share appearances first_s last_s "
    "occupied_area largest_area persons_ids faces best_s gender gender_confidence age age_low age_high ethnicity "
    "ethnicity_confidence",
    "posters.csv": "poster_path item_id face_index facial_area status cluster_id distance next_distance "
    "nearest_face_distance occupied_area gender age ethnicity",
}


def a_result() -> TrailerResult:
    tracks = [made_track(0, 2), made_track(3, 5, 1), made_track(6, 6.2, 2)]
    return made_result(made_film(tracks), [([0], "Anna"), ([1], "")])


def header(folder: Path, name: str) -> list[str]:
    with (folder / name).open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file))


class TestColumns:
    @pytest.mark.parametrize("name", list(READERS))
    def test_those_that_are_published_come_first_in_this_order(self, tmp_path: Path, name: str) -> None:
        write_tables(tmp_path, [("a.mp4", a_result())])
        published = PUBLISHED[name].split()
        assert header(tmp_path, name)[: len(published)] == published

    def test_a_table_of_an_earlier_version_lacks_later_columns(self, tmp_path: Path) -> None:
        write_tables(tmp_path, [("a.mp4", a_result())])
        path = tmp_path / "videos.csv"
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
        count = len(PUBLISHED["videos.csv"].split())
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(row[:count] for row in rows)
        row = read_videos(tmp_path)[0]
        assert (row.tracks, row.sharpness, row.codec) == (3, None, "")


class TestRoundTrip:
    @pytest.mark.parametrize("seed", range(16))
    def test_what_is_read_is_written_as_the_same_bytes(self, tmp_path: Path, seed: int) -> None:
        films = RandomFilms(seed)
        results = [(f"{films.name()}{n}.mp4", films.result()) for n in range(films.whole(0, 3))]
        posters = [PosterOf(films.name(), films.name(), films.poster()) for _ in range(films.whole(0, 2))]
        failed = [(films.name() + "x", films.name() + "y")] if films.coin() else []
        write_tables(tmp_path, results, posters, failed=failed)
        for name, read in READERS.items():
            assert table_bytes(TABLES[name], read(tmp_path)) == (tmp_path / name).read_bytes()
        names = [person.name for _, result in results for person in result.people]
        assert [row.name for row in read_people(tmp_path)] == names
        assert [row.video_path for row in read_videos(tmp_path)] == [path for path, _ in [*results, *failed]]

    def test_embeddings_of_faces_then_of_tracks(self, tmp_path: Path) -> None:
        result = a_result()
        write_tables(tmp_path, [("a.mp4", result), ("b.mp4", result)])
        vectors = read_vectors(tmp_path)
        faces = [face.face.detected.embedding for track in result.film.tracks for face in track.faces]
        assert np.array_equal(vectors[[row.embedding_row for row in read_faces(tmp_path)]], [*faces, *faces])
        means = [track.mean for track in result.film.tracks]
        rows = np.array([row.embedding_row for row in read_tracks(tmp_path)])
        assert np.array_equal(vectors[rows], [*means, *means])
        assert len(vectors) == 2 * (len(faces) + len(means))

    def test_the_values(self, tmp_path: Path) -> None:
        write_tables(tmp_path, [("a.mp4", a_result())], failed=[("b.mp4", "no picture")])
        first, second = read_videos(tmp_path)
        assert (first.duration_s, first.tracks, first.people, first.dropped) == (Fraction(10), 3, 2, 1)
        assert (second.status, second.error, second.tracks) == (ClipStatus.FAILED, "no picture", None)
        tracks = read_tracks(tmp_path)
        assert [row.cluster_id for row in tracks] == [0, 1, -1]
        assert tracks[0].end_s == 2
        person = read_people(tmp_path)[0]
        assert (person.name, person.screen_time_s, person.persons_ids, person.gender_confidence) == (
            "Anna",
            Fraction(2),
            (0,),
            None,
        )

    def test_films_of_engines_that_differ(self, tmp_path: Path) -> None:
        other = made_track(0, 2)
        other = replace(other, mean=vector_of(0)[:4])
        with pytest.raises(FilmDocumentError, match="differ in length"):
            write_tables(tmp_path, [("a.mp4", a_result()), ("b.mp4", made_result(made_film([other])))])
        assert not list(tmp_path.iterdir())


class TestParquet:
    def test_the_same_tables(self, tmp_path: Path) -> None:
        import pyarrow.parquet as pq

        write_tables(tmp_path, [("=a.mp4", a_result())], failed=[("b.mp4", "x")], parquet=True)
        for name, read in READERS.items():
            table = pq.read_table(tmp_path / name.replace(".csv", ".parquet"))
            assert table.column_names == header(tmp_path, name)
            assert table.num_rows == len(read(tmp_path))
        rows = pq.read_table(tmp_path / "videos.parquet").to_pylist()
        assert (rows[0]["video_path"], rows[0]["duration_s"], rows[1]["duration_s"]) == ("=a.mp4", 10.0, None)

    def test_it_is_written_on_asking_only(self, tmp_path: Path) -> None:
        write_tables(tmp_path, [("a.mp4", a_result())])
        assert not list(tmp_path.glob("*.parquet"))


class TestDamagedTables:
    @pytest.mark.parametrize(
        ("name", "old", "new", "told"),
        [
            ("videos.csv", ",ok,", ",fine,", "line 2, column status: 'fine'"),
            ("videos.csv", "10.000", "nan", "line 2, column duration_s"),
            ("videos.csv", "10.000", "1e400", "line 2, column duration_s"),
            ("videos.csv", "10.000", "9" * 50, "line 2, column duration_s"),
            ("video_people.csv", "[0]", "[[", "line 2, column persons_ids"),
            ("video_people.csv", "[0]", "[true]", "line 2, column persons_ids"),
            ("video_people.csv", "0.2000", "2", "line 2, column screen_share"),
            ("video_tracks.csv", "video_path,", "path,", "lacks the column video_path"),
            ("video_faces.csv", "5.0000", "inf", "line 2, column yaw_deg"),
        ],
    )
    def test_the_error_names_the_place(self, tmp_path: Path, name: str, old: str, new: str, told: str) -> None:
        write_tables(tmp_path, [("a.mp4", a_result())])
        path = tmp_path / name
        path.write_text(path.read_text().replace(old, new, 1))
        with pytest.raises(FilmDocumentError, match=told):
            READERS[name](tmp_path)

    @pytest.mark.parametrize("name", list(READERS))
    def test_no_such_file(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(FilmDocumentError, match="there is no"):
            READERS[name](tmp_path)

    @pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"\x80\x04."])
    def test_damaged_embeddings(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "video_embeddings.npy").write_bytes(content)
        with pytest.raises(FilmDocumentError, match="damaged"):
            read_vectors(tmp_path)
