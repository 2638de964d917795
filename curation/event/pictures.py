"""JPEGs of the event's photos and faces for the browser: looked up by id, made once and cached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from curation.decoders import decoded
from curation.errors import FaceNotFoundError, PhotoGoneError, PhotoNotFoundError
from curation.event.analysis_lookup import AnalysisLookup
from curation.event.catalog import Catalog
from curation.event.one_photo.tiles import EventTiles
from curation.photos.looks.pictures import PICTURES_VERSION, PictureSize, face_picture, photo_picture
from curation.pipelines.originals import originals_of
from curation.settings import Settings
from curation.storage.file_stamps import FileStamp, content_name
from curation.storage.picture_cache import PictureCache, picture_key

__all__ = ["PICTURES_DIR", "EventPictures", "Picture"]

_PRESIGNED_S = 600
_SHOWN_AS_THEY_ARE = frozenset({".jpg", ".jpeg", ".png", ".webp"})

PICTURES_DIR = "pictures"
"""The folder of cached pictures in `io.state_dir`."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A requested picture.

    Attributes:
        key: Cache key; it changes when the photo's file changes.
        content: The picture, a JPEG; None if it is not cached.
        make: Makes it from the photo; call it through `EventPictures.made`.
    """

    key: str
    content: bytes | None
    make: Callable[[], bytes]


class EventPictures:
    """Pictures of photos and faces by id; no request names a file. Thread-safe.

    Attributes:
        tiles: Photos in parts of their full size.
    """

    def __init__(self, settings: Settings, catalog: Catalog, analyses: AnalysisLookup) -> None:
        """Remember the settings and parts; nothing is made yet."""
        self.settings = settings
        self._catalog = catalog
        self._originals = originals_of(settings)
        self._input_dir = settings.io.input_dir
        self._presigning = _presigning(settings) if settings.service.presigned_pictures else None
        self._analyses = analyses
        self._max_megapixels = settings.io.max_photo_megapixels
        self._face_px = settings.clustering.thumbnail_px
        self._cache = PictureCache(
            settings.event_dir / PICTURES_DIR, max_bytes=settings.service.picture_cache_mb * 10**6
        )
        self.tiles = EventTiles(
            catalog,
            analyses,
            self._originals,
            self._cache,
            max_megapixels=self._max_megapixels,
            memory_bytes=settings.service.decoded_photos_mb * 10**6,
        )

    @property
    def made_count(self) -> int:
        """Number of pictures made since the start."""
        return self._cache.made_count

    def made(self, picture: Picture) -> bytes:
        """The picture's content, made now and cached; simultaneous requests for the same picture make it once.

        Raises:
            PhotoError: If the photo cannot be decoded.
        """
        return self._cache.made(picture.key, picture.make)

    def photo(self, photo_id: str, size: PictureSize) -> Picture:
        """The picture of a photo, upright.

        Raises:
            PhotoNotFoundError: If there is no such photo.
            PhotoGoneError: If its file is gone.
            StorageError: If a file cannot be read.
        """
        known = self._catalog.photos_by_id().get(photo_id)
        if known is None:
            raise PhotoNotFoundError(f"there is no photo {photo_id}")
        return self._of_photo(known.image_path, size)

    def thumbnail(self, image_path: str) -> Picture:
        """A small picture of a photo by its path, whether it was looked through or not.

        Raises:
            PhotoGoneError: If it is gone.
            StorageError: If the file cannot be read.
        """
        return self._of_photo(image_path, PictureSize.THUMBNAIL)

    def _of_photo(self, image_path: str, size: PictureSize) -> Picture:
        stamp = self._stamp(image_path)
        key = picture_key(stamp, PICTURES_VERSION, size, self._max_megapixels)
        make = self._at_hand(stamp, partial(photo_picture, size=size, max_megapixels=self._max_megapixels))
        return Picture(key, self._cache.get(key), make)

    def address(self, photo_id: str, size: PictureSize) -> str | None:
        """An address of object storage at which a browser gets a photo itself, for some minutes.

        Only in full size, for formats that every browser shows as it is, and with `service.presigned_pictures`.

        Returns:
            None where the picture is to be made here.

        Raises:
            PhotoNotFoundError: If there is no such photo.
            PhotoGoneError: If it is gone.
            StorageError: If a file cannot be read.
        """
        if self._presigning is None or size is not PictureSize.FULL:
            return None
        known = self._catalog.photos_by_id().get(photo_id)
        if known is None:
            raise PhotoNotFoundError(f"there is no photo {photo_id}")
        stamp = self._stamp(known.image_path)
        if stamp.path.suffix.lower() not in _SHOWN_AS_THEY_ARE:
            return None
        return self._presigning(stamp.path)

    @property
    def origin(self) -> str:
        """Where such addresses lead: scheme, host and port; empty if pictures are made here."""
        address = None if self._presigning is None else self._presigning(self._input_dir / "picture.jpg")
        parts = urlsplit(address or "")
        return f"{parts.scheme}://{parts.netloc}" if address else ""

    def face(self, face_id: str) -> Picture:
        """The picture of a face with some of its surroundings.

        Raises:
            FaceNotFoundError: If there is no such face.
            PhotoGoneError: If its photo is gone.
            StorageError: If a file cannot be read.
        """
        face = self._catalog.face_as_found(face_id)
        if face is None:
            raise FaceNotFoundError(f"there is no face {face_id}")
        stamp = self._stamp(face.row.image_path)
        box = face.row.facial_area
        chip = self._analyses.chip(face, stamp)
        how = "cut" if chip is None else "chip"  # the two pictures may differ in a few pixels
        key = picture_key(stamp, PICTURES_VERSION, how, *box, self._face_px)
        cut = partial(face_picture, box=box, long_side_px=self._face_px, max_megapixels=self._max_megapixels)
        make = self._at_hand(stamp, cut)
        return Picture(key, self._cache.get(key) if chip is None else chip, make)

    def _at_hand(self, stamp: FileStamp, make: Callable[[Path], bytes]) -> Callable[[], bytes]:
        """Make a picture of a photo, wherever that lies."""

        def made() -> bytes:
            with self._originals.at_hand(stamp.path) as opened:
                return decoded(make, opened, about=content_name(stamp))

        return made

    def _stamp(self, image_path: str) -> FileStamp:
        stamp = self._analyses.stamp(image_path)
        if stamp is None:
            raise PhotoGoneError(f"the photo {image_path} is gone: put it back, or run the clustering again")
        return stamp


def _presigning(settings: Settings) -> Callable[[Path], str | None] | None:
    """Makes addresses of photos; None where they lie in a folder."""
    if not settings.input_address:
        return None
    from curation.storage.objects.file_names import key_of
    from curation.storage.objects.opening import open_store

    store = open_store(settings.input_address, timeout_s=settings.io.object_timeout_s)
    root = settings.io.input_dir
    return lambda path: store.presigned(key_of(path.relative_to(root).as_posix()), expires_s=_PRESIGNED_S)
