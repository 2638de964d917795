"""Camera, lens and exposure of a photo, from its file's metadata; the picture itself is not opened."""

from __future__ import annotations

import math
import re
import struct
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from curation.domain.measuring.camera import NO_CAMERA, CameraFacts
from curation.photos.files.formats import SNIFF_BYTES, PhotoFormat, sniff
from curation.photos.taken.tiff_tags import TagValue, read_tags

__all__ = ["camera_of_exif", "read_camera_facts"]

_MAKE, _MODEL, _EXPOSURE, _F_NUMBER, _ISO = 0x010F, 0x0110, 0x829A, 0x829D, 0x8827
_TIME, _SUB_SECOND, _FOCAL, _FOCAL_35, _LENS = 0x9003, 0x9291, 0x920A, 0xA405, 0xA434
_TAGS = frozenset({_MAKE, _MODEL, _EXPOSURE, _F_NUMBER, _ISO, _TIME, _SUB_SECOND, _FOCAL, _FOCAL_35, _LENS})
_DATE_TIME = re.compile(r"(\d{4}):(\d\d):(\d\d)[ T](\d\d):(\d\d):(\d\d)")
_EXIF_PREFIX = b"Exif\0\0"
_MAX_BLOCK_BYTES = 2**20  # of EXIF; cameras write up to 64 KiB
_MAX_SEGMENTS = 2000
_MAX_NAME_CHARS = 80
_CR3_HEADER_BYTES = 2**18
_RAF_JPEG_OFFSET = 84
_MAX_WHOLE_FILE_BYTES = 512 * 2**20
_ISO_MEDIA = frozenset({PhotoFormat.HEIF, PhotoFormat.AVIF})


def read_camera_facts(path: Path) -> CameraFacts:
    """What a photo's file says of its taking; nothing for a file without metadata, or one that cannot be read."""
    try:
        with path.open("rb") as file:
            return _read(file, path)
    except (OSError, struct.error, ValueError, OverflowError):
        return NO_CAMERA


def camera_of_exif(block: bytes) -> CameraFacts:
    """The same from an EXIF block, with or without its six-byte prefix."""
    return _facts(read_tags(BytesIO(block.removeprefix(_EXIF_PREFIX)), _TAGS))


def _read(file: BinaryIO, path: Path) -> CameraFacts:
    start = file.read(SNIFF_BYTES)
    kind = sniff(start, path.suffix[1:].lower())
    file.seek(0)
    if kind is PhotoFormat.JPEG:
        return camera_of_exif(_jpeg_block(file))
    if kind is PhotoFormat.PNG:
        file.seek(8)
        return camera_of_exif(_chunk(file, b"eXIf", ">I4s", after=4))
    if kind is PhotoFormat.WEBP:
        file.seek(12)
        return camera_of_exif(_chunk(file, b"EXIF", "<4sI", after=0))
    if kind in _ISO_MEDIA:
        return camera_of_exif(_heif_block(path))
    if kind is PhotoFormat.RAW and start.startswith(b"FUJIFILMCCD-RAW"):
        file.seek(_RAF_JPEG_OFFSET)
        file.seek(struct.unpack(">I", file.read(4))[0])
        return camera_of_exif(_jpeg_block(BytesIO(file.read(_MAX_BLOCK_BYTES))))
    if kind is PhotoFormat.RAW and b"ftypcrx" in start:
        return _cr3(file.read(_CR3_HEADER_BYTES))
    if kind in (PhotoFormat.TIFF, PhotoFormat.RAW):
        return _facts(read_tags(file, _TAGS))
    return NO_CAMERA


def _jpeg_block(file: BinaryIO) -> bytes:
    """The first EXIF segment; empty if there is none."""
    file.seek(2)
    for _ in range(_MAX_SEGMENTS):
        byte = file.read(1)
        while byte == b"\xff":
            byte = file.read(1)
        if not byte or byte in (b"\xda", b"\xd9"):
            return b""
        size = file.read(2)
        length = struct.unpack(">H", size)[0] - 2 if len(size) == 2 else -1
        if length < 0:
            return b""
        if byte != b"\xe1":
            file.seek(length, 1)
        elif (body := file.read(length)).startswith(b"Exif\0"):
            return body
        marker = file.read(1)
        if marker != b"\xff":
            return b""
    return b""


def _chunk(file: BinaryIO, name: bytes, form: str, *, after: int) -> bytes:
    """A chunk of a PNG or a RIFF file that is at its first chunk; `after` are the bytes of each one's check sum."""
    for _ in range(_MAX_SEGMENTS):
        header = file.read(8)
        if len(header) < 8:
            break
        one, two = struct.unpack(form, header)
        length, found = (one, two) if form.startswith(">") else (two, one)
        if found == name:
            return file.read(min(length, _MAX_BLOCK_BYTES))
        padded = length if after else length + length % 2
        file.seek(padded + after, 1)
    return b""


def _heif_block(path: Path) -> bytes:
    if path.stat().st_size > _MAX_WHOLE_FILE_BYTES:
        return b""
    try:
        if path.suffix.lower() in (".avif", ".avifs"):
            from PIL import Image

            with Image.open(path, formats=("AVIF",)) as image:
                block = image.info.get("exif")
        else:
            import pillow_heif

            block = pillow_heif.open_heif(path.read_bytes(), bgr_mode=False).info.get("exif")
    except Exception:  # the packages map the many errors of their libraries to several of Python's
        return b""
    return block if isinstance(block, bytes) else b""


def _cr3(start: bytes) -> CameraFacts:
    """CR3 keeps the first directory and the EXIF directory in two blocks of their own."""
    tags: dict[int, TagValue] = {}
    for name in (b"CMT1", b"CMT2"):
        position = start.find(name)
        if position >= 0:
            tags |= read_tags(BytesIO(start[position + 4 :]), _TAGS)
    return _facts(tags)


def _facts(tags: dict[int, TagValue]) -> CameraFacts:
    iso = tags.get(_ISO)
    film = tags.get(_FOCAL_35)
    return CameraFacts(
        camera=_camera(_text(tags.get(_MAKE)), _text(tags.get(_MODEL))),
        lens=_text(tags.get(_LENS)),
        focal_length_mm=_number(tags.get(_FOCAL), 10_000),
        focal_length_35mm=film if isinstance(film, int) and 0 < film < 10_000 else None,
        aperture=_number(tags.get(_F_NUMBER), 200),
        exposure_s=_number(tags.get(_EXPOSURE), 86_400),
        iso=iso if isinstance(iso, int) and iso > 0 else None,
        capture_time=_time(tags.get(_TIME), tags.get(_SUB_SECOND)),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    # Cameras without a lens write rows of dashes; controls would spoil lists.
    clean = " ".join("".join(char if char.isprintable() else " " for char in value).split())[:_MAX_NAME_CHARS]
    return clean if any(char.isalnum() for char in clean) else ""


def _camera(make: str, model: str) -> str:
    """`NIKON CORPORATION` and `NIKON D750` are `NIKON D750`; `SONY` and `ILCE-7M4` are `SONY ILCE-7M4`."""
    if not make or not model or make.split()[0].casefold() in model.casefold():
        return model or make
    return f"{make} {model}"


def _number(value: object, most: float) -> float | None:
    """A number above 0, at most `most`, to six digits, so that one value is always written in one way."""
    if not isinstance(value, int | float) or not math.isfinite(value) or not 0 < value <= most:
        return None
    return float(f"{value:.6g}")


def _time(text: object, fraction: object) -> datetime | None:
    match = _DATE_TIME.match(text) if isinstance(text, str) else None
    if match is None:
        return None
    digits = fraction if isinstance(fraction, str) and fraction.isascii() and fraction.isdigit() else ""
    year, month, day, hour, minute, second = (int(group) for group in match.groups())
    try:
        return datetime(year, month, day, hour, minute, second, int(digits[:6].ljust(6, "0")))
    except ValueError:  # cameras whose clock was not set write zeros
        return None
