"""Photos as one ZIP file that is made while it is sent, so that no second copy lies on the disk."""

from __future__ import annotations

import io
import logging
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from curation.domain.choosing.export import free_name, name_key, portable_name
from curation.errors import CurationError
from curation.photos.files.listing import photo_path
from curation.pipelines.originals import originals_of
from curation.settings import Settings

__all__ = ["zip_of"]

logger = logging.getLogger(__name__)

_CHUNK_BYTES = 2**20


class _Sent(io.RawIOBase):
    """Takes what the archive writes, until it is sent."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def zip_of(settings: Settings, image_paths: Sequence[str]) -> Iterator[bytes]:
    """The photos as they are, in parts of a ZIP file; a photo that cannot be read is left out.

    Args:
        settings: Of the event.
        image_paths: Of the photos.
    """
    originals, sent, taken = originals_of(settings), _Sent(), set[str]()
    with zipfile.ZipFile(sent, "w", zipfile.ZIP_STORED) as archive:
        for image_path in image_paths:
            name = free_name(portable_name(PurePosixPath(image_path).name), taken)
            taken.add(name_key(name))
            try:
                with originals.at_hand(photo_path(settings.io.input_dir, image_path)) as path, path.open("rb") as file:
                    entry = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
                    with archive.open(entry, "w") as target:
                        while chunk := file.read(_CHUNK_BYTES):
                            target.write(chunk)
                            yield sent.taken()
            except (CurationError, OSError) as error:
                logger.warning("%s is missing in a download: %s", image_path, error)
            yield sent.taken()
    yield sent.taken()
