"""Whether a Photoshop file is whole: its sections, and the rows of the picture that other programs see."""

from __future__ import annotations

import numpy as np

from curation.domain.files.health import FileFault
from curation.photos.files.photo_file import PhotoFile
from curation.photos.whole.findings import cut, upper_part, zeroed
from curation.photos.whole.plain_pixels import PlainPixels, find_hole
from curation.photos.whole.zero_runs import zero_runs

__all__ = ["psd_faults"]

_HEADER_BYTES = 26
_PLAIN, _PACKED = 0, 1
_ZEROS = 16
_MOST_RUNS = 200
_COLOURS = {1: 1, 2: 1, 3: 3, 4: 4, 8: 1, 9: 3}


def psd_faults(file: PhotoFile) -> tuple[FileFault, ...]:
    """What is wrong with a PSD file.

    Raises:
        OSError: If it cannot be read.
    """
    data = file.read()

    def number(at: int, width: int) -> int:
        return int.from_bytes(data[at : at + width], "big")

    if len(data) < _HEADER_BYTES:
        return (cut("its picture", 0, good="nothing"),)
    channels, height, width, depth, mode = number(12, 2), number(14, 4), number(18, 4), number(22, 2), number(24, 2)
    at = _HEADER_BYTES
    for _ in range(3):  # colours, resources, layers
        at += 4 + number(at, 4)
        if at > len(data):
            return (cut("its picture", at - len(data), good="nothing"),)
    if at + 2 > len(data):
        return (cut("its picture", 0, good="nothing"),)
    if not channels or not height or not width:
        return ()  # its decoder says more
    packing, start = number(at, 2), at + 2
    row_bytes = (width * depth + 7) // 8
    colours = min(channels, _COLOURS.get(mode, channels))
    if packing == _PLAIN:
        return _plain_faults(data, start, row_bytes, height, channels, colours, depth)
    if packing == _PACKED:
        return _packed_faults(data, start, row_bytes, height * channels, height * colours)
    return ()


def _plain_faults(
    data: bytes, start: int, row_bytes: int, height: int, channels: int, colours: int, depth: int
) -> tuple[FileFault, ...]:
    missing = start + row_bytes * height * channels - len(data)
    if missing > 0:
        is_seen = missing > row_bytes * height * (channels - colours)
        return (cut("its picture" if is_seen else "its further channels", missing, is_seen=is_seen),)
    if depth < 8:
        return ()
    sample = depth // 8
    for channel in range(colours):  # each is a picture of its own
        pixels = PlainPixels(start + channel * row_bytes * height, height, row_bytes, row_bytes, sample, sample, sample)
        hole = find_hole(data, pixels)
        if hole is not None:
            return (zeroed("its picture", hole.start, hole.end, is_seen=hole.sure, sure=hole.sure),)
    return ()


def _packed_faults(data: bytes, start: int, row_bytes: int, rows: int, shown_rows: int) -> tuple[FileFault, ...]:
    first = start + 2 * rows
    if first > len(data):
        return (cut("its picture", first - len(data), good="nothing"),)
    sizes = np.frombuffer(data, ">u2", rows, start).astype(np.int64)
    ends = first + np.cumsum(sizes)
    if rows and int(ends[-1]) > len(data):
        is_seen = int(ends[shown_rows - 1]) > len(data)
        return (cut("its picture" if is_seen else "its further channels", int(ends[-1]) - len(data), is_seen=is_seen),)
    shown = sizes[:shown_rows]
    if not shown.all():
        empty = int((shown == 0).argmax())
        return (zeroed("the list of its rows", start + 2 * empty, start + 2 * empty + 2, good=upper_part(0)),)
    looked: set[int] = set()
    perhaps: tuple[int, int] | None = None
    for run in zero_runs(data, _ZEROS, first, int(ends[shown_rows - 1]), most=_MOST_RUNS):
        for row in range(
            int(np.searchsorted(ends, run[0], "right")),
            min(shown_rows, int(np.searchsorted(ends, run[1] - 1, "right")) + 1),
        ):
            if row in looked:
                continue
            looked.add(row)
            end = int(ends[row])
            if _unpacked(data[end - int(sizes[row]) : end]) != row_bytes:
                return (zeroed("its picture", *run),)
        perhaps = perhaps or run
    if perhaps is not None:
        # A packer writes a run of equal bytes as two; only very simple ones do not.
        return (zeroed("its picture", *perhaps, is_seen=False, sure=False),)
    return ()


def _unpacked(packed: bytes) -> int:
    """How many bytes a packed row has when it is unpacked."""
    at = count = 0
    while at < len(packed):
        size = packed[at]
        if size < 128:
            count += size + 1
            at += size + 2
        else:
            count += 257 - size if size > 128 else 0
            at += 2 if size > 128 else 1
    return count if at == len(packed) else -1
