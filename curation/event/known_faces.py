"""The faces that the clustering found on photos of the event, for whoever takes the same photos apart."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from curation.domain.bodies.person import FaceOfBody
from curation.errors import CurationError
from curation.event.file_cache import FileCache
from curation.photos.files.listing import photo_path
from curation.settings import Settings
from curation.storage.analysis_store import STORE_NAME, AnalysisStore
from curation.storage.face_data_file import FACE_DATA, iter_face_data
from curation.storage.file_stamps import stamp_of

__all__ = ["KnownFaces"]

_Faces = tuple[FaceOfBody, ...]


class KnownFaces:
    """Looks up rows of face_data.csv by the content of photos. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        """Remember the paths; nothing is read yet."""
        # The same form of path that the listing uses, which is the key in the store.
        self._input_dir = Path(os.path.abspath(settings.io.input_dir))  # noqa: PTH100 - resolve follows links
        self._state_dir = settings.io.state_dir
        self._rows: FileCache[Mapping[str, _Faces]] = FileCache(settings.io.output_dir / FACE_DATA, _rows_by_photo)

    def of(self, image_paths: Sequence[str], sha256: str) -> _Faces | None:
        """The faces of a photo as the clustering found them.

        Args:
            image_paths: Photos of the event that are said to have this content, relative to the input folder.
            sha256: Of the content, hex.

        Returns:
            From left to right; None if the clustering has seen no face on it, or not this content: then they are to be
            found anew. A table or store that cannot be read is no reason to fail either.
        """
        try:
            rows = self._rows.get()
            if rows is None or not (self._state_dir / STORE_NAME).exists():
                return None
            for image_path in image_paths:
                if image_path in rows and self._content_of(image_path) == sha256:
                    return rows[image_path]
        except CurationError:
            return None
        return None

    def _content_of(self, image_path: str) -> str | None:
        """The SHA-256 of a photo as it was when it was last analysed, if its file has not changed since."""
        stamp = stamp_of(photo_path(self._input_dir, image_path))
        if stamp is None:
            return None
        with closing(AnalysisStore(self._state_dir, read_only=True)) as store:
            return store.known_hashes([stamp]).get(stamp.path)


def _rows_by_photo(path: Path) -> Mapping[str, _Faces]:
    found: dict[str, list[FaceOfBody]] = {}
    for row in iter_face_data(path):
        face = FaceOfBody(row.face_index, row.facial_area, row.landmarks, row.detection_confidence)
        found.setdefault(row.image_path, []).append(face)
    return {image_path: tuple(sorted(faces)) for image_path, faces in found.items()}
