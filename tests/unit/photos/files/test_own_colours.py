"""Photos in the colours of their own file, for pictures that keep the colour profile."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from curation.photos.files.decoding import open_photo_bytes
from curation.photos.files.own_colours import in_own_colours

_RED = (200, 30, 40)


def _wide_profile() -> bytes:
    """A colour space that is not sRGB: its gamma, written as one curve for all channels, is changed."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132], "big")
    for number in range(count):
        entry = 132 + 12 * number
        name, at = bytes(profile[entry : entry + 4]), int.from_bytes(profile[entry + 4 : entry + 8], "big")
        if name in (b"rTRC", b"gTRC", b"bTRC") and bytes(profile[at : at + 4]) == b"para":
            profile[at + 12 : at + 16] = (int(1.3 * 65536)).to_bytes(4, "big")
        if name == b"desc":
            profile[at + 8 : at + 60] = bytes(52)  # otherwise its name says sRGB
    return bytes(profile)


def _picture(format_name: str, mode: str = "RGB", **options: Any) -> bytes:
    image = Image.new("RGB", (64, 48), _RED).convert(mode)
    out = io.BytesIO()
    image.save(out, format_name, **options)
    return out.getvalue()


def _pixel(array: NDArray[np.uint8]) -> tuple[int, ...]:
    return tuple(int(each) for each in array[20, 30])


@pytest.mark.parametrize(("format_name", "options"), [("JPEG", {"quality": 100}), ("PNG", {}), ("TIFF", {})])
def test_pixels_and_profile_are_those_of_the_file(format_name: str, options: dict[str, Any]) -> None:
    profile = _wide_profile()
    content = _picture(format_name, icc_profile=profile, dpi=(300, 300), **options)
    photo = open_photo_bytes(content, max_megapixels=1)
    own = in_own_colours(photo, content, max_megapixels=1)
    assert own.icc_profile == profile
    assert own.dpi == pytest.approx((300, 300), abs=0.1)
    assert max(abs(a - b) for a, b in zip(_pixel(own.photo.full().array), _RED, strict=True)) <= 3
    assert max(abs(a - b) for a, b in zip(_pixel(photo.full().array), _RED, strict=True)) > 10  # sRGB


def test_without_a_profile_the_photo_itself_serves() -> None:
    content = _picture("JPEG")
    photo = open_photo_bytes(content, max_megapixels=1)
    own = in_own_colours(photo, content, max_megapixels=1)
    assert own.photo is photo
    assert own.icc_profile is None


@pytest.mark.parametrize("profile", [b"no profile", b"\0" * 200])
def test_a_broken_profile_is_none(profile: bytes) -> None:
    content = _picture("JPEG", icc_profile=profile)
    photo = open_photo_bytes(content, max_megapixels=1)
    assert in_own_colours(photo, content, max_megapixels=1)[:2] == (photo, None)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_other_colour_spaces_become_srgb(mode: str) -> None:
    content = _picture("TIFF", mode, icc_profile=_wide_profile())
    photo = open_photo_bytes(content, max_megapixels=1)
    assert in_own_colours(photo, content, max_megapixels=1).icc_profile is None


def test_the_resolution_turns_with_the_photo() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    content = _picture("JPEG", dpi=(200, 100), exif=exif)
    own = in_own_colours(open_photo_bytes(content, max_megapixels=1), content, max_megapixels=1)
    assert own.dpi == (100, 200)
    assert (own.photo.width, own.photo.height) == (48, 64)


def test_no_resolution() -> None:
    for content in (_picture("PNG"), _picture("GIF"), _picture("WEBP")):
        assert in_own_colours(open_photo_bytes(content, max_megapixels=1), content, max_megapixels=1).dpi is None
