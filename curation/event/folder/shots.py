"""The photos of the folder in order of time, before anything was looked through."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from curation.decoders import decoded
from curation.domain.faces.ids import photo_id
from curation.errors import PhotoError, PhotosMissingError
from curation.photos.files.decoding import open_photo
from curation.photos.files.formats import JPEG_LIKE_EXTENSIONS
from curation.photos.files.listing import Listing, PhotoFile
from curation.settings import Settings

__all__ = ["FolderShots", "Shot"]

_LISTED_S = 5.0
"""For so long a listing counts, so that the pages of one list do not each search a slow disk."""
_MOST_HEADERS = 3000
"""Of more photos the time of the file counts: opening them all would take too long."""
_NO_YEAR = datetime(9999, 1, 1)


@dataclass(frozen=True, slots=True)
class Shot:
    """A photo of the folder.

    Attributes:
        photo_id: As everywhere, see `photo_id`.
        image_path: Its path in the folder.
        taken: When it was taken, in the camera's local time; the time of its file where the camera says nothing.
    """

    photo_id: str
    image_path: str
    taken: datetime


class FolderShots:
    """The photos of the folder by time. Thread-safe."""

    def __init__(self, settings: Settings, list_photos: Callable[[], Listing]) -> None:
        """Remember the settings, and what lists the event's photos as a run would; nothing is read yet."""
        self._settings = settings
        self._list_photos = list_photos
        self._guard = threading.Lock()
        self._taken: dict[tuple[str, int, int], datetime] = {}
        self._listed: tuple[float, tuple[Shot, ...]] = (float("-inf"), ())

    def all(self) -> tuple[Shot, ...]:
        """All photos, the earliest first; empty if there is none or no folder.

        Raises:
            StorageError: If the folder cannot be searched.
        """
        with self._guard:
            at_s, shots = self._listed
            if time.monotonic() - at_s < _LISTED_S:
                return shots
            try:
                photos = self._list_photos().photos
            except PhotosMissingError:
                photos = ()
            opens = len(photos) <= _MOST_HEADERS and not self._settings.input_address
            known = self._taken
            self._taken = {
                (photo.image_path, photo.size_bytes, photo.mtime_ns): self._time_of(photo, known, opens=opens)
                for photo in photos
            }
            shots = tuple(
                sorted(
                    (Shot(photo_id(path), path, taken) for (path, _, _), taken in self._taken.items()),
                    key=lambda shot: (shot.taken, shot.image_path),
                )
            )
            self._listed = (time.monotonic(), shots)
            return shots

    def path_of(self, photo: str) -> str | None:
        """The path of a photo of the folder by its id; None if there is no such photo. Raises what `all` raises."""
        return next((shot.image_path for shot in self.all() if shot.photo_id == photo), None)

    def _time_of(self, photo: PhotoFile, known: Mapping[tuple[str, int, int], datetime], *, opens: bool) -> datetime:
        taken = known.get((photo.image_path, photo.size_bytes, photo.mtime_ns))
        if taken is not None:
            return taken
        if opens and photo.path.suffix.lower().lstrip(".") in JPEG_LIKE_EXTENSIONS:
            header = partial(_time_in, max_megapixels=self._settings.io.max_photo_megapixels)
            try:
                taken = decoded(header, photo.path, patient=True)
            except PhotoError:
                taken = None  # the run says what is wrong with it
        # Cameras and card readers keep the time of the shot as that of the file.
        return taken or _time_of_file(photo.mtime_ns)


def _time_of_file(mtime_ns: int) -> datetime:
    try:
        return datetime.fromtimestamp(mtime_ns / 1e9, UTC).astimezone().replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):  # a disk whose clock ran wild: no calendar has this year
        return _NO_YEAR


def _time_in(path: Path, *, max_megapixels: float) -> datetime | None:
    return open_photo(path, max_megapixels=max_megapixels).capture_time
