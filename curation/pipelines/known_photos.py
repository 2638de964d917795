"""What workers ask of earlier runs: whether the content of a photo was analysed, measured or read before.

Workers of this machine read the analysis store. Those of other machines cannot: a task that is sent to them carries the
answers for all contents that the photo may have.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from curation.domain.faces.face import Box, FiveLandmarks
from curation.domain.measuring.measures import PhotoMeasures
from curation.storage.analysis_store import AnalysisStore

__all__ = ["FacePlace", "KnownPhotos", "StoredPhotos"]

FacePlace = tuple[Box, FiveLandmarks]
"""Where a face is, in pixels of the upright full-size photo."""


class KnownPhotos(Protocol):
    """Answers questions about contents, by their SHA-256 in hex."""

    def is_analysed(self, sha256: str, key: str) -> bool:
        """Whether there is an analysis under this key."""

    def faces(self, sha256: str, key: str) -> Sequence[FacePlace]:
        """The faces of an analysis, from left to right."""

    def has_attribute(self, sha256: str, key: str) -> bool:
        """Whether an attribute was read of its faces; the key names the attribute and all that it depends on."""

    def measures(self, sha256: str, key: str) -> PhotoMeasures | None:
        """Its measures under this key, as far as they are of the current version."""

    def close(self) -> None:
        """Close what is open."""


class StoredPhotos:
    """Answers from the analysis store of a state folder, which is opened read-only."""

    def __init__(self, state_dir: Path) -> None:
        """Open the store.

        Raises:
            StorageError: If it cannot be opened.
        """
        self._store = AnalysisStore(state_dir, read_only=True)

    def is_analysed(self, sha256: str, key: str) -> bool:
        """See `KnownPhotos.is_analysed`."""
        return self._store.has_analysis(sha256, key)

    def faces(self, sha256: str, key: str) -> Sequence[FacePlace]:
        """See `KnownPhotos.faces`."""
        known = self._store.analysis(sha256, key)
        return [] if known is None else [(face.box, face.landmarks) for face in known.faces]

    def has_attribute(self, sha256: str, key: str) -> bool:
        """See `KnownPhotos.has_attribute`."""
        return bool(self._store.having_attributes([sha256], key))

    def measures(self, sha256: str, key: str) -> PhotoMeasures | None:
        """See `KnownPhotos.measures`."""
        return self._store.measures({sha256: (sha256, key)}).get(sha256)

    def close(self) -> None:
        """See `KnownPhotos.close`."""
        self._store.close()
