"""Photoshop documents of 16 and 32 bits a channel: the flat picture that is stored beside the layers (Adobe, 2019)."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from curation.errors import PhotoTooLargeError, PhotoUnknownFormError, PhotoUnreadableError
from curation.photos.colours.cicp import SRGB_PRIMARIES
from curation.photos.colours.lab import lab_to_srgb
from curation.photos.colours.linear_profiles import light_of_profile
from curation.photos.colours.matrices import to_srgb_light
from curation.photos.colours.told import told_colours
from curation.photos.files.colour import bands_to_srgb
from curation.photos.files.photo_file import PhotoFile
from curation.photos.forms.pixels import light_pixels_to_srgb, pixels_to_srgb

__all__ = ["DeepPsdSource", "is_deep_psd"]

_MODES = {0: "bitmap", 1: "grey", 2: "palette", 3: "RGB", 4: "CMYK", 7: "multichannel", 8: "duotone", 9: "Lab"}
_CHANNELS = {1: 1, 3: 3, 4: 4, 8: 1, 9: 3}
_ICC_RESOURCE = 1039
_MAX_RESOURCE_BYTES = 64 * 2**20
_MAX_FILE_BYTES = 2**31
_RAW, _RLE, _ZIP, _ZIP_DIFFERENCES = range(4)
_SAVE_AS = "save it as a 16-bit TIFF or as JPEG"


@dataclass(frozen=True, slots=True)
class _Header:
    channels: int
    height: int
    width: int
    depth: int
    mode: int


def is_deep_psd(file: PhotoFile) -> bool:
    """Whether a file is a Photoshop document of more than 8 bits a channel.

    Raises:
        PhotoUnknownFormError: If it is a large document (PSB), whose tables have wider numbers.
        OSError: If it cannot be read.
    """
    with file.open() as opened:
        if opened.read(6) == b"8BPS\0\2":
            raise PhotoUnknownFormError(f"a large Photoshop document (PSB), which cannot be opened: {_SAVE_AS}")
        opened.seek(0)
        header = _header(opened)
    return header is not None and header.depth > 8


class DeepPsdSource:
    """Such a document, see `lazy_photo.PhotoSource`."""

    divisors = (1,)
    orientation = 1
    limit_share = 0.4
    capture_time: datetime | None = None
    time_source = ""
    icc_profile: bytes | None = None  # always sRGB

    def __init__(self, file: PhotoFile) -> None:
        """Read the header.

        Raises:
            PhotoUnreadableError: If it is damaged, or of a kind that cannot be opened.
            PhotoTooLargeError: If the file is very large.
            OSError: If the file itself cannot be read.
        """
        if file.size_bytes > _MAX_FILE_BYTES:
            raise PhotoTooLargeError("a Photoshop document of more than 2 GiB: save it as JPEG")
        self._file = file
        with file.open() as opened:
            header = _header(opened)
        if header is None or min(header.width, header.height) < 1:
            raise PhotoUnreadableError("the file is cut off or damaged (no header of a Photoshop document)")
        self._header = header
        self._words = f"a {header.depth}-bit Photoshop document in {_MODES.get(header.mode, 'unknown')} colours"
        if header.mode not in _CHANNELS or header.depth not in (16, 32) or header.channels < _CHANNELS[header.mode]:
            raise PhotoUnknownFormError(f"{self._words}, which cannot be opened: {_SAVE_AS}")
        self.width, self.height = header.width, header.height

    def decode(self, divisor: int) -> NDArray[np.uint8]:
        """Decode, see `lazy_photo.PhotoSource`."""
        try:
            with self._file.open() as opened:
                profile, data = _parts(opened)
            channels = _planes(data, self._header, _CHANNELS[self._header.mode])
        except (ValueError, IndexError, struct.error, zlib.error) as error:
            raise PhotoUnreadableError(f"{self._words}: the file is cut off or damaged ({error})") from error
        except _NotOpenedError as error:
            raise PhotoUnknownFormError(f"{self._words}, which cannot be opened ({error}): {_SAVE_AS}") from error
        array = np.moveaxis(channels, 0, 2)
        if array.dtype.kind == "f":
            matrix = light_of_profile(profile)
            own = to_srgb_light(SRGB_PRIMARIES) if matrix is None else matrix  # 32 bits are always light
            return light_pixels_to_srgb(array.astype(np.float32), own.astype(np.float32))
        codes = array.astype(np.uint16)
        if self._header.mode == 9:
            scale = np.array([100 / 65535, 1 / 256, 1 / 256], dtype=np.float32)
            return lab_to_srgb(codes.astype(np.float32) * scale - np.array([0, 128, 128], dtype=np.float32), None)
        if self._header.mode == 4:
            return _cmyk(codes, profile)
        return pixels_to_srgb(codes, told_colours(profile))


def _header(opened: BinaryIO) -> _Header | None:
    start = opened.read(26)
    if len(start) < 26 or start[:6] != b"8BPS\0\1":
        return None
    return _Header(*struct.unpack(">HIIHH", start[12:26]))


def _parts(opened: BinaryIO) -> tuple[bytes | None, bytes]:
    """The colour profile, and the data of the flat picture."""
    opened.seek(26)
    opened.seek(struct.unpack(">I", opened.read(4))[0], 1)
    size = struct.unpack(">I", opened.read(4))[0]
    end = opened.tell() + size
    resources = opened.read(min(size, _MAX_RESOURCE_BYTES))
    opened.seek(end)
    opened.seek(struct.unpack(">I", opened.read(4))[0], 1)
    return _profile(resources), opened.read()


def _profile(resources: bytes) -> bytes | None:
    at = 0
    while at + 12 <= len(resources) and resources[at : at + 4] in (b"8BIM", b"MeSa"):
        number = int.from_bytes(resources[at + 4 : at + 6], "big")
        name = resources[at + 6] + 1
        at += 6 + name + name % 2
        size = int.from_bytes(resources[at : at + 4], "big")
        if number == _ICC_RESOURCE:
            return resources[at + 4 : at + 4 + size]
        at += 4 + size + size % 2
    return None


def _planes(data: bytes, header: _Header, channels: int) -> NDArray[np.uint16] | NDArray[np.float32]:
    """(C, H, W) of the first channels."""
    kind = np.dtype(">u2" if header.depth == 16 else ">f4")
    row = header.width * kind.itemsize
    wanted = channels * header.height * row
    way, body = int.from_bytes(data[:2], "big"), data[2:]
    if len(data) < 2:
        raise ValueError("there is no picture")
    if way == _RLE:
        lengths = np.frombuffer(body, ">u2", header.channels * header.height).tolist()
        at, rows = 2 * len(lengths), []
        for length in lengths[: channels * header.height]:
            rows.append(_unpacked(body[at : at + length], row))
            at += length
        body = b"".join(rows)
    elif way in (_ZIP, _ZIP_DIFFERENCES):
        body = zlib.decompressobj().decompress(body, header.channels * header.height * row)
    elif way != _RAW:
        raise _NotOpenedError(f"compression {way}")
    if len(body) < wanted:
        raise ValueError(f"{len(body)} of {wanted} bytes are there")
    planes = np.frombuffer(body, kind, wanted // kind.itemsize).reshape(channels, header.height, header.width)
    if way == _ZIP_DIFFERENCES:
        if header.depth != 16:
            raise _NotOpenedError("differences of floats")
        return np.cumsum(planes, axis=2, dtype=np.uint16)
    return planes.astype(np.uint16) if header.depth == 16 else planes.astype(np.float32)


class _NotOpenedError(Exception):
    """The document is packed in a way that is not read."""


def _unpacked(data: bytes, length: int) -> bytes:
    """A row packed by PackBits."""
    out = bytearray()
    at = 0
    while at < len(data) and len(out) < length:
        count = data[at]
        if count < 128:
            out += data[at + 1 : at + 2 + count]
            at += 2 + count
        else:
            if count > 128:
                out += data[at + 1 : at + 2] * (257 - count)
            at += 2 if count > 128 else 1
    if len(out) != length:
        raise ValueError(f"a row has {len(out)} of {length} bytes")
    return bytes(out)


def _cmyk(codes: NDArray[np.uint16], profile: bytes | None) -> NDArray[np.uint8]:
    from PIL import Image

    inks = (255 - (codes >> 8)).astype(np.uint8)  # stored the other way round

    def band(top: int, bottom: int) -> Image.Image:
        return Image.fromarray(np.ascontiguousarray(inks[top:bottom]), "CMYK")

    return bands_to_srgb(band, codes.shape[1], codes.shape[0], profile)
