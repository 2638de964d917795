"""A cache of what was found on photos, by content, so that no photo is analysed or measured twice.

A SQLite file in `io.state_dir`. Photos are known by the SHA-256 of their content; the table `files` caches the hash of
a path for as long as its size and time stay the same. Results have a key, which names everything that they depend on
(engine, weights, settings). A damaged file is renamed, and a new one is created.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation.domain.attributes.values import Attribute, FaceAttributes
from curation.domain.faces.face import PhotoAnalysis
from curation.domain.files.health import FileFault, faults_from_json, faults_to_json
from curation.domain.measuring.measures import PhotoMeasures
from curation.domain.measuring.taken import read_source
from curation.errors import StorageError
from curation.storage.analysis_database import AnalysisDatabase
from curation.storage.analysis_rows import CachedPhoto, pack_embeddings, pack_faces, unpack_photo
from curation.storage.face_attributes import unpack_attributes
from curation.storage.file_stamps import FileStamp

__all__ = ["STORE_NAME", "AnalysisStore", "StoredTime"]

logger = logging.getLogger(__name__)

STORE_NAME = "analysis.sqlite"
_MAX_GROUPINGS = 20  # of the events that share a state folder, and of settings that were tried


@dataclass(frozen=True, slots=True)
class StoredTime:
    """When a content was taken, as its file says.

    Attributes:
        time: ISO 8601 without a time zone; None if the file does not say it.
        source: See `TakenTime.source`; empty if there is no time.
        clock: See `PhotoAnalysis.clock`.
    """

    time: str | None
    source: str
    clock: str


class AnalysisStore:
    """The store of one state folder. May be used from several threads, and open in several processes."""

    def __init__(self, state_dir: Path, *, read_only: bool = False) -> None:
        """Open the store; unless `read_only`, create it if it is missing and replace it if it is damaged.

        Raises:
            StorageError: If it cannot be opened or was written by a newer version.
        """
        self._database = AnalysisDatabase(state_dir / STORE_NAME, read_only=read_only)

    @property
    def path(self) -> Path:
        """Of the file."""
        return self._database.path

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def known_hashes(self, stamps: Iterable[FileStamp]) -> dict[Path, str]:
        """The cached SHA-256 of files whose size and time have not changed since they were hashed.

        Raises:
            StorageError: If the store fails.
        """
        out = {}
        with self._database.use() as connection:
            for stamp in stamps:
                row = connection.execute(
                    "SELECT sha256 FROM files WHERE path = ? AND size_bytes = ? AND mtime_ns = ?",
                    (_path_key(stamp.path), stamp.size_bytes, stamp.mtime_ns),
                ).fetchone()
                if row is not None:
                    out[stamp.path] = str(row[0])
        return out

    def index_sizes(self) -> None:
        """Prepare `contents_of_size`, which otherwise reads the whole table of files at each call.

        Raises:
            StorageError: If the store fails.
        """
        with self._database.use() as connection:
            connection.execute("CREATE INDEX IF NOT EXISTS files_by_size ON files (size_bytes)")

    def contents_of_size(self, size_bytes: int) -> list[str]:
        """The SHA-256 of all files with so many bytes, whatever happened to them since, in ascending order.

        Raises:
            StorageError: If the store fails.
        """
        query = "SELECT DISTINCT sha256 FROM files WHERE size_bytes = ? ORDER BY sha256"
        with self._database.use() as connection:
            return [str(row[0]) for row in connection.execute(query, (size_bytes,))]

    def save_hash(self, stamp: FileStamp, sha256: str) -> None:
        """Save the hash of a file.

        Raises:
            StorageError: If the store fails.
        """
        with self._database.use() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
                (_path_key(stamp.path), stamp.size_bytes, stamp.mtime_ns, sha256),
            )

    def has_analysis(self, sha256: str, key: str) -> bool:
        """Whether there is an analysis of this content.

        Raises:
            StorageError: If the store fails.
        """
        with self._database.use() as connection:
            query = "SELECT 1 FROM analyses WHERE sha256 = ? AND key = ?"
            return connection.execute(query, (sha256, key)).fetchone() is not None

    def analysed(self, sha256s: Iterable[str], key: str) -> set[str]:
        """Those of the contents that have an analysis.

        Raises:
            StorageError: If the store fails.
        """
        query = "SELECT 1 FROM analyses WHERE sha256 = ? AND key = ?"
        with self._database.use() as connection:
            return {sha256 for sha256 in sha256s if connection.execute(query, (sha256, key)).fetchone() is not None}

    def analysis(self, sha256: str, key: str) -> CachedPhoto | None:
        """The analysis of a content, or None.

        Raises:
            StorageError: If the store fails, or the row is damaged.
        """
        if not sha256.isascii():
            return None  # the path of a photo that was never read stands for its hash
        with self._database.use() as connection:
            row = connection.execute(
                "SELECT width, height, faces, embeddings FROM analyses WHERE sha256 = ? AND key = ?", (sha256, key)
            ).fetchone()
        if row is None:
            return None
        try:
            return unpack_photo(*row)
        except (ValueError, TypeError, KeyError) as error:
            raise StorageError(f"{self.path} is damaged ({error}); delete it and run again") from error

    def save_analysis(self, stamp: FileStamp, sha256: str, key: str, analysis: PhotoAnalysis) -> None:
        """Save an analysis and the hash of its file, in one transaction.

        Raises:
            StorageError: If the store fails.
        """
        faces, embeddings = pack_faces(analysis), pack_embeddings(analysis)
        with self._database.use() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
                (_path_key(stamp.path), stamp.size_bytes, stamp.mtime_ns, sha256),
            )
            connection.execute(
                "INSERT OR REPLACE INTO analyses VALUES (?, ?, ?, ?, ?, ?)",
                (sha256, key, analysis.width, analysis.height, faces, embeddings),
            )
            connection.executemany(
                "INSERT OR REPLACE INTO chips VALUES (?, ?, ?, ?)",
                [(sha256, key, index, face.chip_jpeg) for index, face in enumerate(analysis.faces)],
            )
            if analysis.miniature is not None:
                connection.execute(
                    "INSERT OR REPLACE INTO looks VALUES (?, ?, ?, ?, ?)",
                    (sha256, analysis.miniature, analysis.capture_time, analysis.time_source, analysis.clock),
                )
                connection.execute(
                    "INSERT OR REPLACE INTO file_faults VALUES (?, ?)", (sha256, faults_to_json(analysis.faults))
                )
            connection.execute("COMMIT")

    def look(self, sha256: str) -> tuple[bytes, str | None] | None:
        """The miniature of a photo and its capture time in ISO 8601, or None.

        The time of a file's last change counts as none: an edit of the photo has another one.
        Photos that were analysed by an older version have it from the scoring.

        Raises:
            StorageError: If the store fails.
        """
        with self._database.use() as connection:
            query = "SELECT miniature, capture_time, time_source FROM looks WHERE sha256 = ?"
            row = connection.execute(query, (sha256,)).fetchone()
            if row is not None:
                return bytes(row[0]), None if read_source(datetime.min, row[2]).is_weak else row[1]
            values = connection.execute("SELECT value FROM measures WHERE sha256 = ?", (sha256,)).fetchall()
        for (value,) in values:
            try:
                measures = PhotoMeasures.from_json(json.loads(value))
            except ValueError:
                continue  # of another version
            if measures.miniature is not None:
                time = measures.capture_time
                return measures.miniature, None if time is None else time.isoformat()
        return None

    def capture_times(self, sha256s: Iterable[str]) -> dict[str, str]:
        """Capture times in ISO 8601 of contents, as far as an analysis found one.

        Raises:
            StorageError: If the store fails.
        """
        query = "SELECT capture_time FROM looks WHERE sha256 = ?"
        out = {}
        with self._database.use() as connection:
            for sha256 in sha256s:
                row = connection.execute(query, (sha256,)).fetchone()
                if row is not None and row[0] is not None:
                    out[sha256] = str(row[0])
        return out

    def taken(self, sha256s: Iterable[str]) -> dict[str, StoredTime]:
        """When contents were taken and by whose clock, as far as an analysis looked at them.

        Raises:
            StorageError: If the store fails.
        """
        query = "SELECT capture_time, time_source, clock FROM looks WHERE sha256 = ?"
        with self._database.use() as connection:
            rows = {sha256: connection.execute(query, (sha256,)).fetchone() for sha256 in sha256s}
        return {sha256: StoredTime(*row) for sha256, row in rows.items() if row is not None}

    def miniatures(self, sha256s: Iterable[str]) -> dict[str, bytes]:
        """The miniatures of contents, as far as an analysis made them.

        Raises:
            StorageError: If the store fails.
        """
        query = "SELECT miniature FROM looks WHERE sha256 = ?"
        with self._database.use() as connection:
            rows = {sha256: connection.execute(query, (sha256,)).fetchone() for sha256 in sha256s}
        return {sha256: bytes(row[0]) for sha256, row in rows.items() if row is not None}

    def time_sources(self, sha256s: Iterable[str]) -> dict[str, str]:
        """Where the capture times of contents stand in their files, see `PhotoAnalysis.time_source`.

        Raises:
            StorageError: If the store fails.
        """
        return {sha256: one.source for sha256, one in self.taken(sha256s).items() if one.source}

    def file_faults(self, sha256s: Iterable[str]) -> dict[str, tuple[FileFault, ...]]:
        """What is wrong with analysed files; only those with a fault.

        Raises:
            StorageError: If the store fails, or a row is damaged.
        """
        query = "SELECT faults FROM file_faults WHERE sha256 = ?"
        with self._database.use() as connection:
            rows = {sha256: connection.execute(query, (sha256,)).fetchone() for sha256 in sha256s}
        try:
            faults = {sha256: faults_from_json(row[0]) for sha256, row in rows.items() if row is not None}
        except (ValueError, TypeError) as error:
            raise StorageError(f"{self.path} is damaged ({error}); delete it and run again") from error
        return {sha256: found for sha256, found in faults.items() if found}

    def last_hashes(self, paths: Iterable[Path]) -> dict[Path, str]:
        """The SHA-256 that files had when they were last read, even if they were changed or removed since.

        Raises:
            StorageError: If the store fails.
        """
        out = {}
        with self._database.use() as connection:
            for path in paths:
                row = connection.execute("SELECT sha256 FROM files WHERE path = ?", (_path_key(path),)).fetchone()
                if row is not None:
                    out[path] = str(row[0])
        return out

    def chip(self, sha256: str, key: str, face_index: int) -> bytes | None:
        """The chip of a face, a JPEG, or None.

        Raises:
            StorageError: If the store fails.
        """
        with self._database.use() as connection:
            row = connection.execute(
                "SELECT jpeg FROM chips WHERE sha256 = ? AND key = ? AND face_index = ?", (sha256, key, face_index)
            ).fetchone()
        return None if row is None else bytes(row[0])

    def grouping(self, key: str) -> tuple[NDArray[np.int64], str] | None:
        """The result of grouping faces, or None; `key` names all that it depends on.

        Returns:
            (N,) cluster numbers, -1 for none, and the evidence as `save_grouping` got it.

        Raises:
            StorageError: If the store fails.
        """
        with self._database.use() as connection:
            row = connection.execute("SELECT labels, evidence FROM groupings WHERE key = ?", (key,)).fetchone()
        return None if row is None else (np.frombuffer(row[0], dtype="<i4").astype(np.int64), str(row[1]))

    def save_grouping(self, key: str, labels: NDArray[np.integer], evidence: str) -> None:
        """Save the result of grouping faces; the oldest results are deleted.

        Args:
            key: Names all that it depends on.
            labels: (N,) cluster numbers.
            evidence: What decided, as JSON.

        Raises:
            StorageError: If the store fails.
        """
        with self._database.use() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "INSERT OR REPLACE INTO groupings (key, labels, evidence) VALUES (?, ?, ?)",
                (key, labels.astype("<i4").tobytes(), evidence),
            )
            connection.execute(
                "DELETE FROM groupings WHERE number <= (SELECT max(number) FROM groupings) - ?", (_MAX_GROUPINGS,)
            )
            connection.execute("COMMIT")

    def spoilt_face(self, sha256: str, key: str, ways: int) -> NDArray[np.float32] | None:
        """Embeddings of a photo's face, spoilt in several ways: (ways, D), or None.

        Args:
            sha256: Of the photo.
            key: Names all that they depend on, the face and the ways too.
            ways: How many there are.

        Raises:
            StorageError: If the store fails, or the row is damaged.
        """
        query = "SELECT embeddings FROM spoilt_faces WHERE sha256 = ? AND key = ?"
        with self._database.use() as connection:
            row = connection.execute(query, (sha256, key)).fetchone()
        if row is None:
            return None
        try:
            return np.frombuffer(row[0], dtype="<f4").reshape(ways, -1).astype(np.float32)
        except ValueError as error:
            raise StorageError(f"{self.path} is damaged ({error}); delete it and run again") from error

    def save_spoilt_face(self, sha256: str, key: str, embeddings: NDArray[np.float32]) -> None:
        """Save embeddings of a photo's spoilt face, (W, D).

        Raises:
            StorageError: If the store fails.
        """
        row = (sha256, key, embeddings.astype("<f4").tobytes())
        with self._database.use() as connection:
            connection.execute("INSERT OR REPLACE INTO spoilt_faces VALUES (?, ?, ?)", row)

    def measures(self, wanted: Mapping[str, tuple[str, str]]) -> dict[str, PhotoMeasures]:
        """The cached measures of photos.

        Args:
            wanted: (sha256, key) by any name.

        Returns:
            Measures by name, as far as the store has them in the current version.

        Raises:
            StorageError: If the store fails.
        """
        out = {}
        with self._database.use() as connection:
            for name, (sha256, key) in wanted.items():
                row = connection.execute(
                    "SELECT value FROM measures WHERE sha256 = ? AND key = ?", (sha256, key)
                ).fetchone()
                if row is None:
                    continue
                try:
                    out[name] = PhotoMeasures.from_json(json.loads(row[0]))
                except ValueError:
                    logger.info("the cached measures of %s are of another version; the photo is measured again", name)
        return out

    def save_measures(self, stamp: FileStamp, sha256: str, key: str, measures: PhotoMeasures) -> None:
        """Save measures and the hash of their file, in one transaction.

        Raises:
            StorageError: If the store fails.
        """
        value = json.dumps(measures.to_json(), separators=(",", ":"))
        with self._database.use() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
                (_path_key(stamp.path), stamp.size_bytes, stamp.mtime_ns, sha256),
            )
            connection.execute("INSERT OR REPLACE INTO measures VALUES (?, ?, ?)", (sha256, key, value))
            connection.execute("COMMIT")

    def having_attributes(self, sha256s: Iterable[str], key: str) -> set[str]:
        """Those of the contents of whose faces the store has this attribute.

        Args:
            sha256s: Of photos.
            key: Names the attribute and everything that it depends on.

        Raises:
            StorageError: If the store fails.
        """
        query = "SELECT 1 FROM face_attributes WHERE sha256 = ? AND key = ?"
        with self._database.use() as connection:
            return {sha256 for sha256 in sha256s if connection.execute(query, (sha256, key)).fetchone() is not None}

    def face_attributes(self, sha256: str, key: str, name: Attribute) -> list[FaceAttributes] | None:
        """One attribute of the faces of a photo, from left to right; None if it was not read.

        Raises:
            StorageError: If the store fails, or the row is damaged.
        """
        query = "SELECT value FROM face_attributes WHERE sha256 = ? AND key = ?"
        with self._database.use() as connection:
            row = connection.execute(query, (sha256, key)).fetchone()
        if row is None:
            return None
        try:
            return unpack_attributes(row[0], name)
        except (ValueError, TypeError, KeyError) as error:
            raise StorageError(f"{self.path} is damaged ({error}); delete it and run again") from error

    def save_face_attributes(self, sha256: str, values: Mapping[str, bytes]) -> None:
        """Save attributes of the faces of a photo.

        Args:
            sha256: Of the photo.
            values: By key, as `pack_attributes` returns them.

        Raises:
            StorageError: If the store fails.
        """
        rows = [(sha256, key, value) for key, value in values.items()]
        with self._database.use() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT OR REPLACE INTO face_attributes VALUES (?, ?, ?)", rows)
            connection.execute("COMMIT")


def _path_key(path: Path) -> bytes:
    return os.fsencode(path)
