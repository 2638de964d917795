from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from curation.domain.attributes.values import AgeEstimate, ClassEstimate, FaceAttributes
from curation.domain.film.times import Interval
from curation.domain.film.track import Track, TrackFace
from curation.domain.film.tracking.segments import AnalysedSegment
from curation.errors import ClipUnreadableError, StorageError
from curation.storage.file_stamps import FileStamp, stamp_of
from curation.storage.video.segment_rows import pack_facts, pack_segment, unpack_facts, unpack_segment
from curation.storage.video.segment_store import SCHEMA_VERSION, STORE_NAME, SegmentStore, film_content
from tests.film_values import made_film, made_track

SEX = ClassEstimate("female", 1 / 3, ("female", "male"), (2 / 3, 1 / 3), "some")
AGE = AgeEstimate(31.7, 25.0, 40.25, 0.8, True, (10.0, 50.0), (0.4, 0.6), "some")


def made_segment(*, person: int = 0, chips: int = 4) -> AnalysedSegment:
    film = made_film([made_track(0.4, 3.6, person), made_track(1, 2, 3)], cuts=(4,))
    first, second = film.tracks
    faces = tuple(
        TrackFace(
            face.time,
            face.frame_index,
            replace(face.face, chip_jpeg=bytes([number]) * chips),
            FaceAttributes(age=AGE, sex=SEX),
        )
        for number, face in enumerate(first.faces)
    )
    poor = Track(second.shot, second.span, second.sightings, (), np.zeros(0, dtype=np.float32), 0.1, 0.25)
    return AnalysedSegment(
        span=Interval(Fraction(1, 3), Fraction(1001, 120)),
        shots=film.shots,
        tracks=(replace(first, faces=faces), poor),
        frames_decoded=200,
        frames_looked_at=20,
        faces_embedded=6,
        corrupt_frames=(3, 17),
        corrupt_count=2,
        sharpness=(0.1, 0.7),
        ends_with_cut=False,
        problem="cut off",
        gaps=(Fraction(1, 25), Fraction(2, 25)),
    )


def test_nothing_is_lost_by_packing() -> None:
    segment = made_segment()

    again = unpack_segment(pack_segment(segment))

    assert pack_segment(again) == pack_segment(segment)
    assert again.span == segment.span
    assert again.shots == segment.shots
    assert again.tracks[0].sightings == segment.tracks[0].sightings
    assert again.tracks[0].faces[0].attributes == segment.tracks[0].faces[0].attributes
    assert again.tracks[0].faces[1].face.chip_jpeg == segment.tracks[0].faces[1].face.chip_jpeg
    assert again.tracks[0].mean.tobytes() == segment.tracks[0].mean.tobytes()
    assert again.tracks[0].mean.dtype == np.float32
    assert (again.tracks[1].faces, len(again.tracks[1].mean)) == ((), 0)
    assert (again.gaps, again.problem, again.ends_with_cut) == (segment.gaps, "cut off", False)


def test_facts_are_packed_without_loss() -> None:
    facts = replace(made_film([]).facts, fps_average=Fraction(24000, 1001), start_timecode="01:00:00:00")
    starts = (Fraction(1704, 1000), Fraction(61))

    assert unpack_facts(pack_facts(facts, starts)) == (facts, starts)
    with pytest.raises(ValueError):
        unpack_facts('[{"duration": "1/2", "width": 3}, []]')


@pytest.mark.parametrize(
    "spoil",
    [
        lambda packed: b"",
        lambda packed: b"other",
        lambda packed: b"film-segment-1\n" + b"\0" * 40,
        lambda packed: packed[:-1],
        lambda packed: packed[:60] + b"x" + packed[61:],
    ],
)
def test_damaged_bytes_are_an_error(spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ValueError):
        unpack_segment(spoil(pack_segment(made_segment())))


def test_findings_are_kept_by_content_key_and_segment(tmp_path: Path) -> None:
    segment = made_segment()
    with SegmentStore(tmp_path) as store:
        store.save("film", "key", "0 60", segment)

    with SegmentStore(tmp_path) as store:
        kept = store.segment("film", "key", "0 60")
        assert kept is not None
        assert pack_segment(kept) == pack_segment(segment)
        assert store.segment("film", "key", "60 120") is None
        assert store.segment("film", "other key", "0 60") is None
        assert store.segment("other film", "key", "0 60") is None


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE segments SET findings = substr(findings, 1, length(findings) - 1)",
        "UPDATE segments SET checksum = 'x'",
        "UPDATE segments SET findings = 'text'",
    ],
)
def test_damaged_rows_are_forgotten(tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    with SegmentStore(tmp_path) as store:
        store.save("film", "key", "0 60", made_segment())
    base = sqlite3.connect(tmp_path / STORE_NAME)
    with base:
        base.execute(damage)
    base.close()

    with SegmentStore(tmp_path) as store:
        assert store.segment("film", "key", "0 60") is None
        assert "damaged" in caplog.text
        store.save("film", "key", "0 60", made_segment())
        assert store.segment("film", "key", "0 60") is not None


def test_a_damaged_file_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / STORE_NAME).write_bytes(b"no database" * 1000)

    with SegmentStore(tmp_path) as store:
        assert store.segment("film", "key", "0 60") is None
    assert "renamed" in caplog.text
    assert [path.name for path in tmp_path.glob("*.damaged")]


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    SegmentStore(tmp_path).close()
    base = sqlite3.connect(tmp_path / STORE_NAME)
    base.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    base.close()

    with pytest.raises(StorageError, match="newer version"):
        SegmentStore(tmp_path)


def test_the_rows_that_were_not_used_for_longest_go(tmp_path: Path) -> None:
    one = len(pack_segment(made_segment(chips=9000)))
    with SegmentStore(tmp_path, max_bytes=3 * one + 100) as store:
        for name in ("a", "b", "c"):
            store.save("film", "key", name, made_segment(chips=9000))
        assert store.segment("film", "key", "a") is not None
        store.save("film", "key", "d", made_segment(chips=9000))

        assert store.segment("film", "key", "b") is None
        assert all(store.segment("film", "key", name) is not None for name in ("a", "c", "d"))


def test_a_row_larger_than_the_limit_is_kept_while_it_is_the_newest(tmp_path: Path) -> None:
    with SegmentStore(tmp_path, max_bytes=10) as store:
        store.save("film", "key", "a", made_segment())
        store.save("film", "key", "b", made_segment())

        assert store.segment("film", "key", "a") is None
        assert store.segment("film", "key", "b") is not None


def test_a_film_is_known_by_parts_of_its_content(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    content = np.random.default_rng(0).integers(0, 256, 5 * 1024**2).astype(np.uint8).tobytes()
    path.write_bytes(content)
    stamp = stamp_of(path)
    assert stamp is not None
    known = film_content(stamp)

    for place in (0, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert film_content(stamp) != known
    path.write_bytes(content + b"x")
    changed = stamp_of(path)
    assert changed is not None
    assert film_content(changed) != known
    path.write_bytes(b"short")
    short = stamp_of(path)
    assert short is not None
    assert len(film_content(short)) == 64


def test_the_content_is_read_only_when_the_stamp_changed(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"one")
    stamp = stamp_of(path)
    assert stamp is not None
    with SegmentStore(tmp_path) as store:
        first = store.content(stamp)
        path.write_bytes(b"two")
        assert store.content(stamp) == first
        changed = FileStamp(path, 3, stamp.mtime_ns + 1)
        assert store.content(changed) != first
        path.unlink()
        with pytest.raises(ClipUnreadableError):
            store.content(FileStamp(path, 3, stamp.mtime_ns + 2))
