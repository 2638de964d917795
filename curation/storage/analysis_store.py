"""A cache of what was found on photos, by content, so that no photo is analysed or measured twice.

A SQLite file in `io.state_dir`. Photos are known by the SHA-256 of their content; the table `files` caches the hash of
a path for as long as its size and time stay the same. Results have a key, which names everything that they depend on
(engine, weights, settings). Rows have checksums: what is damaged is missing, as if it had never been kept, and is made
again (`curation.storage.databases.damage`).
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from curation.domain.attributes.values import Attribute, FaceAttributes
from curation.domain.faces.face import PhotoAnalysis
from curation.domain.files.health import FileFault, faults_from_json, faults_to_json
from curation.domain.measuring.measures import PhotoMeasures
from curation.domain.measuring.taken import read_source
from curation.errors import StorageError
from curation.storage.analysis_database import (
    ANALYSES,
    CHIPS,
    FACE_ATTRIBUTES,
    FILE_FAULTS,
    FILES,
    GROUPINGS,
    LOOKS,
    MEASURES,
    SPOILT_FACES,
    AnalysisDatabase,
)
from curation.storage.analysis_rows import CachedPhoto, pack_embeddings, pack_faces, unpack_photo
from curation.storage.databases.checked_tables import CheckedTable
from curation.storage.face_attributes import unpack_attributes
from curation.storage.file_stamps import FileStamp

__all__ = ["STORE_NAME", "AnalysisStore", "StoredTime"]

logger = logging.getLogger(__name__)

STORE_NAME = "analysis.sqlite"
T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
_LOOK, _LOOK_AND_FAULTS = 1, 2  # see `ANALYSES`
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

    def steadily(self, work: Callable[[], T]) -> T:
        """Call a function that reads much of the store, and call it again if damage was found and mended meanwhile.

        What was read before the damage was found may be missing afterwards.

        Args:
            work: May be called twice.

        Raises:
            StorageError: If the store fails.
        """
        before = self._database.mended
        try:
            return work()
        except StorageError as error:
            if self._database.mended == before:
                raise
            logger.info("begun again after %s: %s", self.path, error)
        return work()

    def lost(self, what: str) -> StorageError:
        """The error for something that must be there; the store is put together anew from the rows that are whole.

        Args:
            what: Is missing, for the message.
        """
        with suppress(StorageError):
            self._database.renew(f"{what} is missing")
        return StorageError(f"{what} is missing from {self.path}; run again")

    def known_hashes(self, stamps: Iterable[FileStamp]) -> dict[Path, str]:
        """The cached SHA-256 of files whose size and time have not changed since they were hashed.

        Raises:
            StorageError: If the store fails.
        """
        wanted = {stamp.path: (stamp.size_bytes, stamp.mtime_ns) for stamp in stamps}
        rows = self._of_keys(FILES, wanted, _path_key)
        return {path: str(row[2]) for path, row in rows.items() if row[:2] == wanted[path]}

    def index_sizes(self) -> None:
        """Prepare `contents_of_size`, which otherwise reads the whole table of files at each call.

        Raises:
            StorageError: If the store fails.
        """
        self._database.run(lambda base: base.execute("CREATE INDEX IF NOT EXISTS files_by_size ON files (size_bytes)"))

    def contents_of_size(self, size_bytes: int) -> list[str]:
        """The SHA-256 of all files with so many bytes, whatever happened to them since, in ascending order.

        Raises:
            StorageError: If the store fails.
        """
        rows = self._database.run(lambda base: list(FILES.select(base, "WHERE size_bytes = ?", (size_bytes,))))
        return sorted({str(row[3]) for row in rows})

    def save_hash(self, stamp: FileStamp, sha256: str) -> None:
        """Save the hash of a file.

        Raises:
            StorageError: If the store fails.
        """
        self._save((FILES, [_file_row(stamp, sha256)]))

    def has_analysis(self, sha256: str, key: str) -> bool:
        """Whether there is an analysis of this content.

        Raises:
            StorageError: If the store fails.
        """
        return bool(self.analysed([sha256], key))

    def analysed(self, sha256s: Iterable[str], key: str, *, with_pictures: bool = False) -> set[str]:
        """Those of the contents that have an analysis.

        Args:
            sha256s: Of photos.
            key: See `analysis`.
            with_pictures: Whether the pictures of all faces, and what else came with the analysis, must be there too;
                an analysis without them is deleted.

        Raises:
            StorageError: If the store fails.
        """
        wanted = list(sha256s)

        def found(base: sqlite3.Connection) -> set[str]:
            out = set()
            for sha256 in wanted:
                row = ANALYSES.get(base, sha256, key)
                if row is None:
                    continue
                if not with_pictures or _has_pictures(base, sha256, key, row):
                    out.add(sha256)
                else:  # workers ask for the analysis only
                    ANALYSES.delete(base, sha256, key)
            return out

        return self._database.run(found)

    def analysis(self, sha256: str, key: str) -> CachedPhoto | None:
        """The analysis of a content, or None.

        Raises:
            StorageError: If the store fails.
        """
        if not sha256.isascii():
            return None  # the path of a photo that was never read stands for its hash
        return self._unpacked(ANALYSES, (sha256, key), lambda row: unpack_photo(*row[:4]))

    def save_analysis(self, stamp: FileStamp, sha256: str, key: str, analysis: PhotoAnalysis) -> None:
        """Save an analysis and the hash of its file, in one transaction.

        Raises:
            StorageError: If the store fails.
        """
        faces, embeddings = pack_faces(analysis), pack_embeddings(analysis)
        has_look = analysis.miniature is not None
        rows: list[tuple[CheckedTable, list[tuple[Any, ...]]]] = [
            (FILES, [_file_row(stamp, sha256)]),
            (
                ANALYSES,
                [
                    (
                        sha256,
                        key,
                        analysis.width,
                        analysis.height,
                        faces,
                        embeddings,
                        _LOOK_AND_FAULTS if has_look else 0,
                    )
                ],
            ),
            (CHIPS, [(sha256, key, index, face.chip_jpeg) for index, face in enumerate(analysis.faces)]),
        ]
        if has_look:
            look = (sha256, analysis.miniature, analysis.capture_time, analysis.time_source, analysis.clock)
            rows += [(LOOKS, [look]), (FILE_FAULTS, [(sha256, faults_to_json(analysis.faults))])]
        self._save(*rows)

    def look(self, sha256: str) -> tuple[bytes, str | None] | None:
        """The miniature of a photo and its capture time in ISO 8601, or None.

        The time of a file's last change counts as none: an edit of the photo has another one.
        Photos that were analysed by an older version have it from the scoring.

        Raises:
            StorageError: If the store fails.
        """
        row = self._database.run(lambda base: LOOKS.get(base, sha256))
        if row is not None:
            return bytes(row[0]), None if read_source(datetime.min, row[2]).is_weak else row[1]
        for value in self._database.run(lambda base: list(MEASURES.select(base, "WHERE sha256 = ?", (sha256,)))):
            try:
                measures = PhotoMeasures.from_json(json.loads(value[2]))
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
        rows = self._of_keys(LOOKS, sha256s)
        return {sha256: str(row[1]) for sha256, row in rows.items() if row[1] is not None}

    def taken(self, sha256s: Iterable[str]) -> dict[str, StoredTime]:
        """When contents were taken and by whose clock, as far as an analysis looked at them.

        Raises:
            StorageError: If the store fails.
        """
        return {sha256: StoredTime(*row[1:]) for sha256, row in self._of_keys(LOOKS, sha256s).items()}

    def miniatures(self, sha256s: Iterable[str]) -> dict[str, bytes]:
        """The miniatures of contents, as far as an analysis made them.

        Raises:
            StorageError: If the store fails.
        """
        return {sha256: bytes(row[0]) for sha256, row in self._of_keys(LOOKS, sha256s).items()}

    def time_sources(self, sha256s: Iterable[str]) -> dict[str, str]:
        """Where the capture times of contents stand in their files, see `PhotoAnalysis.time_source`.

        Raises:
            StorageError: If the store fails.
        """
        return {sha256: one.source for sha256, one in self.taken(sha256s).items() if one.source}

    def file_faults(self, sha256s: Iterable[str]) -> dict[str, tuple[FileFault, ...]]:
        """What is wrong with analysed files; only those with a fault.

        Raises:
            StorageError: If the store fails.
        """
        faults = {
            sha256: self._unpacked(FILE_FAULTS, (sha256,), lambda row: faults_from_json(row[0])) for sha256 in sha256s
        }
        return {sha256: found for sha256, found in faults.items() if found}

    def last_hashes(self, paths: Iterable[Path]) -> dict[Path, str]:
        """The SHA-256 that files had when they were last read, even if they were changed or removed since.

        Raises:
            StorageError: If the store fails.
        """
        return {path: str(row[2]) for path, row in self._of_keys(FILES, paths, _path_key).items()}

    def chip(self, sha256: str, key: str, face_index: int) -> bytes | None:
        """The chip of a face, a JPEG, or None.

        Raises:
            StorageError: If the store fails.
        """
        row = self._database.run(lambda base: CHIPS.get(base, sha256, key, face_index))
        return None if row is None else bytes(row[0])

    def grouping(self, key: str) -> tuple[NDArray[np.int64], str] | None:
        """The result of grouping faces, or None; `key` names all that it depends on.

        Returns:
            (N,) cluster numbers, -1 for none, and the evidence as `save_grouping` got it.

        Raises:
            StorageError: If the store fails.
        """
        row = self._database.run(lambda base: GROUPINGS.get(base, key))
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
        oldest = "DELETE FROM groupings WHERE number <= (SELECT max(number) FROM groupings) - ?"

        def save(base: sqlite3.Connection) -> None:
            base.execute("BEGIN IMMEDIATE")
            GROUPINGS.put(base, [(key, labels.astype("<i4").tobytes(), evidence)])
            base.execute(oldest, (_MAX_GROUPINGS,))
            base.execute("COMMIT")

        self._database.run(save)

    def spoilt_face(self, sha256: str, key: str, ways: int) -> NDArray[np.float32] | None:
        """Embeddings of a photo's face, spoilt in several ways: (ways, D), or None.

        Args:
            sha256: Of the photo.
            key: Names all that they depend on, the face and the ways too.
            ways: How many there are.

        Raises:
            StorageError: If the store fails.
        """
        return self._unpacked(
            SPOILT_FACES,
            (sha256, key),
            lambda row: np.frombuffer(row[0], dtype="<f4").reshape(ways, -1).astype(np.float32),
        )

    def save_spoilt_face(self, sha256: str, key: str, embeddings: NDArray[np.float32]) -> None:
        """Save embeddings of a photo's spoilt face, (W, D).

        Raises:
            StorageError: If the store fails.
        """
        self._save((SPOILT_FACES, [(sha256, key, embeddings.astype("<f4").tobytes())]))

    def measures(self, wanted: Mapping[str, tuple[str, str]]) -> dict[str, PhotoMeasures]:
        """The cached measures of photos.

        Args:
            wanted: (sha256, key) by any name.

        Returns:
            Measures by name, as far as the store has them in the current version.

        Raises:
            StorageError: If the store fails.
        """
        rows = self._database.run(lambda base: {name: MEASURES.get(base, *place) for name, place in wanted.items()})
        out = {}
        for name, row in rows.items():
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
        self._save((FILES, [_file_row(stamp, sha256)]), (MEASURES, [(sha256, key, value)]))

    def having_attributes(self, sha256s: Iterable[str], key: str) -> set[str]:
        """Those of the contents of whose faces the store has this attribute.

        Args:
            sha256s: Of photos.
            key: Names the attribute and everything that it depends on.

        Raises:
            StorageError: If the store fails.
        """
        wanted = list(sha256s)
        return self._database.run(
            lambda base: {sha256 for sha256 in wanted if FACE_ATTRIBUTES.get(base, sha256, key) is not None}
        )

    def face_attributes(self, sha256: str, key: str, name: Attribute) -> list[FaceAttributes] | None:
        """One attribute of the faces of a photo, from left to right; None if it was not read.

        Raises:
            StorageError: If the store fails.
        """
        return self._unpacked(FACE_ATTRIBUTES, (sha256, key), lambda row: unpack_attributes(row[0], name))

    def save_face_attributes(self, sha256: str, values: Mapping[str, bytes]) -> None:
        """Save attributes of the faces of a photo.

        Args:
            sha256: Of the photo.
            values: By key, as `pack_attributes` returns them.

        Raises:
            StorageError: If the store fails.
        """
        self._save((FACE_ATTRIBUTES, [(sha256, key, value) for key, value in values.items()]))

    def _save(self, *rows: tuple[CheckedTable, Sequence[tuple[Any, ...]]]) -> None:
        """Write rows of several tables in one transaction."""

        def save(base: sqlite3.Connection) -> None:
            base.execute("BEGIN IMMEDIATE")
            for table, of_table in rows:
                table.put(base, of_table)
            base.execute("COMMIT")

        self._database.run(save)

    def _unpacked(self, table: CheckedTable, key: tuple[Any, ...], unpack: Callable[[tuple[Any, ...]], T]) -> T | None:
        """What a row says; None if there is none, or one that this program cannot have written, which is deleted."""
        row = self._database.run(lambda base: table.get(base, *key))
        if row is None:
            return None
        try:
            return unpack(row)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            logger.warning("a row of %s cannot be used (%s); what it said is found again", self.path, error)
        with suppress(StorageError):  # whoever only reads leaves it
            self._database.run(lambda base: table.delete(base, *key))
        return None

    def _of_keys(
        self, table: CheckedTable, keys: Iterable[K], column: Callable[[K], object] = lambda key: key
    ) -> dict[K, tuple[Any, ...]]:
        """The rows of a table with one key, as far as there are any."""
        wanted = list(keys)
        rows = self._database.run(lambda base: [(key, table.get(base, column(key))) for key in wanted])
        return {key: row for key, row in rows if row is not None}


def _has_pictures(base: sqlite3.Connection, sha256: str, key: str, row: tuple[Any, ...]) -> bool:
    """Whether all is there that was saved with an analysis: another row of it may have been lost."""
    *_, faces, _, beside = row
    chips = {chip[2] for chip in CHIPS.select(base, "WHERE sha256 = ? AND key = ?", (sha256, key))}
    return (
        chips.issuperset(range(len(json.loads(faces))))
        and (beside < _LOOK or LOOKS.get(base, sha256) is not None)
        and (beside < _LOOK_AND_FAULTS or FILE_FAULTS.get(base, sha256) is not None)
    )


def _file_row(stamp: FileStamp, sha256: str) -> tuple[bytes, int, int, str]:
    return _path_key(stamp.path), stamp.size_bytes, stamp.mtime_ns, sha256


def _path_key(path: Path) -> bytes:
    return os.fsencode(path)
