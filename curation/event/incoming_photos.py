"""Photos that are sent to the service: into the folder of photos, whole and decodable, over nothing that is there."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import threading
import unicodedata
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from curation.errors import NameTakenError, NotAPhotoError, PhotoError, PhotoPresentError, UploadTooLargeError
from curation.photos.files.content import content_sha256
from curation.photos.files.decoding import open_photo
from curation.photos.files.formats import PHOTO_EXTENSIONS, SUPPORTED_FORMATS
from curation.storage.atomic import explained, is_process

__all__ = ["IncomingPhoto", "photo_name", "sweep_incoming"]

_MARK = ".curation-upload."
_CHECK_PX = 1024
_LONGEST_STEM_BYTES = 150
_MOST_OF_ONE_NAME = 9999
_NOT_IN_NAMES = re.compile(r'[<>:"|?*\\/\x00-\x1f\x7f-\x9f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES})
# A picture takes much memory while it is decoded.
_DECODING = threading.BoundedSemaphore(2)


def photo_name(sent: str) -> str:
    """A name for a file, of what a client calls it: no folder, nothing hidden, valid on every system.

    Args:
        sent: Anything.

    Raises:
        NotAPhotoError: If it is not the name of a photo.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", sent))[-1]
    # What is no text in UTF-8 could not be a part of an id.
    text = _NOT_IN_NAMES.sub("_", last.encode("utf-8", "replace").decode())
    stem, dot, extension = text.strip(" .").rpartition(".")
    if not dot or extension.lower() not in PHOTO_EXTENSIONS:
        raise NotAPhotoError(f"the name has no ending of a photo; possible: {SUPPORTED_FORMATS}")
    stem = stem.strip(" .").encode()[:_LONGEST_STEM_BYTES].decode("utf-8", "ignore").rstrip(" .") or "photo"
    if _RESERVED.fullmatch(stem.partition(".")[0]):
        stem = f"_{stem}"
    return f"{stem}.{extension}"


class IncomingPhoto:
    """A photo that is being received, in a hidden file beside its place; use it as a context.

    No method is meant for two threads at a time.
    """

    def __init__(self, input_dir: Path, sent: str, *, max_bytes: float) -> None:
        """Begin to receive a photo.

        Args:
            input_dir: The folder of photos; made if it is missing.
            sent: What the client calls the file.
            max_bytes: It may have at most so many.

        Raises:
            NotAPhotoError: If the name is not that of a photo.
            StorageError: If the file cannot be made.
        """
        self.name = photo_name(sent)
        self._folder = input_dir
        self._max_bytes = max_bytes
        self._size = 0
        self._hash = hashlib.sha256()
        extension = self.name.rpartition(".")[2]
        self._path = input_dir / f".{uuid.uuid4().hex}.{os.getpid()}{_MARK}{extension}"
        with _disk_faults(input_dir):
            input_dir.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO | None = self._path.open("xb")

    def write(self, data: bytes) -> None:
        """Take some bytes.

        Raises:
            UploadTooLargeError: If they are too many.
            StorageError: If the disk does not take them.
        """
        self._size += len(data)
        if self._size > self._max_bytes:
            raise UploadTooLargeError(
                f"a photo may have at most {self._max_bytes / 1e6:g} MB (service.upload_photo_mb)"
            )
        if self._file is None:
            raise ValueError("the photo is complete already")
        self._hash.update(data)
        with _disk_faults(self._folder):
            self._file.write(data)

    def keep(self, *, max_megapixels: float) -> str:
        """See that it is a photo that can be decoded, and give it its place.

        Args:
            max_megapixels: As `io.max_photo_megapixels`.

        Returns:
            The name of the file in the folder of photos.

        Raises:
            PhotoError: If it cannot be decoded.
            PhotoPresentError: If the folder has the same photo already.
            NameTakenError: If too many photos have its name.
            StorageError: If the disk does not take it.
        """
        if self._file is None:
            raise ValueError("the photo is complete already")
        with _disk_faults(self._folder), self._file as file:
            self._file = None
            file.flush()
            os.fsync(file.fileno())
        with _DECODING:
            open_photo(self._path, max_megapixels=max_megapixels).reduced(_CHECK_PX)
        stem, _, extension = self.name.rpartition(".")
        for number in range(1, _MOST_OF_ONE_NAME):
            place = self._folder / (self.name if number == 1 else f"{stem} ({number}).{extension}")
            with _disk_faults(self._folder):
                is_kept = _put(self._path, place)
            if is_kept:
                return place.name
            if self._is_same(place):
                raise PhotoPresentError(f"the folder has this photo already, as {place.name}", kept_as=place.name)
        raise NameTakenError("too many photos have this name; give it another one")

    def close(self) -> None:
        """Remove what was received, unless it was kept."""
        with suppress(OSError):
            if self._file is not None:
                self._file.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _is_same(self, other: Path) -> bool:
        try:
            return other.stat().st_size == self._size and content_sha256(other) == self._hash.hexdigest()
        except (OSError, PhotoError):
            return False


def sweep_incoming(input_dir: Path) -> None:
    """Remove what processes that died left half received."""
    with suppress(OSError):
        for path in input_dir.glob(f".*{_MARK}*"):
            owner = path.name.partition(_MARK)[0].rpartition(".")[2]
            if not (owner.isdecimal() and is_process(int(owner))):
                path.unlink(missing_ok=True)


@contextmanager
def _disk_faults(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise explained(error, path, "written") from error


def _put(source: Path, place: Path) -> bool:
    """Give a file its place unless something is there; nothing is ever written over.

    Raises:
        OSError: If it cannot be done.
    """
    try:
        place.hardlink_to(source)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
    else:
        source.unlink()
        return True
    # The disks of cameras know no links: the place is taken first, and then filled at one blow.
    try:
        place.touch(exist_ok=False)
    except FileExistsError:
        return False
    source.replace(place)
    return True
