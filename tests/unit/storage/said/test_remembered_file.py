from __future__ import annotations

import io
import json
import logging
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.domain.identity.photo_looks import PhotoLook
from curation.domain.identity.remembered import NOTHING_REMEMBERED, Remembered, short
from curation.domain.identity.remembered_ids import KEY_BYTES, RememberedIds, face_keys
from curation.domain.measuring.measures import MINIATURE_BYTES
from curation.errors import StorageError
from curation.storage.said import remembered_file
from curation.storage.said.remembered_file import REMEMBERED, read_remembered, write_remembered

shas = st.binary(min_size=32, max_size=32).map(bytes.hex)
paths = st.one_of(
    st.text(st.characters(), max_size=6), st.binary(max_size=6).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
)
group_keys = st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES)


def ids_of(names: list[str], groupings: Mapping[bytes, tuple[int, ...]]) -> RememberedIds:
    keys = face_keys([(name, Box(1, 2, 3, 4)) for name in names])
    run = RememberedIds().with_run(keys, np.arange(len(names)), None)
    return replace(run, last=run.last + 5, first=np.where(run.first == 1, -1, run.first), groupings=groupings)


def look_of(path: str, faces: int, dimensions: int, time: str | None, miniature: bytes | None) -> PhotoLook:
    random = np.random.default_rng(faces * 100 + dimensions)
    vectors = random.normal(size=(faces, dimensions)).astype(np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return PhotoLook(
        path,
        4000,
        3000,
        time,
        miniature,
        random.integers(0, 4000, (faces, 4)).astype(np.float64),
        random.random((faces, 5, 2)).astype(np.float32).astype(np.float64),
        vectors,
    )


looks = st.builds(
    look_of,
    paths,
    st.integers(0, 3),
    st.sampled_from([0, 1, 128]),
    st.none() | st.just("2024-05-04T12:00:01.5"),
    st.none() | st.binary(min_size=MINIATURE_BYTES, max_size=MINIATURE_BYTES),
)
memories = st.builds(
    Remembered,
    ids=st.builds(
        ids_of,
        st.lists(shas, max_size=5),
        st.dictionaries(group_keys, st.lists(st.integers(0, 99), max_size=3).map(tuple), max_size=4),
    ),
    photos=st.dictionaries(paths, shas, max_size=4),
    seen=st.sets(shas, max_size=4).map(lambda of: frozenset(map(short, of))),
    looks=st.dictionaries(st.tuples(paths, paths), looks, max_size=4),
)


def assert_equal(one: Remembered, other: Remembered) -> None:
    assert one.ids.keys.tobytes() == other.ids.keys.tobytes()
    assert one.ids.first.tolist() == other.ids.first.tolist()
    assert one.ids.last.tolist() == other.ids.last.tolist()
    assert list(one.ids.groupings.items()) == list(other.ids.groupings.items())
    assert (one.photos, one.seen) == (other.photos, other.seen)
    assert one.looks.keys() == other.looks.keys()
    for key, look in one.looks.items():
        again = other.looks[key]
        for name in ("image_path", "width", "height", "capture_time", "miniature"):
            assert getattr(look, name) == getattr(again, name)
        assert look.boxes.tolist() == again.boxes.tolist()
        assert look.landmarks.tolist() == again.landmarks.tolist()
        assert look.vectors.shape == again.vectors.shape
        if look.vectors.size:
            cosines = (look.vectors * again.vectors).sum(axis=1)
            assert cosines.min() > np.cos(np.radians(0.5))


@settings(deadline=None)
@given(memories)
def test_what_was_written_is_read(remembered: Remembered) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_remembered(Path(folder), remembered)
        again = read_remembered(Path(folder))
        assert not list(Path(folder).glob("*damaged*"))
        assert_equal(remembered, again)
        # What was read is written as it is: nothing drifts from run to run.
        content = (Path(folder) / REMEMBERED).read_bytes()
        write_remembered(Path(folder), again)
        assert (Path(folder) / REMEMBERED).read_bytes() == content


SOME = Remembered(
    ids_of(["a", "b", "c"], {b"g" * KEY_BYTES: (0, 1), b"h" * KEY_BYTES: ()}),
    {"a.jpg": "a" * 64, "odd\udcff.jpg": "b" * 64},
    frozenset({short("a" * 64), short("c" * 64)}),
    {("a" * 64, "space"): look_of("a.jpg", 2, 64, None, b"m" * MINIATURE_BYTES)},
)


def test_nothing_is_remembered_without_a_file(tmp_path: Path) -> None:
    assert read_remembered(tmp_path) is NOTHING_REMEMBERED
    write_remembered(tmp_path, NOTHING_REMEMBERED)
    assert_equal(read_remembered(tmp_path), NOTHING_REMEMBERED)


def test_a_face_whose_vector_is_not_known_stays_unknown(tmp_path: Path) -> None:
    look = look_of("a.jpg", 2, 8, None, None)
    look.vectors[1] = 0.0
    write_remembered(tmp_path, Remembered(looks={("a", "s"): look}))
    vectors = read_remembered(tmp_path).looks["a", "s"].vectors
    assert vectors[1].tolist() == [0.0] * 8
    assert np.linalg.norm(vectors[0]) == pytest.approx(1.0)


def test_the_same_content_is_not_written_again(tmp_path: Path) -> None:
    write_remembered(tmp_path, SOME)
    before = (tmp_path / REMEMBERED).stat()
    write_remembered(tmp_path, read_remembered(tmp_path))
    after = (tmp_path / REMEMBERED).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def assert_is_set_aside(tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / REMEMBERED
    for aside in tmp_path.glob("*damaged*"):
        aside.unlink()
    caplog.clear()
    path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert read_remembered(tmp_path) is NOTHING_REMEMBERED
    assert "is damaged" in caplog.text
    assert [found.name for found in tmp_path.iterdir()] == [f"{REMEMBERED}.damaged-1"]
    assert (tmp_path / f"{REMEMBERED}.damaged-1").read_bytes() == content


def test_a_file_that_was_cut_off_is_renamed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_remembered(tmp_path, SOME)
    whole = (tmp_path / REMEMBERED).read_bytes()
    for cut in range(0, len(whole), 97):
        assert_is_set_aside(tmp_path, whole[:cut], caplog)


@pytest.mark.parametrize("bits", [0xFF, 0x01])
def test_a_file_with_a_wrong_byte_is_renamed_or_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bits: int
) -> None:
    monkeypatch.setattr(remembered_file.logger, "disabled", True)  # hundreds of warnings
    write_remembered(tmp_path, SOME)
    whole = (tmp_path / REMEMBERED).read_bytes()
    for place in range(0, len(whole), 11):
        (tmp_path / REMEMBERED).write_bytes(whole[:place] + bytes([whole[place] ^ bits]) + whole[place + 1 :])
        read_remembered(tmp_path)
        for aside in tmp_path.glob("*damaged*"):
            aside.unlink()


def parts(tmp_path: Path) -> dict[str, NDArray[Any]]:
    write_remembered(tmp_path, SOME)
    with np.load(tmp_path / REMEMBERED) as arrays:
        return dict(arrays)


def packed(arrays: Mapping[str, Any]) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def meta(value: object) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(value).encode(), dtype=np.uint8)


@pytest.mark.parametrize("content", [b"", b"PK", b"[]", b"no archive" * 100])
def test_what_is_no_archive_is_renamed(tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes) -> None:
    assert_is_set_aside(tmp_path, content, caplog)


def test_a_file_with_wrong_parts_is_renamed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole = parts(tmp_path)
    entry = json.loads(whole["meta"].tobytes())
    assert_is_set_aside(tmp_path, packed({"meta": meta([])}), caplog)
    for name in whole:
        assert_is_set_aside(tmp_path, packed({key: value for key, value in whole.items() if key != name}), caplog)
    for name in ("face_ids", "face_keys", "photo_contents", "grouping_keys", "look_boxes", "look_vectors"):
        assert_is_set_aside(tmp_path, packed({**whole, name: whole[name][1:]}), caplog)
    for wrong in (
        {**entry, "version": None},
        {**entry, "photos": 3},
        {**entry, "photos": ["a.jpg"]},
        {**entry, "looks": [[1]]},
        {**entry, "looks": []},
        {**entry, "groupings": ["x"]},
    ):
        assert_is_set_aside(tmp_path, packed({**whole, "meta": meta(wrong)}), caplog)
    array = io.BytesIO()
    np.save(array, np.arange(3))
    assert_is_set_aside(tmp_path, array.getvalue(), caplog)


def test_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    content = packed({"meta": meta({"version": 2})})
    (tmp_path / REMEMBERED).write_bytes(content)
    with pytest.raises(StorageError, match=r"remembered\.npz was written by a newer version of Curation: update"):
        read_remembered(tmp_path)
    assert (tmp_path / REMEMBERED).read_bytes() == content


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / REMEMBERED).mkdir()
    with pytest.raises(StorageError, match=r"remembered\.npz cannot be read"):
        read_remembered(tmp_path)
