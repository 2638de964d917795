"""Whether a film is whole, without decoding it: its index is there, and every sample that it names lies in the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation.domain.files.health import FileFault
from curation.photos.whole.findings import cut, damaged, zeroed
from curation.photos.whole.iso.boxes import Box, BoxError, Fields, ReadAt, child_boxes, top_boxes
from curation.regular_files import open_regular

__all__ = ["faults_of_film", "track_faults"]

_MOST_INDEX_BYTES = 256 * 2**20
_LOOKS = 64
_LOOK_BYTES = 4096
# Silence may be zeros, and so may a frame without news; a picture of this size in zeros is none.
_SAMPLE_ZEROS = 512
_CONTAINERS = (b"mdia", b"minf", b"stbl")


@dataclass(frozen=True, slots=True)
class _Track:
    """Where the samples of a track lie.

    Attributes:
        is_video: Whether they are pictures.
        starts: Of each chunk in the file.
        sizes: Of each chunk in bytes.
    """

    is_video: bool
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]


def faults_of_film(path: Path) -> tuple[FileFault, ...]:
    """What is wrong with a film of the MP4 and MOV family; nothing for other files.

    Only its index is read, and a few bytes at places that are spread over it.

    `is_seen` of a fault says that its pictures are affected.

    Args:
        path: The film.

    Raises:
        OSError: If it cannot be read.
    """
    size = path.stat().st_size
    with open_regular(path) as file:

        def read(at: int, count: int) -> bytes:
            file.seek(at)
            return file.read(count)

        return _film_faults(read, size)


def _film_faults(read: ReadAt, size: int) -> tuple[FileFault, ...]:
    boxes = top_boxes(read, size)
    kinds = {box.kind for box in boxes}
    if not kinds & {b"ftyp", b"moov", b"mdat", b"wide"}:
        return ()
    moov = next((box for box in boxes if box.kind == b"moov"), None)
    last = boxes[-1]
    if moov is None:
        missing = last.end - size
        return (
            (cut("its index and pictures", missing, good="nothing without a tool that repairs films"),)
            if missing > 0
            else (
                damaged(
                    "it has no index: the camera did not finish writing it",
                    good="nothing without a tool that repairs films",
                ),
            )
        )
    faults = track_faults(read, size, moov, is_seen=True)
    if not faults and last.end > size and b"moof" in kinds:
        return (cut("its pictures", last.end - size),)
    return faults


def track_faults(read: ReadAt, size: int, moov: Box, *, is_seen: bool) -> tuple[FileFault, ...]:
    """What is wrong with the samples of a film's tracks.

    Args:
        read: Reads from the file.
        size: Of the file.
        moov: Its index.
        is_seen: See `FileFault`.
    """
    if moov.end > size:
        return (cut("its index", moov.end - size, good="nothing without a tool that repairs films", is_seen=is_seen),)
    if moov.end - moov.body > _MOST_INDEX_BYTES:
        return ()
    index = read(moov.body, moov.end - moov.body)
    try:
        tracks = list(_tracks(index))
    except BoxError as error:
        return (damaged(f"in its index {error}", is_seen=is_seen),)
    total = sum(int(track.sizes.sum()) for track in tracks)
    missing = sum(int(np.clip(track.starts + track.sizes - size, 0, track.sizes).sum()) for track in tracks)
    if missing:
        return (cut("its pictures and sound", missing, good=_first_part(1 - missing / max(1, total)), is_seen=is_seen),)
    for track in tracks:
        if track.is_video and len(track.starts):
            hole = _hole(read, track)
            if hole is not None:
                good = _first_part(int(track.sizes[:hole].sum()) / max(1, int(track.sizes.sum())))
                start = int(track.starts[hole])
                return (zeroed("its pictures", start, start + int(track.sizes[hole]), good=good, is_seen=is_seen),)
    return ()


def _first_part(share: float) -> str:
    return f"about the first {share * 100:.0f} % of the film" if share >= 0.02 else "nothing"


def _hole(read: ReadAt, track: _Track) -> int | None:
    """The first chunk, of some that are spread over the film, in which there is nothing but zeros."""
    count = len(track.starts)
    looks = sorted({*np.linspace(0, count - 1, min(count, _LOOKS)).round().astype(int).tolist()})
    for chunk in looks:
        size = int(track.sizes[chunk])
        part = min(size, _LOOK_BYTES)
        at = (
            int(track.starts[chunk]) + size - part
        )  # a picture is written from its beginning, so its end is missing first
        if part >= _SAMPLE_ZEROS and not any(read(at, part)[-_SAMPLE_ZEROS:]):
            return int(chunk)
    return None


def _tracks(index: bytes) -> Iterator[_Track]:
    def read(at: int, count: int) -> bytes:
        return index[at : at + count]

    for trak in child_boxes(read, 0, len(index)):
        if trak.kind != b"trak":
            continue
        tables: dict[bytes, Box] = {}
        waiting = [trak]
        while waiting:
            for box in child_boxes(read, waiting[0].body, waiting[0].end):
                if box.kind in _CONTAINERS:
                    waiting.append(box)
                else:
                    tables.setdefault(box.kind, box)
            waiting.pop(0)
        track = _track(index, tables)
        if track is not None:
            yield track


def _track(index: bytes, tables: dict[bytes, Box]) -> _Track | None:
    place = tables.get(b"stco") or tables.get(b"co64")
    size_table, runs = tables.get(b"stsz"), tables.get(b"stsc")
    if place is None or size_table is None or runs is None:
        return None
    starts = _numbers(index, place, place.body + 4, 8 if place.kind == b"co64" else 4)
    fields = Fields(index, size_table.body + 4, size_table.end)
    same, count = fields.number(4), fields.number(4)
    table = _numbers(index, runs, runs.body + 4, 4, columns=3).reshape(-1, 3)
    per_chunk = np.zeros(len(starts), np.int64)
    for first, samples, _ in table.tolist():
        per_chunk[max(0, first - 1) :] = samples
    ends = np.minimum(np.cumsum(per_chunk), count)
    begins = np.concatenate(([0], ends[:-1])) if len(ends) else ends
    if same:
        sizes = (ends - begins) * same
    else:
        sums = np.concatenate(([0], np.cumsum(_numbers(index, size_table, size_table.body + 8, 4))))
        sizes = sums[ends] - sums[begins]
    kind = tables.get(b"hdlr")
    is_video = kind is not None and index[kind.body + 8 : kind.body + 12] == b"vide"
    return _Track(is_video, starts, sizes)


def _numbers(index: bytes, box: Box, at: int, width: int, *, columns: int = 1) -> NDArray[np.int64]:
    """The numbers of a table, behind their count.

    Raises:
        BoxError: If the table ends too early.
    """
    count = Fields(index, at, box.end).number(4) * columns
    if at + 4 + count * width > box.end:
        raise BoxError("a table ends too early", box.start)
    return np.frombuffer(index, dtype=f">u{width}", count=count, offset=at + 4).astype(np.int64)
