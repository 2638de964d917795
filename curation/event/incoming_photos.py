"""Uploads: photos sent to the service, checked and stored in the folder of photos without overwriting any file."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import threading
import unicodedata
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

from curation.decoders import decoded, decoders_here
from curation.disk.file_modes import hand_out, new_folder_mode
from curation.disk.temporaries import OwnFile, sweep_left
from curation.errors import NameTakenError, NotAPhotoError, PhotoPresentError, UploadTooLargeError
from curation.event.incoming_names import kept_names, of_one_name
from curation.event.photo_places import PhotoPlace, disk_faults
from curation.photos.files.decoding import open_photo
from curation.photos.files.formats import PHOTO_EXTENSIONS, SUPPORTED_FORMATS
from curation.turns import Turns

__all__ = ["IncomingPhoto", "photo_name", "remove_abandoned_uploads"]

_MARK = ".curation-upload."
_CHECK_PX = 1024
_LONGEST_STEM_BYTES = 150
_MOST_OF_ONE_NAME = 9999
_NOT_IN_NAMES = re.compile(r'[<>:"|?*\\/\x00-\x1f\x7f-\x9f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
# Decoding a photo takes much memory.
_DECODING = threading.BoundedSemaphore(2)
_NAMING = Turns()


def photo_name(sent: str) -> str:
    """A safe file name from the name that a client sends: no folder, not hidden, valid on every system.

    Args:
        sent: The name that the client sent; any text.

    Raises:
        NotAPhotoError: If it has no extension of a photo.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", sent))[-1]
    # Lone surrogates cannot be encoded in UTF-8, as the photo's id needs.
    text = _NOT_IN_NAMES.sub("_", last.encode("utf-8", "replace").decode())
    stem, dot, extension = text.strip(" .").rpartition(".")
    if not dot or extension.lower() not in PHOTO_EXTENSIONS:
        raise NotAPhotoError(f"the name has no extension of a photo; possible: {SUPPORTED_FORMATS}")
    stem = stem.strip(" .").encode()[:_LONGEST_STEM_BYTES].decode("utf-8", "ignore").rstrip(" .") or "photo"
    if _RESERVED.fullmatch(stem.partition(".")[0]):
        stem = f"_{stem}"
    return f"{stem}.{extension}"


class IncomingPhoto:
    """A photo that is being received, in a hidden temporary file. Close it when done.

    Not thread-safe.
    """

    def __init__(self, place: PhotoPlace, sent: str, *, max_bytes: float) -> None:
        """Start to receive a photo.

        Args:
            place: Where it goes; its folder is created if it is missing.
            sent: The file name that the client sent.
            max_bytes: Maximum size of the photo in bytes.

        Raises:
            NotAPhotoError: If the name has no extension of a photo.
            StorageError: If the file cannot be created.
        """
        self.name = photo_name(sent)
        self._place = place
        self._folder = place.folder
        self._max_bytes = max_bytes
        self._size = 0
        self._hash = hashlib.sha256()
        extension = self.name.rpartition(".")[2]
        with disk_faults(self._folder):
            self._folder.mkdir(new_folder_mode(), parents=True, exist_ok=True)
            # Held until the photo has its name, so that no other process takes it for a left-over.
            self._own = OwnFile(lambda: self._folder / f".{secrets.token_hex(16)}{_MARK}{extension}")
        self._path = self._own.path
        self._file: BinaryIO | None = self._own.file

    def write(self, data: bytes) -> None:
        """Append some bytes.

        Raises:
            UploadTooLargeError: If the photo becomes larger than `max_bytes`.
            StorageError: If they cannot be written.
        """
        self._size += len(data)
        if self._size > self._max_bytes:
            raise UploadTooLargeError(
                f"a photo may have at most {self._max_bytes / 1e6:g} MB (service.upload_photo_mb)"
            )
        if self._file is None:
            raise ValueError("the photo is complete already")
        self._hash.update(data)
        with disk_faults(self._folder):
            self._file.write(data)

    def store(self, *, max_megapixels: float) -> str:
        """Check that the photo can be decoded, and store it under its name, with a number if the name is taken.

        Files of one shot get the same number, and a file of another shot gets one of its own, see `kept_names`.

        Args:
            max_megapixels: As `io.max_photo_megapixels`.

        Returns:
            The name of the file in the folder of photos.

        Raises:
            PhotoError: If it cannot be decoded.
            DecodersBusyError: If too many other pictures are being decoded.
            PhotoPresentError: If the folder has the same photo already.
            NameTakenError: If too many photos have its name.
            StorageError: If it cannot be written.
        """
        if self._file is None:
            raise ValueError("the photo is complete already")
        with disk_faults(self._folder):
            file, self._file = self._file, None
            file.flush()
            hand_out(file.fileno())  # it becomes one of the user's own photos
            os.fsync(file.fileno())
        check = partial(_check, max_megapixels=max_megapixels)
        if decoders_here() is None:
            with _DECODING:
                check(self._path)
        else:
            decoded(check, self._path, about=self._hash.hexdigest())
        # Two files of one shot that come at the same time have to see each other.
        with _NAMING.of(str(self._folder)):
            present = self._place.names_like(self.name)
            self._demand_new(of_one_name(self.name, present))
            for name in kept_names(self._path, self.name, present, self._place.at_hand, _MOST_OF_ONE_NAME):
                if self._place.put(self._path, name):
                    return name
                self._demand_new([name])  # it came from elsewhere in this moment
        raise NameTakenError("too many photos have this name; give it another one")

    def _demand_new(self, names: Iterable[str]) -> None:
        for name in names:
            if self._place.has(name, size_bytes=self._size, sha256=self._hash.hexdigest()):
                raise PhotoPresentError(f"the folder has this photo already, as {name}", stored_as=name)

    def close(self) -> None:
        """Remove the temporary file, unless the photo was stored."""
        self._own.close()


def _check(path: Path, *, max_megapixels: float) -> None:
    open_photo(path, max_megapixels=max_megapixels).reduced(_CHECK_PX)


def remove_abandoned_uploads(input_dir: Path) -> None:
    """Remove the temporary files of uploads whose process has ended."""
    with suppress(OSError):
        deque(sweep_left(input_dir, f".*{_MARK}*"), maxlen=0)
