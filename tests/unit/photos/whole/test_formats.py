"""What is said of broken files of each format: whether the picture is affected, and what of it is still good."""

from __future__ import annotations

import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from curation.domain.files.health import FaultKind, FileFault
from curation.errors import PhotoError
from curation.photos.files.decoding import open_photo_bytes
from curation.photos.files.formats import PhotoFormat, sniff
from curation.photos.files.photo_file import PhotoFile
from curation.photos.whole.check import faults_of
from tests.whole_files import MAKERS, made, pictured


def _faults(content: bytes) -> tuple[FileFault, ...]:
    kind = sniff(content[:64], "")
    assert kind is not None
    return faults_of(PhotoFile(None, content), kind)


def _saved(kind: str, image: Image.Image, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("png", "about the upper 5"),
        ("webp", "about the upper 5"),
        ("ppm", "about the upper 50 % of the picture"),
        ("bmp", "about the lower 50 % of the picture"),
        ("gif", "about the upper "),
        ("heic of tiles", "1 of the 4 tiles of the picture"),
    ],
)
def test_what_is_good_of_half_a_file(name: str, good: str) -> None:
    whole = made(name)
    (fault,) = _faults(whole[: len(whole) * 55 // 100 if name != "ppm" and name != "bmp" else len(whole) // 2 + 20])
    assert (fault.kind, fault.is_seen) == (FaultKind.CUT, True)
    assert fault.good.startswith(good)


def test_a_cut_tells_how_many_bytes_are_missing() -> None:
    whole = made("ppm")
    (fault,) = _faults(whole[:-1234])
    assert fault.reason == "the file is cut off: at least 1,234 bytes of its picture are missing at its end"


@pytest.mark.parametrize("name", ["png", "webp", "heic", "avif", "jp2", "bmp", "ppm", "psd", "gif"])
def test_zeros_behind_the_end_of_a_file_are_nothing(name: str) -> None:
    assert _faults(made(name) + bytes(700)) == ()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def test_a_png_whose_text_is_damaged_is_told_and_shown() -> None:
    whole = made("png")
    text = _chunk(b"tEXt", b"Comment\0" + b"x" * 90)
    end = len(whole) - 12
    (fault,) = _faults(whole[:end] + text[:20] + bytes(60) + text[80:] + whole[end:])
    assert (fault.kind, fault.is_seen) == (FaultKind.ZEROED, False)
    assert _faults(whole[:end] + text + whole[end:]) == ()


def test_a_png_without_its_last_chunk_is_told_and_shown() -> None:
    (fault,) = _faults(made("png")[:-12])
    assert (fault.kind, fault.is_seen) == (FaultKind.CUT, False)


@pytest.mark.parametrize("kind", [b"tEXt", b"eXIf", b"iCCP"])
def test_a_png_with_a_damaged_part_before_its_picture_is_told_and_shown(kind: bytes) -> None:
    whole = made("png")
    note = _chunk(kind, b"Comment\0" + b"x" * 90)
    odd = whole[:33] + note[:20] + b"y" + note[21:] + whole[33:]
    photo = open_photo_bytes(odd, max_megapixels=9)
    assert np.array_equal(photo.full().array, open_photo_bytes(whole, max_megapixels=9).full().array)
    (fault,) = photo.faults
    assert (fault.kind, fault.is_seen) == (FaultKind.DAMAGED, False)


def test_a_png_without_its_colours_is_refused() -> None:
    whole = _saved("PNG", pictured("photo").convert("P"))
    at = whole.index(b"PLTE") + 20
    with pytest.raises(PhotoError):
        open_photo_bytes(whole[:at] + b"!" + whole[at + 1 :], max_megapixels=9).full()


def _film(*sizes: int) -> bytes:
    kinds = (b"ftyp", b"mdat", b"moov")
    return b"".join(
        size.to_bytes(4, "big") + kind + (b"mp42" + bytes(size - 12) if kind == b"ftyp" else bytes(size - 8))
        for size, kind in zip(sizes, kinds, strict=True)
    )


WORDS_OF_A_PHONE = b'vivo{"a":1}' + bytes(20)


@pytest.mark.parametrize("behind", [b"", WORDS_OF_A_PHONE], ids=["nothing", "words"])
@pytest.mark.parametrize("name", ["jpeg", "heic"])
def test_the_film_of_a_motion_photo_is_told_if_it_is_cut(name: str, behind: bytes) -> None:
    film = _film(24, 900, 400)
    photo = _saved("JPEG", pictured("photo")) if name == "jpeg" else made("heic")
    start = b"" if name == "jpeg" else (len(film) + 8).to_bytes(4, "big") + b"mpvd"
    whole = photo + start + film
    assert _faults(whole + behind) == _faults(photo) == ()
    for cut in (100, 600):
        (fault,) = _faults(whole[:-cut])
        assert (fault.kind, fault.is_seen, fault.good) == (FaultKind.CUT, False, "the photo")


def test_a_flat_webp_is_whole_though_it_is_full_of_zeros() -> None:
    flat = _saved("WEBP", Image.new("RGB", (900, 700)))
    assert bytes(40) in flat
    assert _faults(flat) == ()


def test_a_webp_whose_metadata_are_cut_off_is_told_and_shown() -> None:
    whole = _saved("WEBP", pictured("photo"), exif=b"Exif\0\0II*\0" + b"\x07" * 300)
    (fault,) = _faults(whole[:-100])
    assert (fault.kind, fault.is_seen) == (FaultKind.CUT, False)


def test_a_hole_in_the_transparency_of_a_webp_is_told() -> None:
    image = pictured("photo").convert("RGBA")
    image.putalpha(pictured("photo", 128, 96).convert("L"))
    whole = _saved("WEBP", image)
    at = whole.index(b"ALPH") + 1000
    (fault,) = _faults(whole[:at] + bytes(300) + whole[at + 300 :])
    assert (fault.kind, fault.is_seen) == (FaultKind.ZEROED, False)
    assert "transparency" in fault.reason


def test_the_second_picture_of_an_animation_is_not_the_photo() -> None:
    whole = _saved("GIF", pictured("photo"), save_all=True, append_images=[pictured("turned")])
    (fault,) = _faults(whole[: len(whole) * 3 // 4])
    assert (fault.kind, fault.is_seen) == (FaultKind.CUT, False)


def test_a_run_of_zeros_that_a_gif_means_is_whole() -> None:
    """Old programs do not pack: each pixel is one code, and a clear code comes before codes become longer."""
    codes = [256, *([0] * 200), 256, *([0] * 200), 257]
    bits = sum(code << 9 * place for place, code in enumerate(codes))
    packed = bits.to_bytes(-(-9 * len(codes) // 8), "little")
    parts = b"".join(bytes([len(packed[k : k + 255])]) + packed[k : k + 255] for k in range(0, len(packed), 255))
    head = b"GIF89a" + (20).to_bytes(2, "little") * 2 + b"\xf7\0\0" + bytes(range(256)) * 3
    whole = head + b"," + bytes(4) + (20).to_bytes(2, "little") * 2 + b"\0\x08" + parts + b"\0;"
    assert _faults(whole) == ()
    packed = made("gif")
    at = packed.index(b",\0\0\0\0") + 300
    (fault,) = _faults(packed[:at] + bytes(100) + packed[at + 100 :])
    assert (fault.kind, fault.is_seen) == (FaultKind.ZEROED, True)


def test_tiles_that_are_missing_in_a_jpeg_2000_file_are_seen() -> None:
    whole = made("j2k of tiles")
    second = whole.index(b"\xff\x90\x00\x0a\x00\x01")
    (fault,) = _faults(whole[:second] + b"\xff\xd9")
    assert fault.is_seen
    assert fault.good == "about the upper 25 % of the picture"


def test_a_text_picture_holds_no_zero_byte() -> None:
    whole = made("ppm as text")
    (fault,) = _faults(whole[:900] + bytes(5) + whole[905:])
    assert (fault.kind, fault.is_seen) == (FaultKind.ZEROED, True)


def test_a_picture_with_a_palette_is_only_told() -> None:
    whole = _saved("BMP", pictured("photo").convert("P"))
    at = 1078 + 40 * 128 + 60
    (fault,) = _faults(whole[:at] + bytes(900) + whole[at + 900 :])
    assert (fault.kind, fault.is_seen) == (FaultKind.ZEROED, False)
    assert "may have been" in fault.reason


@pytest.mark.parametrize("name", MAKERS)
def test_a_check_never_stumbles(name: str) -> None:
    whole = made(name)
    kind = sniff(whole[:64], "")
    assert kind is not None
    for place in range(12, min(len(whole), 900), 7):
        for spoilt in (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\1"):
            faults_of(PhotoFile(None, whole[:place] + spoilt + whole[place + 4 :]), kind)


def test_every_format_that_is_no_jpeg_has_a_check() -> None:
    from curation.photos.whole.check import CHECKS

    assert set(CHECKS) >= set(PhotoFormat) - {PhotoFormat.JPEG}
