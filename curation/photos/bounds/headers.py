"""How long the lists in a picture's file may be: chunks, strips, resources, notes.

Decoders walk through them entry by entry, some byte by byte, before they say anything; a few megabytes of empty entries
take minutes. The limits are many times what cameras and programs write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from curation.errors import PhotoTooLargeError
from curation.photos.bounds.jpeg2000 import require_bounded_packets
from curation.photos.files.formats import PhotoFormat
from curation.photos.files.photo_file import PhotoFile

__all__ = ["require_bounded_lists"]

_SAVE_AGAIN: Final = "save it again with another program"
_PNM_HEADER_BYTES: Final = 2**16
_PNM_HEADER: Final = re.compile(rb"P([1-7])(?:\s|#[^\r\n]*[\r\n])+(\d+)(?:\s|#[^\r\n]*[\r\n])+(\d+)\s")
_PNM_NUMBER_BYTES: Final = 8  # of a text of numbers, with what stands between them: at most 65535 and a line's end
_MOST_PNM_NUMBERS: Final = 60_000_000
_MOST_PNG_CHUNKS: Final = 250_000  # 120 megapixels of 16 bits and with opacity in chunks of 8 KiB are 120,000
_MOST_PSD_RESOURCES: Final = 20_000
_PSD_HEAD_BYTES: Final = 26


def require_bounded_lists(file: PhotoFile, kind: PhotoFormat) -> None:
    """Refuse a file whose lists are longer than those of any picture.

    Args:
        file: The file.
        kind: Its format; most have nothing to look at here.

    Raises:
        PhotoTooLargeError: The message says what there is too much of.
        OSError: If it cannot be read.
    """
    bound = _BOUNDS.get(kind)
    if bound is not None:
        bound(file)


def _png(file: PhotoFile) -> None:
    with file.open() as opened:
        opened.seek(8)
        for _ in range(_MOST_PNG_CHUNKS):
            head = opened.read(8)
            if len(head) < 8 or head[4:] == b"IEND":
                return
            opened.seek(int.from_bytes(head[:4], "big") + 4, 1)
    raise PhotoTooLargeError(f"a PNG file of more than {_MOST_PNG_CHUNKS:,} chunks: {_SAVE_AGAIN}")


def _pnm(file: PhotoFile) -> None:
    with file.open() as opened:
        start = opened.read(_PNM_HEADER_BYTES)
    found = _PNM_HEADER.match(start)
    if found is None:
        if len(start) == _PNM_HEADER_BYTES and start[1:2] in b"123456":
            raise PhotoTooLargeError(f"a PNM file whose size does not stand in its first 64 KB: {_SAVE_AGAIN}")
        return  # its decoder says more
    if found[1] not in b"123":
        return
    numbers = int(found[2][:9]) * int(found[3][:9]) * (3 if found[1] == b"3" else 1)
    if numbers > _MOST_PNM_NUMBERS:
        raise PhotoTooLargeError(f"a PNM file that is a text of {numbers:,} numbers: save it as PNG or JPEG")
    most = _PNM_HEADER_BYTES + _PNM_NUMBER_BYTES * numbers
    if file.size_bytes > most:
        raise PhotoTooLargeError(
            f"a PNM file that is a text of {file.size_bytes:,} bytes for {numbers:,} numbers: {_SAVE_AGAIN}"
        )


def _psd(file: PhotoFile) -> None:
    with file.open() as opened:
        opened.seek(_PSD_HEAD_BYTES)
        opened.seek(int.from_bytes(opened.read(4), "big"), 1)
        size = int.from_bytes(opened.read(4), "big")
        end = opened.tell() + size
        for _ in range(_MOST_PSD_RESOURCES):
            head = opened.read(7)
            if len(head) < 7 or head[:4] != b"8BIM" or opened.tell() > end:
                return
            opened.seek(head[6] + 1 - head[6] % 2, 1)  # the name, with its length of an even size
            length = int.from_bytes(opened.read(4), "big")
            opened.seek(length + length % 2, 1)
    raise PhotoTooLargeError(f"a PSD file of more than {_MOST_PSD_RESOURCES:,} resources: {_SAVE_AGAIN}")


def _jpeg2000(file: PhotoFile) -> None:
    with file.open() as opened:
        require_bounded_packets(opened)


_BOUNDS: Mapping[PhotoFormat, Callable[[PhotoFile], None]] = MappingProxyType(
    {PhotoFormat.JPEG_2000: _jpeg2000, PhotoFormat.PNG: _png, PhotoFormat.PNM: _pnm, PhotoFormat.PSD: _psd}
)
