"""Photos that are decoded in another process have the same pixels and the same errors."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from curation.decoders import decoders_set
from curation.errors import PhotoError
from curation.photos.elsewhere import open_elsewhere
from curation.photos.files.decoding import open_photo_bytes
from curation.workers.decoders.limits import DecoderLimits
from curation.workers.decoders.pool import DecoderPool
from tests.bombs import many_scans


@pytest.fixture(scope="module")
def _decoders() -> Iterator[None]:
    with DecoderPool(DecoderLimits(imports=("curation.photos.elsewhere",))) as pool, decoders_set(pool):
        yield


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(3).integers(0, 255, (height, width, 3), np.uint8))


def saved(form: str, mode: str = "RGB", orientation: int = 1, size: tuple[int, int] = (1203, 801)) -> bytes:
    out = BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    noise(*size).convert(mode).save(out, form, exif=exif)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "max_megapixels"),
    [
        (saved("JPEG"), 100.0),
        (saved("JPEG", orientation=6), 100.0),
        (saved("JPEG", orientation=6), 0.5),  # decoded at half its size, as it is too large
        (saved("JPEG", "CMYK", orientation=7), 100.0),
        (saved("PNG", orientation=3), 100.0),
        (saved("PNG", "P"), 100.0),
        (saved("TIFF", "L", orientation=8), 100.0),
    ],
)
@pytest.mark.usefixtures("_decoders")
def test_the_pixels_are_the_same(content: bytes, max_megapixels: float) -> None:
    here = open_photo_bytes(content, max_megapixels=max_megapixels)
    there = open_elsewhere(content, max_megapixels=max_megapixels)
    assert (here.width, here.height, here.full_scale) == (there.width, there.height, there.full_scale)
    for look in ("first", "again"):
        asked = [
            (photo.reduced(160), photo.reduced(301, averaged=False), photo.detailed(0.3), photo.full())
            for photo in (here, there)
        ]
        for expected, got in zip(*asked, strict=True):
            assert expected.scale == got.scale, look
            np.testing.assert_array_equal(expected.array, got.array)


@pytest.mark.parametrize(
    "content", [b"", b"no picture", saved("JPEG")[:-5000], saved("PNG")[:2000], many_scans(), saved("TIFF")]
)
@pytest.mark.usefixtures("_decoders")
def test_the_errors_are_the_same(content: bytes) -> None:
    with pytest.raises(PhotoError) as here:
        open_photo_bytes(content, max_megapixels=0.9).full()
    with pytest.raises(PhotoError) as there:
        open_elsewhere(content, max_megapixels=0.9).full()
    assert (type(there.value), str(there.value)) == (type(here.value), str(here.value))


def test_without_decoders_it_is_decoded_here() -> None:
    content = saved("JPEG", size=(64, 48))
    photo = open_elsewhere(content, max_megapixels=1)
    np.testing.assert_array_equal(photo.full().array, open_photo_bytes(content, max_megapixels=1).full().array)
