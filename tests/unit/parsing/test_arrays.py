from __future__ import annotations

import io
import struct
import zipfile
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from curation.parsing import arrays as arrays_room
from curation.parsing.arrays import parse_npy, parse_npz
from curation.parsing.not_valid import NotValidError
from curation.storage.embeddings_file import npz_bytes

dtypes: list[Any] = [np.dtype("<f4"), np.dtype("u1"), np.dtype("<i8"), np.dtype("?"), np.dtype("U3")]
some: st.SearchStrategy[Any] = arrays.arrays(
    dtype=st.sampled_from(dtypes),
    shape=arrays.array_shapes(min_dims=0, min_side=0, max_side=4),
)


def npy(array: Any, version: tuple[int, int] | None = None, **options: Any) -> bytes:
    content = io.BytesIO()
    np.lib.format.write_array(content, array, version=version, **options)
    return content.getvalue()


def header(text: bytes, body: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body


@settings(max_examples=30)
@given(some, st.booleans(), st.sampled_from([(1, 0), (2, 0)]))
def test_arrays_come_back_as_they_were(array: Any, is_fortran: bool, version: tuple[int, int]) -> None:
    given_ = np.asfortranarray(array) if is_fortran else array
    read = parse_npy(npy(given_, version))
    assert read.dtype == array.dtype
    np.testing.assert_array_equal(read, array)
    read.flags.writeable = True


@settings(max_examples=30)
@given(st.dictionaries(st.text("abc", min_size=1), some, max_size=3))
def test_archives_come_back_as_they_were(content: dict[str, Any]) -> None:
    read = parse_npz(npz_bytes(content))
    assert read.keys() == content.keys()
    for name, array in content.items():
        np.testing.assert_array_equal(read[name], array)


@settings(max_examples=30)
@given(st.binary(), st.integers(0, 200), st.binary(max_size=8))
def test_any_bytes_are_an_array_or_not_valid(content: bytes, place: int, other: bytes) -> None:
    good = npy(np.ones((3, 4), dtype="<f4"))
    changed = good[:place] + other + good[place + len(other) :]
    for each in (content, changed, good[:place]):
        for parse in (parse_npy, parse_npz):
            with suppress(NotValidError):
                parse(each)


@pytest.mark.parametrize(
    "text",
    [
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (9000000000000000000, 4)}\n",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (" + b"9" * 5000 + b",)}\n",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 4)}\n",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (True,)}\n",
        b"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}\n",
        b"{'descr': '|V0', 'fortran_order': False, 'shape': (9,)}\n",
        b"{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1,)}\n",
        b"(" * 9000,
        b"{'descr': " * 900,
        b"[" * 60_000,
        b"9" * 9000,
        b"\0" * 100,
        b"{'descr': '<f4', 'fortran_order': False, 'shape': ()",
        b"",
    ],
)
def test_headers_that_lie_or_never_end_are_refused_before_anything_is_allocated(text: bytes) -> None:
    with pytest.raises(NotValidError):
        parse_npy(header(text, b"\0" * 64))


def test_objects_are_never_unpickled() -> None:
    content = npy(np.array([{}, []], dtype=object), allow_pickle=True)
    with pytest.raises(NotValidError, match="object"):
        parse_npy(content)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.npy", content)
    with pytest.raises(NotValidError, match="object"):
        parse_npz(archive.getvalue())


def test_an_archive_that_unpacks_to_far_more_than_it_is_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays_room, "_MAX_UNPACKED_BYTES", 2**20)
    archive = io.BytesIO()
    with (
        zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file,
        file.open("a.npy", "w", force_zip64=True) as entry,
    ):
        for _ in range(300):
            entry.write(bytes(2**20))
    assert len(archive.getvalue()) < 2**20
    with pytest.raises(NotValidError, match="unpacks to 314,572,800 bytes"):
        parse_npz(archive.getvalue())
