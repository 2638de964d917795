from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image

from curation.photos.colours.cicp import Cicp
from curation.photos.colours.hdr import hdr_to_srgb
from curation.photos.colours.iso_colr import read_iso_colours
from curation.photos.files.decoding import open_photo_bytes
from tests.unit.photos.colours.made_pictures import BT_2020, P3, PATCHES, Floats, heif, hlg, patches, pq, seen


def _opened(data: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return open_photo_bytes(data, max_megapixels=1).full().array


@pytest.mark.parametrize(
    ("space", "curve", "primaries", "transfer", "bits"),
    [
        (BT_2020, pq, 9, 16, 10),
        (BT_2020, pq, 9, 16, 12),
        (BT_2020, hlg, 9, 18, 10),
        (BT_2020, hlg, 9, 18, 8),
        (P3, pq, 12, 16, 10),
    ],
)
def test_what_is_no_highlight_comes_out_as_in_sdr(
    space: Floats, curve: Callable[[Floats], Floats], primaries: int, transfer: int, bits: int
) -> None:
    data = heif(patches(space, curve), primaries=primaries, transfer=transfer, bits=bits)
    assert np.abs(seen(_opened(data)) - PATCHES).max() <= (4 if bits > 8 else 8)


@pytest.mark.parametrize("light", [2, 5, 20])
def test_highlights_are_rolled_off_and_the_rest_stays(light: float) -> None:
    pictures = [patches(BT_2020, pq), patches(BT_2020, pq, light=light)]
    values = (np.concatenate(pictures) * 65535).round().astype(np.uint16)
    array = hdr_to_srgb(lambda top, bottom: values[top:bottom], 128, 32, 16, Cicp(9, 16))
    below, above = seen(array[:16]), seen(array[16:])
    assert np.abs(below[1:] - PATCHES[1:]).max() <= 4
    assert below[0].min() >= 230 and below[0].max() < 245 and above[0].min() >= 254
    red = above[2] / above[2].max()
    assert red[1] < 0.5 and red[2] < 0.5


def test_a_colour_outside_srgb_keeps_its_hue() -> None:
    values = np.zeros((8, 8, 3), dtype=np.uint16)
    values[:, :, 1] = int(0.55 * 4095)
    array = hdr_to_srgb(lambda top, bottom: values[top:bottom], 8, 8, 12, Cicp(9, 16))
    red, green, blue = array[4, 4].tolist()
    assert green > 200 and red < 20 and blue < 140


def test_what_is_transparent_lies_on_white() -> None:
    values = np.zeros((4, 4, 4), dtype=np.uint8)
    values[:, 2:, 3] = 255
    array = hdr_to_srgb(lambda top, bottom: values[top:bottom], 4, 4, 8, Cicp(9, 18))
    assert array[0, :, 0].tolist() == [255, 255, 0, 0]


def test_no_band_differs_from_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(3).integers(0, 4096, (40, 30, 3), dtype=np.uint16)
    whole = hdr_to_srgb(lambda top, bottom: values[top:bottom], 30, 40, 12, Cicp(9, 18))
    monkeypatch.setattr("curation.photos.colours.hdr._BAND_PIXELS", 90)
    assert np.array_equal(whole, hdr_to_srgb(lambda top, bottom: values[top:bottom], 30, 40, 12, Cicp(9, 18)))


def test_own_colours_of_hdr_are_srgb() -> None:
    data = heif(patches(BT_2020, pq), primaries=9, transfer=16)
    own = open_photo_bytes(data, max_megapixels=1, own_colours=True)
    assert own.icc_profile is None
    assert np.array_equal(own.full().array, _opened(data))


def test_an_sdr_picture_of_ten_bits_is_no_hdr() -> None:
    data = heif(np.full((32, 32, 3), 0.58), primaries=1, transfer=13)
    assert np.abs(_opened(data).astype(int) - 148).max() <= 1


def _avif(values: Floats, bits: int) -> bytes:
    """An AVIF in PQ: of 8 bits by Pillow, whose code points are changed here; of more by OpenCV."""
    if bits == 8:
        buffer = BytesIO()
        Image.fromarray((values * 255).round().astype(np.uint8)).save(buffer, "AVIF", quality=100, subsampling="4:4:4")
        data = bytearray(buffer.getvalue())
    else:
        codes = (values[:, :, ::-1] * (2**bits - 1)).round().astype(np.uint16)
        data = bytearray(cv2.imencode(".avif", codes, [cv2.IMWRITE_AVIF_QUALITY, 100, cv2.IMWRITE_AVIF_DEPTH, bits])[1])
    place = data.index(b"colrnclx") + 8
    data[place : place + 4] = b"\0\x09\0\x10"
    return bytes(data)


@pytest.mark.parametrize(("bits", "worst", "mean"), [(8, 45, 4), (10, 6, 2), (12, 4, 1)])
def test_avif_in_pq(bits: int, worst: float, mean: float) -> None:
    errors = np.abs(seen(_opened(_avif(patches(BT_2020, pq), bits))) - PATCHES)
    assert errors.max() <= worst and errors.mean() <= mean


def test_colours_that_only_the_coded_picture_tells() -> None:
    """Encoders that write no box `colr`."""
    data = heif(patches(BT_2020, pq), primaries=9, transfer=16)
    without = data.replace(b"colrnclx", b"freenclx")
    assert without != data
    assert read_iso_colours(BytesIO(without)) == read_iso_colours(BytesIO(data)) == (Cicp(9, 16), 10)


@pytest.mark.parametrize("cut", range(0, 900, 37))
def test_broken_boxes_say_nothing(cut: int) -> None:
    data = bytearray(heif(np.zeros((16, 16, 3)), primaries=9, transfer=16))
    read_iso_colours(BytesIO(bytes(data[:cut])))
    data[cut : cut + 5] = b"\xff\x00\xff\xff\x01"
    read_iso_colours(BytesIO(bytes(data)))
