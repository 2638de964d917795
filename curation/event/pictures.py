"""Pictures of the event's photos and faces: looked up by ids, made once and kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from curation.errors import FaceNotFoundError, PhotoGoneError, PhotoNotFoundError
from curation.event.analysis_lookup import AnalysisLookup
from curation.event.catalog import Catalog
from curation.photos.looks.pictures import PICTURES_VERSION, PictureSize, face_picture, photo_picture
from curation.settings import Settings
from curation.storage.file_stamps import FileStamp
from curation.storage.picture_cache import PictureCache, picture_key

__all__ = ["PICTURES_DIR", "EventPictures", "Picture"]

PICTURES_DIR = "pictures"
"""The folder of the kept pictures in `io.state_dir`."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was asked for.

    Attributes:
        key: Names its content; another one if the photo's file changes.
        content: The picture, a JPEG, if it was made already.
        make: Makes it from the photo; to be called through `EventPictures.made`.
    """

    key: str
    content: bytes | None
    make: Callable[[], bytes]


class EventPictures:
    """Pictures of photos and faces. Ids are looked up in the catalogue, no request names a file. For any thread."""

    def __init__(self, settings: Settings, catalog: Catalog, kept: AnalysisLookup) -> None:
        """Note where things are; nothing is made yet."""
        self._catalog = catalog
        self._kept = kept
        self._max_megapixels = settings.io.max_photo_megapixels
        self._face_px = settings.clustering.thumbnail_px
        self._cache = PictureCache(
            settings.io.state_dir / PICTURES_DIR, max_bytes=settings.service.picture_cache_mb * 10**6
        )

    @property
    def made_count(self) -> int:
        """How many pictures were made since the start."""
        return self._cache.made_count

    def made(self, picture: Picture) -> bytes:
        """The picture's content, made now and kept; whoever asks for the same meanwhile waits for it.

        Raises:
            PhotoError: If the photo cannot be decoded.
        """
        return self._cache.made(picture.key, picture.make)

    def photo(self, photo_id: str, size: PictureSize) -> Picture:
        """A photo, upright.

        Raises:
            PhotoNotFoundError: If there is no such photo.
            PhotoGoneError: If its file is gone.
            StorageError: If a file cannot be read.
        """
        known = self._catalog.photos_by_id().get(photo_id)
        if known is None:
            raise PhotoNotFoundError(f"there is no photo {photo_id}")
        stamp = self._stamp(known.image_path)
        key = picture_key(stamp, PICTURES_VERSION, size, self._max_megapixels)
        make = partial(photo_picture, stamp.path, size, max_megapixels=self._max_megapixels)
        return Picture(key, self._cache.get(key), make)

    def face(self, face_id: str) -> Picture:
        """A face with some of its surroundings.

        Raises:
            FaceNotFoundError: If there is no such face.
            PhotoGoneError: If its photo is gone.
            StorageError: If a file cannot be read.
        """
        face = self._catalog.face(face_id)
        if face is None:
            raise FaceNotFoundError(f"there is no face {face_id}")
        stamp = self._stamp(face.row.image_path)
        box = face.row.facial_area
        chip = self._kept.chip(face, stamp)
        how = "cut" if chip is None else "chip"  # two pictures that may differ in a few pixels
        key = picture_key(stamp, PICTURES_VERSION, how, *box, self._face_px)
        make = partial(face_picture, stamp.path, box, long_side_px=self._face_px, max_megapixels=self._max_megapixels)
        return Picture(key, self._cache.get(key) if chip is None else chip, make)

    def _stamp(self, image_path: str) -> FileStamp:
        stamp = self._kept.stamp(image_path)
        if stamp is None:
            raise PhotoGoneError(f"the photo {image_path} is gone: put it back, or run the clustering again")
        return stamp
