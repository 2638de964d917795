from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from curation.domain.faces.face import Box
from curation.photos.colours.cicp import ADOBE_RGB, SRGB_PRIMARIES, Cicp
from curation.photos.colours.icc_hdr import hdr_of_profile
from curation.photos.colours.made_profiles import adobe_rgb_profile, cicp_profile, gamma_profile, grey_gamma_profile
from curation.photos.colours.told import told_colours
from curation.photos.files.decoding import open_photo_bytes
from curation.photos.files.own_colours import in_own_colours
from curation.photos.tiles.cutting import decode_for_tiles, grid_of, tile_jpeg
from tests.unit.photos.colours.made_pictures import (
    ADOBE,
    BT_2020,
    P3,
    PATCHES,
    Floats,
    as_image,
    bt_709,
    heif,
    patches,
    pq,
    seen,
    srgb,
)

_SRGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def adobe(light: Floats) -> Floats:
    return np.asarray(np.maximum(light, 0) ** (256 / 563))


def exif(space: int | None, index: str = "", green: tuple[int, int] | None = None) -> bytes:
    block = Image.Exif()
    if green is not None:
        block[0x013F] = (0.64, 0.33, green[0] / 100, green[1] / 100, 0.15, 0.06)
    if space is not None:
        block.get_ifd(0x8769)[0xA001] = space
    if index:
        block.get_ifd(0x8769)[0xA005] = {1: index}
    return block.tobytes()


def errors(data: bytes, name: str = "") -> float:
    array = open_photo_bytes(data, max_megapixels=1, name=name).full().array
    return float(np.abs(seen(array) - PATCHES).max())


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    if kind == "JPEG":
        options = {"quality": 95, "subsampling": 0} | options
    image.save(buffer, kind, **options)
    return buffer.getvalue()


ADOBE_PATCHES = as_image(patches(ADOBE, adobe))


_BLOCKS = [
    (exif(0xFFFF, "R03"), True),
    (exif(None, "R03"), True),
    (exif(2), True),
    (exif(0xFFFF, "", (21, 71)), True),
    (exif(1, "R03"), False),
    (exif(0xFFFF, "R98"), False),
    (exif(0xFFFF), False),
    (exif(0xFFFF, "", (30, 60)), False),
    (b"Exif\0\0II*\0\xff\xff\xff\xff", False),
]
# Pillow writes neither a broken EXIF nor its innermost directory into a TIFF.
_IN_TIFF = [_BLOCKS[index] for index in (2, 3, 6, 7)]


@pytest.mark.parametrize(
    ("kind", "block", "is_adobe"),
    [
        *((kind, block, is_adobe) for kind in ("JPEG", "PNG", "WEBP") for block, is_adobe in _BLOCKS),
        *(("TIFF", block, is_adobe) for block, is_adobe in _IN_TIFF),
    ],
)
def test_adobe_rgb_by_exif(kind: str, block: bytes, is_adobe: bool) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    data = saved(ADOBE_PATCHES, kind, exif=block, **options)
    assert (errors(data) <= 5) is is_adobe
    photo = open_photo_bytes(data, max_megapixels=1)
    assert (photo.icc_profile is not None) is is_adobe


def test_a_profile_wins_over_exif() -> None:
    plain = np.repeat(PATCHES.astype(np.uint8)[np.newaxis], 16, axis=0).repeat(16, axis=1)
    data = saved(Image.fromarray(plain), "JPEG", exif=exif(0xFFFF, "R03"), icc_profile=_SRGB_PROFILE)
    assert errors(data) <= 4


@pytest.mark.parametrize(
    ("space", "curve", "primaries", "transfer"),
    [
        (P3, srgb, 12, 13),
        (P3, srgb, 12, 2),
        (BT_2020, bt_709, 9, 14),
        (BT_2020, srgb, 9, 13),
        (BT_2020, lambda light: light, 9, 8),
    ],
)
def test_code_points_in_heif(space: Floats, curve: Callable[[Floats], Floats], primaries: int, transfer: int) -> None:
    data = heif(patches(space, curve), primaries=primaries, transfer=transfer)
    assert errors(data) <= (20 if transfer == 8 else 5)  # light that is stored in 8 bits has few steps in the dark


@pytest.mark.parametrize("cicp", [(1, 13), (1, 1), (6, 6), (2, 2), (200, 13), (9, 200)])
def test_other_code_points_change_nothing(cicp: tuple[int, int]) -> None:
    colours = told_colours(None, Cicp(*cicp))
    assert colours.icc_profile is None and colours.hdr is None


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(values: Floats, *chunks: bytes, bits: int = 8) -> bytes:
    height, width, channels = values.shape
    numbers = (values * (2**bits - 1)).round().astype(">u2" if bits == 16 else np.uint8)
    rows = b"".join(b"\0" + row.tobytes() for row in numbers)
    header = struct.pack(">IIBBBBB", width, height, bits, 2 if channels == 3 else 0, 0, 0, 0)
    parts = [chunk(b"IHDR", header), *chunks, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def cicp_chunk(primaries: int, transfer: int) -> bytes:
    return chunk(b"cICP", bytes([primaries, transfer, 0, 1]))


def gamma_chunk(gamma: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(gamma * 100000)))


ADOBE_CHUNK = chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000))
SRGB_CHUNK = chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000))


@pytest.mark.parametrize(
    ("data", "tolerance"),
    [
        (png(patches(BT_2020, pq), cicp_chunk(9, 16), bits=16), 2),
        (png(patches(BT_2020, pq), cicp_chunk(9, 16)), 8),
        (png(patches(P3, srgb), cicp_chunk(12, 13)), 3),
        (png(patches(P3, srgb), cicp_chunk(12, 13), bits=16), 3),
        (png(patches(ADOBE, adobe), gamma_chunk(256 / 563), ADOBE_CHUNK), 3),
        (png(patches(P3, srgb), cicp_chunk(12, 13), gamma_chunk(1)), 3),
        (png(patches(P3, srgb), cicp_chunk(12, 13), chunk(b"iCCP", b"x\0\0" + zlib.compress(_SRGB_PROFILE))), 3),
    ],
)
def test_colours_of_png(data: bytes, tolerance: float) -> None:
    assert errors(data) <= tolerance


@pytest.mark.parametrize("bits", [8, 16])
def test_grey_png_with_gamma(bits: int) -> None:
    values = np.linspace(0, 1, 64)[np.newaxis, :, np.newaxis].repeat(8, axis=0)
    array = open_photo_bytes(png(values, gamma_chunk(1), bits=bits), max_megapixels=1).full().array
    wanted = srgb(values[0, :, 0]) * 255
    assert np.abs(array[0, :, 1] - wanted).max() <= 3
    plain = open_photo_bytes(png(values, gamma_chunk(0.45455), bits=bits), max_megapixels=1).full().array
    assert np.abs(plain[0, :, 1] - values[0, :, 0] * 255).max() <= 1


@pytest.mark.parametrize(
    "chunks",
    [
        (gamma_chunk(0.45455), SRGB_CHUNK),
        (chunk(b"sRGB", b"\0"), gamma_chunk(1)),
        (gamma_chunk(0),),
        (gamma_chunk(0.5), chunk(b"cHRM", bytes(32))),
        (gamma_chunk(0.0001),),
        (cicp_chunk(77, 99),),
        (chunk(b"cICP", b"\x09"),),
    ],
)
def test_png_that_is_srgb_or_says_nonsense_stays(chunks: tuple[bytes, ...]) -> None:
    values = np.repeat(PATCHES[np.newaxis] / 255, 16, axis=0).repeat(16, axis=1)
    assert errors(png(values, *chunks)) == 0


def test_profiles_for_hdr_are_told_by_their_tag_or_name() -> None:
    def named(name: str) -> bytes:
        return gamma_profile(SRGB_PRIMARIES, 2.0, name)

    assert hdr_of_profile(named("Rec. 2100 PQ")) == Cicp(9, 16)
    assert hdr_of_profile(named("ITU-R BT.2100 HLG")) == Cicp(9, 18)
    assert hdr_of_profile(named("Display P3 PQ")) == Cicp(12, 16)
    assert hdr_of_profile(named("Adobe RGB (1998)")) is None
    assert hdr_of_profile(b"rubbish") is None and hdr_of_profile(adobe_rgb_profile()[:140]) is None
    tagged = bytearray(named("something"))
    place = tagged.index(b"cprt")
    tagged[place : place + 4] = b"cicp"
    at = int.from_bytes(tagged[place + 4 : place + 8], "big")
    tagged[at : at + 12] = b"cicp\0\0\0\0\x09\x12\0\1"
    assert hdr_of_profile(bytes(tagged)) == Cicp(9, 18)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_a_picture_with_a_pq_profile(kind: str) -> None:
    profile = gamma_profile(SRGB_PRIMARIES, 2.0, "Rec2100 PQ")
    options = {"quality": 100} if kind == "JPEG" else {}
    assert errors(saved(as_image(patches(BT_2020, pq)), kind, icc_profile=profile, **options)) <= 10


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_grey_by_its_profile(kind: str) -> None:
    ramp = Image.fromarray(np.arange(0, 256, 4, dtype=np.uint8)[np.newaxis].repeat(16, axis=0))
    if kind == "WEBP":  # it has no grey: a profile for grey changes nothing there
        ramp = ramp.convert("RGB")
    options = {"quality": 100} if kind in ("JPEG", "WEBP") else {}
    data = saved(ramp, kind, icc_profile=grey_gamma_profile(1.0), **options)
    array = open_photo_bytes(data, max_megapixels=1).full().array
    light = np.arange(0, 256, 4) / 255
    wanted = light if kind == "WEBP" else srgb(light)
    assert np.abs(array[8, :, 0] - wanted * 255).max() <= (12 if kind == "WEBP" else 3)


def test_own_colours_and_tiles_of_a_photo_told_by_exif(tmp_path: Path) -> None:
    data = saved(ADOBE_PATCHES, "JPEG", exif=exif(0xFFFF, "R03"))
    photo = open_photo_bytes(data, max_megapixels=1)
    own = in_own_colours(photo, data, max_megapixels=1)
    assert own.icc_profile == adobe_rgb_profile()
    assert np.abs(own.photo.full().array.astype(int) - np.asarray(ADOBE_PATCHES)).max() <= 12
    assert ImageCms.getProfileName(ImageCms.ImageCmsProfile(BytesIO(own.icc_profile))).strip() == "Adobe RGB compatible"
    (tmp_path / "a.jpg").write_bytes(data)
    level = grid_of(tmp_path / "a.jpg", max_megapixels=1).levels()[-1]
    decoded = decode_for_tiles(tmp_path / "a.jpg", level.level, max_megapixels=1)
    tile = Image.open(BytesIO(tile_jpeg(decoded, level, Box(0, 0, level.width, level.height))))
    assert np.abs(seen(np.asarray(tile.convert("RGB"))) - PATCHES).max() <= 20


def test_made_profiles_are_small_and_those_of_their_primaries() -> None:
    for made in (adobe_rgb_profile(), cicp_profile(Cicp(12, 13)), gamma_profile(ADOBE_RGB, 2.2, "x")):
        profile = ImageCms.ImageCmsProfile(BytesIO(made)).profile
        assert profile.xcolor_space.strip() == "RGB" and profile.connection_space.strip() == "XYZ"
        assert len(made) < 4000
    with pytest.raises(ValueError, match="HDR"):
        cicp_profile(Cicp(9, 16))
