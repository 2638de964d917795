from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from curation.photos.files.decoding import open_photo_bytes
from curation.photos.files.own_colours import in_own_colours
from tests.unit.photos.colours.made_pictures import Floats, cmyk_profile

_INKS = np.array(
    [[0, 0, 0, 0], [200, 30, 220, 0], [10, 240, 200, 20], [0, 0, 0, 200], [255, 255, 0, 0]], dtype=np.uint8
)


def _picture(side: int = 32) -> Image.Image:
    return Image.fromarray(np.repeat(np.repeat(_INKS[np.newaxis], side, axis=0), side, axis=1), "CMYK")


def _saved(kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    _picture().save(buffer, kind, **options)
    return buffer.getvalue()


def _seen(data: bytes) -> Floats:
    array = open_photo_bytes(data, max_megapixels=1).full().array
    return np.asarray(array.reshape(32, 5, 32, 3)[8:24, :, 8:24].mean(axis=(0, 2)))


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 2}])
def test_a_jpeg_and_a_tiff_of_the_same_inks_are_seen_alike(options: dict[str, object]) -> None:
    jpeg = _seen(_saved("JPEG", quality=98, icc_profile=cmyk_profile(), **options))
    tiff = _seen(_saved("TIFF", icc_profile=cmyk_profile()))
    assert np.abs(jpeg - tiff).max() <= 4
    assert np.abs(jpeg - _seen(_saved("JPEG", quality=98))).max() > 40


def test_reduced_decoding_uses_the_profile_too() -> None:
    data = _saved("JPEG", quality=98, icc_profile=cmyk_profile())
    small = open_photo_bytes(data, max_megapixels=1).reduced(40).array
    assert small.shape == (8, 40, 3)
    assert np.abs(small.reshape(8, 5, 8, 3)[2:6, :, 2:6].mean(axis=(0, 2)) - _seen(data)).max() <= 4


@pytest.mark.parametrize("profile", [b"rubbish", cmyk_profile()[:200]])
def test_without_a_usable_profile_inks_are_plain(profile: bytes) -> None:
    plain = _seen(_saved("JPEG", quality=98))
    assert np.array_equal(_seen(_saved("JPEG", quality=98, icc_profile=profile)), plain)
    assert plain[0].min() >= 253 and plain[3].max() < 70


def test_own_colours_of_cmyk_are_srgb() -> None:
    data = _saved("JPEG", quality=98, icc_profile=cmyk_profile())
    photo = open_photo_bytes(data, max_megapixels=1)
    own = in_own_colours(photo, data, max_megapixels=1)
    assert own.icc_profile is None and own.photo is photo
