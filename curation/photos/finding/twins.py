"""The files of one photo: reads what tells whether a RAW file and a picture, or a photo and a film, belong together.

Headers are read of files whose names propose that they belong together; the pictures themselves are opened only where
the headers leave it open. What was learned is kept by the stamps of the files, see `ShotMemory`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from curation.decoders import decoded
from curation.domain.files.moving_parts import MOVING_PART_S, is_moving_part
from curation.domain.files.pairing import NO_SHOT, Pair, Pairs, ShotFacts, ShotFile, is_one_shot, pairs_of, proposed
from curation.domain.files.shot_memory import MovieFacts, ShotMemory, Stamp
from curation.errors import PhotoError
from curation.photos.files.formats import JPEG_LIKE_EXTENSIONS, RAW_EXTENSIONS
from curation.photos.finding.movies import has_content_id, movie_facts
from curation.regular_files import open_regular

__all__ = ["FilesOfEvent", "FolderFiles", "StampedFile", "TwinFinder", "same_shot", "shot_facts"]

_SEEN_PX = 256
_SHOT_TIMES = frozenset({"EXIF DateTimeOriginal", "XMP exif:DateTimeOriginal", "XMP photoshop:DateCreated"})
# Others are times of a change or of a copy, or in another time zone.
_MAX_MEGAPIXELS = 1000.0  # JPEGs are decoded at an eighth, of RAW files the preview


class StampedFile(Protocol):
    """A file of an event; `curation.photos.files.listing.PhotoFile` is one."""

    @property
    def image_path(self) -> str:
        """POSIX path relative to the input folder."""

    @property
    def path(self) -> Path:
        """Opens the file."""

    @property
    def size_bytes(self) -> int:
        """Of the file."""

    @property
    def mtime_ns(self) -> int:
        """When its content was last changed, in nanoseconds since 1970."""


class FilesOfEvent(Protocol):
    """Reads the files of an event."""

    @property
    def threads(self) -> int:
        """How many files are read at once."""

    def opened(self, file: StampedFile) -> AbstractContextManager[BinaryIO]:
        """The content of a file; raises OSError if it cannot be read."""

    def grey(self, file: StampedFile) -> NDArray[np.uint8] | None:
        """The picture as `curation.photos.finding.likeness` compares it; None if it cannot be seen."""

    def holds(self, file: StampedFile, content_id: str) -> bool:
        """Whether a photo holds the id of a film, see `has_content_id`; False if that costs too much."""


class FolderFiles:
    """Reads the files of a folder."""

    threads = 1

    def opened(self, file: StampedFile) -> AbstractContextManager[BinaryIO]:
        """See `FilesOfEvent.opened`."""
        return open_regular(file.path)

    def grey(self, file: StampedFile) -> NDArray[np.uint8] | None:
        """See `FilesOfEvent.grey`."""
        return _seen(file.path, f"{file.path}:{file.size_bytes}:{file.mtime_ns}")

    def holds(self, file: StampedFile, content_id: str) -> bool:
        """See `FilesOfEvent.holds`."""
        return has_content_id(file.path, content_id)


def same_shot(raw: Path, photo: Path) -> bool | None:
    """Whether a RAW file and a picture of one name are one shot; None if it cannot be told."""

    def seen() -> float | None:
        from curation.photos.finding.likeness import likeness

        other = _seen(photo)
        whole = None if other is None else _seen(raw)
        return None if whole is None or other is None else likeness(whole, other)

    return is_one_shot(shot_facts(raw), shot_facts(photo), seen, is_beside=True, is_named_alike=True)


def shot_facts(path: Path) -> ShotFacts:
    """What a file says of its shot; nothing if it cannot be read."""
    try:
        with open_regular(path) as file:
            return _facts(file)
    except OSError:
        return NO_SHOT


def _facts(file: BinaryIO) -> ShotFacts:
    from curation.photos.taken.camera_facts import read_clock
    from curation.photos.taken.times import read_taken

    try:
        taken = read_taken(file)
        file.seek(0)
        camera, _, serial = read_clock(file).partition(" #")
    except (struct.error, ValueError, OverflowError):
        return NO_SHOT
    time = taken.time if taken is not None and taken.place in _SHOT_TIMES else None
    return ShotFacts(time, camera, serial.lstrip("0"))


def _seen(path: Path, about: str = "") -> NDArray[np.uint8] | None:
    try:
        return decoded(_grey, path, about=about, patient=True)
    except PhotoError:
        return None


def _grey(path: Path) -> NDArray[np.uint8] | None:
    from curation.photos.files.decoding import open_photo
    from curation.photos.finding.likeness import grey_picture

    try:
        return grey_picture(open_photo(path, max_megapixels=_MAX_MEGAPIXELS).reduced(_SEEN_PX).array)
    except PhotoError:
        return None


def _nothing(_: str) -> None: ...


class TwinFinder:
    """Finds pairs among the files of an event, with a memory. For one thread at a time.

    Attributes:
        memory: What is known of the files of the last search, and of no others.
        step: Is told before each file is looked at which one.
    """

    def __init__(self, memory: ShotMemory | None = None, files: FilesOfEvent | None = None) -> None:
        """Begin with what is known.

        Args:
            memory: Of earlier searches; not changed.
            files: Reads files; None reads those of a folder.
        """
        self._before = memory or ShotMemory()
        self._files: FilesOfEvent = files or FolderFiles()
        self.memory = ShotMemory(lost=dict(self._before.lost))
        self.step: Callable[[str], None] = _nothing

    def pairs(self, photos: Sequence[StampedFile]) -> Pairs:
        """The pairs among photos, by their rows; only RAW files and what cameras write beside them take part."""
        rows = [row for row, photo in enumerate(photos) if _extension(photo) in RAW_EXTENSIONS | JPEG_LIKE_EXTENSIONS]
        if not any(_extension(photos[row]) in RAW_EXTENSIONS for row in rows):
            return Pairs((), (), ())
        rows.sort(key=lambda row: photos[row].image_path)
        files = [_shot_file(photos[row]) for row in rows]
        if self._files.threads > 1:
            self._read_ahead([photos[rows[number]] for group in proposed(files) for number in group])
        found = pairs_of(files, _Evidence(self, [photos[row] for row in rows]))
        return Pairs(*(tuple(Pair(rows[one.raw], rows[one.photo]) for one in pairs) for pairs in found))

    def photo_of(self, film: StampedFile, photos: Sequence[StampedFile]) -> StampedFile | None:
        """The photo whose moving part a film is, of those of its name; None if it is a film of its own."""
        self.step(film.image_path)
        stamp = _stamp(film)
        known = self.memory.movies.get(film.image_path) or self._before.movies.get(film.image_path)
        if known is None or known[0] != stamp:
            known = stamp, self._read_film(film)
        self.memory.movies[film.image_path] = known
        facts = known[1]
        for photo in photos:
            if is_moving_part(facts, film.size_bytes, self.facts(photo).time):
                return photo
            is_short = facts.duration_s is not None and facts.duration_s <= MOVING_PART_S
            if is_short and facts.content_id and self._files.holds(photo, facts.content_id):
                return photo
        return None

    def facts(self, file: StampedFile) -> ShotFacts:
        """What a file says of its shot."""
        self.step(file.image_path)
        stamp = _stamp(file)
        known = self.memory.facts.get(file.image_path) or self._before.facts.get(file.image_path)
        if known is None or known[0] != stamp:
            known = stamp, self._read(file)
        self.memory.facts[file.image_path] = known
        return known[1]

    def likeness(self, raw: StampedFile, photo: StampedFile) -> float | None:
        """How alike two files look; None if one of them cannot be seen."""
        self.step(raw.image_path)
        key, stamps = (raw.image_path, photo.image_path), (_stamp(raw), _stamp(photo))
        known = self.memory.looks.get(key) or self._before.looks.get(key)
        if known is None or known[:2] != stamps:
            known = (*stamps, self._seen(raw, photo))
        self.memory.looks[key] = known
        return known[2]

    def is_lost(self, file: StampedFile) -> bool:
        """Whether a file is empty, or could not be read by the last run."""
        return not file.size_bytes or self._before.lost.get(file.image_path) == _stamp(file)

    def _read_ahead(self, files: Sequence[StampedFile]) -> None:
        with ThreadPoolExecutor(self._files.threads, thread_name_prefix="headers") as pool:
            list(pool.map(self.facts, files))

    def _read_film(self, film: StampedFile) -> MovieFacts:
        try:
            with self._files.opened(film) as opened:
                return movie_facts(opened)
        except OSError:
            return MovieFacts()

    def _read(self, file: StampedFile) -> ShotFacts:
        if not file.size_bytes:
            return NO_SHOT
        try:
            with self._files.opened(file) as opened:
                return _facts(opened)
        except OSError:
            return NO_SHOT

    def _seen(self, raw: StampedFile, photo: StampedFile) -> float | None:
        from curation.photos.finding.likeness import likeness

        other = self._files.grey(photo)
        whole = None if other is None else self._files.grey(raw)
        return None if whole is None or other is None else likeness(whole, other)


class _Evidence:
    """Implements `curation.domain.files.pairing.ShotEvidence` for some files."""

    def __init__(self, finder: TwinFinder, files: Sequence[StampedFile]) -> None:
        self._finder = finder
        self._files = files

    def facts(self, number: int) -> ShotFacts:
        return self._finder.facts(self._files[number])

    def likeness(self, raw: int, photo: int) -> float | None:
        return self._finder.likeness(self._files[raw], self._files[photo])

    def is_lost(self, number: int) -> bool:
        return self._finder.is_lost(self._files[number])


def _stamp(file: StampedFile) -> Stamp:
    return Stamp(file.size_bytes, file.mtime_ns)


def _extension(file: StampedFile) -> str:
    stem, dot, extension = file.image_path.rpartition("/")[2].rpartition(".")
    return extension.lower() if dot and stem else ""


def _shot_file(file: StampedFile) -> ShotFile:
    folder, _, name = file.image_path.rpartition("/")
    return ShotFile(folder, name.rpartition(".")[0], _extension(file) in RAW_EXTENSIONS)
