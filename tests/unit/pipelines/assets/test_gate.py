from __future__ import annotations

import time
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from curation.domain.assets.states import RejectCode
from curation.errors import AssetRejectedError
from curation.pipelines.assets.gate import check
from curation.pipelines.assets.limits import GateLimits

LIMITS = GateLimits(min_side_px=256, max_megapixels=4.0, max_bytes=1_000_000)


def picture(width: int, height: int, kind: str = "JPEG") -> bytes:
    out = BytesIO()
    Image.fromarray(np.full((height, width, 3), 90, np.uint8)).save(out, kind)
    return out.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG whose header says more than there is."""
    header = b"IHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    data = b"IDAT" + zlib.compress(b"\0" * 1000)
    chunks = b"".join(
        (len(chunk) - 4).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
        for chunk in (header, data, b"IEND")
    )
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"])
def test_lets_pictures_pass_without_decoding_them(kind: str) -> None:
    photo = check(picture(300, 400, kind), LIMITS)
    assert (photo.width, photo.height) == (300, 400)


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", RejectCode.UNREADABLE, "empty"),
        (b"\xff\xd8\xff\xe0 and nothing more", RejectCode.UNREADABLE, "damaged|cut off"),
        (picture(300, 400)[:30], RejectCode.UNREADABLE, "damaged|cut off"),
        (b"%PDF-1.7 a document", RejectCode.FORMAT, "document"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", RejectCode.FORMAT, "video"),
        (b"just text" * 100, RejectCode.FORMAT, "JPEG"),
        (bytes(5000), RejectCode.FORMAT, "zeros"),
        (picture(255, 400), RejectCode.TOO_SMALL, "256"),
        (picture(400, 10), RejectCode.TOO_SMALL, "256"),
        (picture(2100, 2000), RejectCode.TOO_LARGE, "megapixels"),
        (png_that_claims(60_000, 60_000), RejectCode.TOO_LARGE, "megapixels"),
        (picture(300, 400) + bytes(1_000_000), RejectCode.TOO_LARGE, "MB"),
    ],
)
def test_says_why_not(content: bytes, code: RejectCode, words: str) -> None:
    with pytest.raises(AssetRejectedError, match=words) as caught:
        check(content, LIMITS)
    assert caught.value.reason == code.value


def test_the_sides_are_those_of_the_upright_picture() -> None:
    image = Image.fromarray(np.full((300, 500, 3), 90, np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    out = BytesIO()
    image.save(out, "JPEG", exif=exif)
    photo = check(out.getvalue(), LIMITS)
    assert (photo.width, photo.height) == (300, 500)


def test_the_name_tells_raw_files_only() -> None:
    photo = check(picture(300, 400), LIMITS, name="picture.nef")
    assert photo.width == 300


def test_too_little_memory_is_not_the_pictures_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr("curation.photos.files.decoding._opened", fail)
    with pytest.raises(MemoryError):
        check(picture(300, 400), LIMITS)


def test_a_huge_file_takes_no_time(tmp_path: Path) -> None:
    content = picture(4000, 3000) + bytes(50_000_000)
    began = time.process_time()
    photo = check(content, GateLimits(256, 120.0, 200_000_000))
    assert time.process_time() - began < 0.1
    assert photo.width == 4000
