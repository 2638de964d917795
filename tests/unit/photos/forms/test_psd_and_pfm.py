from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from curation.errors import PhotoUnknownFormError, PhotoUnreadableError
from curation.photos.colours.made_profiles import adobe_rgb_profile
from curation.photos.files.decoding import open_photo_bytes
from tests.unit.photos.colours.made_pictures import ADOBE, PATCHES, TO_XYZ, Floats, patches, seen, srgb

_PLAIN = patches(TO_XYZ, srgb)
_RAW, _RLE, _ZIP, _DIFFERENCES = range(4)


def packed_row(row: bytes) -> bytes:
    """By PackBits: a run of two equal bytes, or up to 100 as they are."""
    out, at = b"", 0
    while at < len(row):
        if row[at : at + 1] == row[at + 1 : at + 2]:
            out += bytes([255]) + row[at : at + 1]
            at += 2
        else:
            part = row[at : at + 100]
            out += bytes([len(part) - 1]) + part
            at += len(part)
    return out


def psd(values: NDArray[Any], way: int = _RAW, *, mode: int = 3, profile: bytes = b"") -> bytes:
    """A document of 16 bits, or of 32 for floats."""
    height, width, channels = values.shape
    planes = np.moveaxis(values, 2, 0)
    data = (planes * 65535).round().astype(">u2") if values.dtype != np.float32 else planes.astype(">f4")
    if way == _DIFFERENCES:
        data = np.diff(data.astype(np.uint16), axis=2, prepend=np.uint16(0)).astype(">u2")
    body = data.tobytes()
    if way == _RLE:
        rows = [packed_row(row.tobytes()) for plane in data for row in plane]
        body = struct.pack(f">{len(rows)}H", *map(len, rows)) + b"".join(rows)
    elif way in (_ZIP, _DIFFERENCES):
        body = zlib.compress(body)
    resource = b"8BIM" + struct.pack(">HHI", 1039, 0, len(profile)) + profile + bytes(len(profile) % 2)
    resources = b"8BIM" + struct.pack(">HHI", 1005, 0, 3) + b"abc\0" + (resource if profile else b"")
    head = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", channels, height, width, 8 * data.itemsize, mode)
    return head + bytes(4) + struct.pack(">I", len(resources)) + resources + bytes(4) + struct.pack(">H", way) + body


def errors(data: bytes) -> float:
    return float(np.abs(seen(open_photo_bytes(data, max_megapixels=1).full().array) - PATCHES).max())


@pytest.mark.parametrize("way", [_RAW, _RLE, _ZIP, _DIFFERENCES])
def test_documents_of_16_bits(way: int) -> None:
    assert errors(psd(_PLAIN, way)) <= 1


def test_their_profile() -> None:
    values = patches(ADOBE, lambda light: np.asarray(np.maximum(light, 0) ** (256 / 563)))
    assert errors(psd(values, profile=adobe_rgb_profile())) <= 3


def test_documents_of_32_bits_are_light() -> None:
    assert errors(psd(patches(TO_XYZ, lambda light: light).astype(np.float32), _RLE)) <= 1


def test_grey() -> None:
    grey = np.linspace(0, 1, 32)[np.newaxis, :, np.newaxis].repeat(4, axis=0)
    array = open_photo_bytes(psd(grey, mode=1), max_megapixels=1).full().array
    assert np.abs(array[0, :, 0] - grey[0, :, 0] * 255).max() <= 1


def test_what_cannot_be_opened_is_said_by_what_it_is() -> None:
    with pytest.raises(PhotoUnreadableError, match=r"^a 16-bit Photoshop document in multichannel colours"):
        open_photo_bytes(psd(_PLAIN, mode=7), max_megapixels=1)


@pytest.mark.parametrize("way", [_RAW, _RLE, _ZIP])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_cut_documents_are_refused(way: int, share: float) -> None:
    data = psd(np.random.default_rng(2).random((20, 30, 3)), way)
    with pytest.raises(PhotoUnreadableError, match="cut off"):
        open_photo_bytes(data[: int(len(data) * share)], max_megapixels=1).full()


def pfm(values: Floats, order: str = "<") -> bytes:
    head = f"PF\n{values.shape[1]} {values.shape[0]}\n{'-1.0' if order == '<' else '1.0'}\n".encode()
    return head + values[::-1].astype(f"{order}f4").tobytes()


@pytest.mark.parametrize("order", ["<", ">"])
def test_float_maps_in_colour(order: str) -> None:
    assert errors(pfm(_PLAIN, order)) <= 1


@pytest.mark.parametrize("data", [pfm(_PLAIN)[:-9], b"PF\n0 5\n1\n", b"PF rubbish"])
def test_broken_float_maps(data: bytes) -> None:
    with pytest.raises(PhotoUnreadableError, match="cut off"):
        open_photo_bytes(data, max_megapixels=1).full()


def test_large_documents_are_said_to_be_such() -> None:
    with pytest.raises(PhotoUnknownFormError, match="PSB"):
        open_photo_bytes(b"8BPS\0\2" + bytes(100), max_megapixels=1)
