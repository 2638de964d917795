"""The size and orientation of the picture in a photo's file, to which face regions in metadata refer."""

from __future__ import annotations

from pathlib import Path

from curation.domain.faces.regions import StoredPicture
from curation.errors import PhotoUnreadableError
from curation.photos.files.decoding import open_photo
from curation.photos.files.exif import sides_swapped
from curation.photos.files.formats import SNIFF_BYTES, PhotoFormat, sniff
from curation.photos.files.jpeg import read_jpeg_header
from curation.photos.files.photo_file import PhotoFile
from curation.photos.files.raw import read_raw_orientation
from curation.regular_files import open_regular

__all__ = ["format_of", "stored_picture"]


def format_of(path: Path) -> PhotoFormat | None:
    """The format of a photo by its content; None if it is not supported.

    Raises:
        PhotoUnreadableError: If it cannot be read.
    """
    try:
        with open_regular(path) as file:
            return sniff(file.read(SNIFF_BYTES), path.suffix[1:].lower())
    except OSError as error:
        raise PhotoUnreadableError(f"the file cannot be read: {error.strerror or error}") from error


def stored_picture(path: Path, *, max_megapixels: float) -> StoredPicture:
    """The stored size and orientation of a photo; boxes of face_data.csv refer to its `upright_size`.

    For a RAW file, this is the size of the picture that was analysed, its preview, and the orientation of its sensor.
    HEIC files are turned by their decoders, so the stored picture counts as upright.

    Args:
        path: Of the photo.
        max_megapixels: Larger photos are rejected, except JPEGs, of which only the header is read.

    Raises:
        PhotoUnreadableError: If its header cannot be read.
        PhotoTooLargeError: If it has more pixels than the limit.
    """
    kind = format_of(path)
    try:
        if kind is PhotoFormat.JPEG:
            with open_regular(path) as file:
                header = read_jpeg_header(file)
            return StoredPicture(header.width, header.height, header.facts.orientation or 1)
        photo = open_photo(path, max_megapixels=max_megapixels)
        orientation = read_raw_orientation(PhotoFile(path)) if kind is PhotoFormat.RAW else photo.orientation
    except OSError as error:
        raise PhotoUnreadableError(f"the file cannot be read: {error.strerror or error}") from error
    size = (photo.height, photo.width) if sides_swapped(orientation) else (photo.width, photo.height)
    return StoredPicture(*size, orientation)
