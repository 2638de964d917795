"""Camera, lens and exposure of a photo, from its file's metadata; the picture itself is not opened."""

from __future__ import annotations

import math
import struct
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from curation.domain.measuring.camera import NO_CAMERA, CameraFacts
from curation.photos.taken.blocks import MetadataBlocks, read_blocks
from curation.photos.taken.tiff_tags import TagValue, read_tags
from curation.photos.taken.times import taken_of_blocks
from curation.regular_files import open_regular

__all__ = ["camera_of_exif", "read_camera_facts", "read_clock"]

_MAKE, _MODEL, _EXPOSURE, _F_NUMBER, _ISO = 0x010F, 0x0110, 0x829A, 0x829D, 0x8827
_FOCAL, _FOCAL_35, _LENS = 0x920A, 0xA405, 0xA434
_TAGS = frozenset({_MAKE, _MODEL, _EXPOSURE, _F_NUMBER, _ISO, _FOCAL, _FOCAL_35, _LENS})
_BODY_SERIAL, _CAMERA_SERIAL = 0xA431, 0xC62F
_CLOCK_TAGS = frozenset({_MAKE, _MODEL, _BODY_SERIAL, _CAMERA_SERIAL})
_MAX_NAME_CHARS = 80


def read_camera_facts(path: Path) -> CameraFacts:
    """What a photo's file says of its taking; nothing for a file without metadata, or one that cannot be read."""
    try:
        with open_regular(path) as file:
            return _of_blocks(read_blocks(file))
    except (OSError, struct.error, ValueError, OverflowError):
        return NO_CAMERA


def camera_of_exif(block: bytes) -> CameraFacts:
    """The same from an EXIF block, with or without its six-byte prefix."""
    return _of_blocks(MetadataBlocks(exif=[BytesIO(block.removeprefix(b"Exif\0\0"))]))


def read_clock(file: BinaryIO) -> str:
    """Whose clock a photo's time is by: maker and model, and the body's serial number behind a `#` if the file has it.

    Args:
        file: At its start.

    Returns:
        Such as `NIKON D750 #6012345`; empty if the file does not name its camera.

    Raises:
        OSError: If the file itself cannot be read.
    """
    tags = _tags(read_blocks(file), _CLOCK_TAGS)
    camera = _camera(_text(tags.get(_MAKE)), _text(tags.get(_MODEL)))
    serial = _text(tags.get(_BODY_SERIAL)) or _text(tags.get(_CAMERA_SERIAL))
    return f"{camera} #{serial}" if camera and serial.strip("0") else camera


def _tags(blocks: MetadataBlocks, wanted: frozenset[int]) -> dict[int, TagValue]:
    tags: dict[int, TagValue] = {}
    for block in blocks.exif:
        block.seek(0)
        tags |= read_tags(block, wanted)
    return tags


def _of_blocks(blocks: MetadataBlocks) -> CameraFacts:
    tags = _tags(blocks, _TAGS)
    taken = taken_of_blocks(blocks)
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
        capture_time=None if taken is None else taken.time,
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
