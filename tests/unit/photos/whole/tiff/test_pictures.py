from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from curation.domain.files.health import FaultKind
from curation.errors import PhotoError
from curation.photos.files.decoding import open_photo_bytes
from curation.photos.files.photo_file import PhotoFile
from curation.photos.whole.tiff.pictures import tiff_faults
from tests.unit.photos.whole.jpeg.made_jpegs import scene

CHECKED = ["tiff_lzw", "tiff_adobe_deflate", "packbits"]


def tiff(compression: str | None, **options: Any) -> bytes:
    buffer = io.BytesIO()
    scene(96, 64).save(buffer, "TIFF", compression=compression, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("compression", [None, *CHECKED, "jpeg", "zstd", "lzma"])
@pytest.mark.parametrize("options", [{}, {"big_tiff": True}], ids=["TIFF", "BigTIFF"])
def test_whole_and_cut_files(compression: str | None, options: dict[str, Any]) -> None:
    data = tiff(compression, **options)
    assert tiff_faults(PhotoFile(None, data)) == ()
    cut = data[: int(len(data) * 0.6)]
    # Where the directory stands at the end, there is nothing left that names the strips.
    for fault in tiff_faults(PhotoFile(None, cut)):
        assert fault.kind is FaultKind.CUT and fault.is_seen
    with pytest.raises(PhotoError):
        open_photo_bytes(cut, max_megapixels=9).full()


def test_how_much_of_a_cut_file_is_good() -> None:
    data = tiff(None)
    (fault,) = tiff_faults(PhotoFile(None, data[: len(data) - 96 * 64 * 3 // 4]))
    assert "25 % of the data of its picture are missing" in fault.reason
    assert fault.good == "the upper 75 % of the picture"


def test_the_pages_behind_the_first_are_told_but_not_seen() -> None:
    buffer = io.BytesIO()
    scene(96, 64).save(buffer, "TIFF", save_all=True, append_images=[scene(96, 64, seed=1)])
    data = buffer.getvalue()
    assert tiff_faults(PhotoFile(None, data)) == ()
    (fault,) = tiff_faults(PhotoFile(None, data[:-5000]))
    assert not fault.is_seen and fault.good == "the first picture"
    assert open_photo_bytes(data[:-5000], max_megapixels=9).full().array.shape == (64, 96, 3)


@pytest.mark.parametrize("big", [False, True], ids=["TIFF", "BigTIFF"])
@pytest.mark.parametrize("tail", [b"", bytes(30_000)], ids=["cut", "zeros"])
def test_pages_whose_directory_is_lost_are_told(big: bool, tail: bytes) -> None:
    buffer = io.BytesIO()
    pages = [scene(96, 64, seed=1), scene(96, 64, seed=2)]
    scene(96, 64).save(buffer, "TIFF", save_all=True, append_images=pages, big_tiff=big)
    data = buffer.getvalue()
    lost = data[: len(data) // 3 + 600] + tail
    (fault,) = tiff_faults(PhotoFile(None, lost))
    assert (fault.kind, fault.is_seen) == (FaultKind.CUT, False)


@pytest.mark.parametrize("rubbish", [b"\xc0\x21\x7f\x4e", b"Made", b"\1\0\0\0"])
def test_rubbish_behind_the_only_directory_is_nothing(rubbish: bytes) -> None:
    data = tiff(None)
    at = int.from_bytes(data[4:8], "little")
    end = at + 2 + 12 * int.from_bytes(data[at : at + 2], "little")
    assert data[end : end + 4] == bytes(4)
    assert tiff_faults(PhotoFile(None, data[:end] + rubbish + data[end + 4 :])) == ()


def test_flat_pictures_are_whole() -> None:
    for compression in (*CHECKED, "jpeg", "zstd", "lzma"):
        for colour in ("black", "white", "red"):
            buffer = io.BytesIO()
            Image.new("RGB", (600, 400), colour).save(buffer, "TIFF", compression=compression)
            assert tiff_faults(PhotoFile(None, buffer.getvalue())) == (), (compression, colour)


@pytest.mark.parametrize("mode", ["RGB", "L", "I;16", "CMYK"])
def test_a_tail_that_was_never_written(mode: str) -> None:
    image = Image.fromarray(np.asarray(scene(96, 64).convert("L")).astype(np.uint16) * 200 + 500)
    buffer = io.BytesIO()
    (image if mode == "I;16" else scene(96, 64).convert(mode)).save(buffer, "TIFF")
    data = buffer.getvalue()
    assert tiff_faults(PhotoFile(None, data)) == ()
    (fault,) = tiff_faults(PhotoFile(None, data[:-2001] + bytes(2001)))
    # In a picture of inks zeros are white paper.
    assert fault.kind is FaultKind.ZEROED and fault.is_seen == (mode != "CMYK")


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.sampled_from(CHECKED), st.floats(0.02, 0.98), st.integers(64, 4000), st.booleans())
def test_cut_or_zeroed_anywhere_is_refused_or_the_same(compression: str, place: float, size: int, is_cut: bool) -> None:
    data = tiff(compression)
    wanted = open_photo_bytes(data, max_megapixels=9).full().array
    at = int(len(data) * place)
    changed = data[:at] if is_cut else data[:at] + bytes(min(size, len(data) - at)) + data[at + size :]
    try:
        got = open_photo_bytes(changed, max_megapixels=9).full().array
    except PhotoError:
        return
    assert np.array_equal(got, wanted)
