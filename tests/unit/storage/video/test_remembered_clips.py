from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from curation.domain.faces.face import Box
from curation.errors import StorageError
from curation.storage.video.remembered_clips import (
    NO_CLIPS,
    REMEMBERED_CLIPS,
    ClipPerson,
    RememberedClips,
    RememberedTrack,
    read_clips,
    write_clips,
)
from tests.film_values import vector_of


def test_round_trip_and_the_same_bytes(tmp_path: Path) -> None:
    tracks = tuple(
        RememberedTrack("ab" * 32, Fraction(number, 3), Box(number, 2, 3, 4), number) for number in (5, 3, 4)
    )
    clips = RememberedClips(9, tracks, {4: ClipPerson("key", vector_of(2, noise=0.3))}, frozenset({3, 4}))
    write_clips(tmp_path, clips)
    read = read_clips(tmp_path)
    assert read.next_id == 9
    assert read.present == frozenset({3, 4})
    assert sorted(read.tracks, key=lambda track: track.cluster_id) == sorted(tracks, key=lambda track: track.cluster_id)
    assert float(read.people[4].mean @ clips.people[4].mean) > 0.999
    assert abs(float(np.linalg.norm(read.people[4].mean)) - 1) < 1e-5
    content = (tmp_path / REMEMBERED_CLIPS).read_bytes()
    write_clips(tmp_path, read)
    assert (tmp_path / REMEMBERED_CLIPS).read_bytes() == content


def test_without_a_file(tmp_path: Path) -> None:
    assert read_clips(tmp_path) is NO_CLIPS


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"version": 1}',
        b'{"version":1,"next_cluster_id":1,"present":[],"people":{},"tracks":[["a","1/0",[1,2,3,4],0]]}',
        b'{"version":1,"next_cluster_id":1,"present":[],"people":{},"tracks":[["a","1/1",[1,2,3],0]]}',
        b'{"version":1,"next_cluster_id":1,"present":[],"people":{"1":{"engine":"x","mean":"?"}},"tracks":[]}',
    ],
)
def test_a_damaged_file_is_set_aside(tmp_path: Path, content: bytes) -> None:
    (tmp_path / REMEMBERED_CLIPS).write_bytes(content)
    assert read_clips(tmp_path) is NO_CLIPS
    assert not (tmp_path / REMEMBERED_CLIPS).exists()
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_of_a_newer_version(tmp_path: Path) -> None:
    (tmp_path / REMEMBERED_CLIPS).write_text('{"version": 2}')
    with pytest.raises(StorageError, match="newer version"):
        read_clips(tmp_path)


def test_no_id_is_forgotten_by_a_wrong_counter(tmp_path: Path) -> None:
    (tmp_path / REMEMBERED_CLIPS).write_text(
        '{"version":1,"next_cluster_id":1,"present":[],"people":{},"tracks":[["a","1/1",[1,2,3,4],7]]}'
    )
    assert read_clips(tmp_path).next_id == 8
