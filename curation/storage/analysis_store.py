"""What was found on photos, kept by content, so that nothing is analysed or measured twice.

A SQLite file in `io.state_dir`. Photos are known by the SHA-256 of their content; `files` remembers the hash
of a path as long as size and time stay the same. Results are kept under a key of everything that matters
for them (engine, weights, settings). It is a cache: when it is damaged it is set aside and begun anew.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import AnalysedFace, Box, FaceQuality, FiveLandmarks, PhotoAnalysis, Point
from curation.domain.judging.measures import PhotoMeasures
from curation.errors import StorageError
from curation.storage.atomic import explained

__all__ = ["STORE_NAME", "AnalysisStore", "FileStamp", "KeptFace", "KeptPhoto"]

logger = logging.getLogger(__name__)

STORE_NAME = "analysis.sqlite"
_BUSY_TIMEOUT_S = 30.0  # another process may be writing; a write takes milliseconds
_KEPT_GROUPINGS = 20  # of events of one state folder, and of settings that were tried

_VERSION_1 = """
CREATE TABLE files (path BLOB PRIMARY KEY, size_bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, sha256 TEXT NOT NULL)
    WITHOUT ROWID;
CREATE TABLE analyses (sha256 TEXT NOT NULL, key TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    faces TEXT NOT NULL, embeddings BLOB NOT NULL, PRIMARY KEY (sha256, key)) WITHOUT ROWID;
CREATE TABLE chips (sha256 TEXT NOT NULL, key TEXT NOT NULL, face_index INTEGER NOT NULL, jpeg BLOB NOT NULL,
    PRIMARY KEY (sha256, key, face_index));
CREATE TABLE measures (sha256 TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (sha256, key))
    WITHOUT ROWID;
"""
_VERSION_2 = """
CREATE TABLE groupings (number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, labels BLOB NOT NULL);
"""
# What brings a store from each version to the next, from an empty file on. Never change one that was released: a
# change of the format is another step, and old stores go through it with all that they hold.
_UPGRADES = (_VERSION_1, _VERSION_2)
SCHEMA_VERSION = len(_UPGRADES)


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What is looked at first to see whether a file changed."""

    path: Path
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class KeptFace:
    """A face as it was kept; its embedding and chip are fetched separately."""

    box: Box
    landmarks: FiveLandmarks
    confidence: float
    quality: FaceQuality


@dataclass(frozen=True, slots=True, eq=False)
class KeptPhoto:
    """An analysis as it was kept; `embeddings` is (number of faces, D) float32."""

    width: int
    height: int
    faces: tuple[KeptFace, ...]
    embeddings: NDArray[np.float32]


class AnalysisStore:
    """The store of one state folder. May be used from several threads, and open in several processes."""

    def __init__(self, state_dir: Path, *, read_only: bool = False) -> None:
        """Open the store; unless `read_only`, make it if it is missing and begin anew if it is damaged.

        Raises:
            StorageError: If it cannot be opened or was written by a newer version.
        """
        self.path = state_dir / STORE_NAME
        self._guard = threading.Lock()
        try:
            state_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise explained(error, state_dir, "made") from error
        try:
            self._connection = self._opened(read_only)
        except sqlite3.DatabaseError as error:
            if read_only or (isinstance(error, sqlite3.OperationalError) and not _is_damage(error)):
                raise self._error(error) from error
            self._set_aside(error)
            try:
                self._connection = self._opened(read_only)
            except sqlite3.Error as again:
                raise self._error(again) from again

    def _connect(self, mode: str) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=_BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
        )

    def _opened(self, read_only: bool) -> sqlite3.Connection:
        connection = self._connect("ro" if read_only else "rwc")
        try:
            if read_only:
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
                return connection
            try:
                journal = _take_log(connection)
            except sqlite3.OperationalError as error:
                if getattr(error, "sqlite_errorname", "") in ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL"):
                    raise
                connection.close()
                connection = self._connect("rwc")
                journal = _take_rollback_journal(connection)
            connection.execute(f"PRAGMA synchronous = {'NORMAL' if journal == 'wal' else 'FULL'}")
            connection.execute("BEGIN IMMEDIATE")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > SCHEMA_VERSION:
                raise StorageError(
                    f"{self.path} was written by a newer version of Curation; update, or name another io.state_dir"
                )
            if version > 0:  # nothing is changed in another program's file
                connection.execute("SELECT path, sha256 FROM files LIMIT 1").fetchone()
                connection.execute("SELECT faces FROM analyses LIMIT 1").fetchone()
            for upgrade in _UPGRADES[version:]:
                for statement in filter(str.strip, upgrade.split(";")):
                    connection.execute(statement)
            if version < SCHEMA_VERSION:
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute("COMMIT")
            connection.execute("SELECT labels FROM groupings LIMIT 1").fetchone()
        except BaseException:
            connection.close()
            raise
        return connection

    def _set_aside(self, error: sqlite3.Error) -> None:
        aside = self.path.with_name(f"{self.path.name}.damaged-{os.getpid()}")
        logger.warning("%s is damaged (%s); it is kept as %s and all photos are analysed anew", self.path, error, aside)
        try:
            for suffix in ("-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            self.path.replace(aside)
        except OSError as fault:
            raise explained(fault, self.path, "set aside") from fault

    def _error(self, error: sqlite3.Error) -> StorageError:
        return StorageError(
            f"the analysis store {self.path} cannot be used ({error}); see that its disk is not full and that you may "
            "write there, or name another io.state_dir"
        )

    @contextmanager
    def _use(self) -> Iterator[sqlite3.Connection]:
        with self._guard:
            try:
                yield self._connection
            except sqlite3.Error as error:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise self._error(error) from error

    def close(self) -> None:
        """Close the file."""
        with self._guard:
            self._connection.close()

    def known_hashes(self, stamps: Iterable[FileStamp]) -> dict[Path, str]:
        """The SHA-256 of files whose size and time are as they were when they were hashed.

        Raises:
            StorageError: If the store fails.
        """
        out = {}
        with self._use() as connection:
            for stamp in stamps:
                row = connection.execute(
                    "SELECT sha256 FROM files WHERE path = ? AND size_bytes = ? AND mtime_ns = ?",
                    (_path_key(stamp.path), stamp.size_bytes, stamp.mtime_ns),
                ).fetchone()
                if row is not None:
                    out[stamp.path] = str(row[0])
        return out

    def remember_hash(self, stamp: FileStamp, sha256: str) -> None:
        """Note the hash of a file.

        Raises:
            StorageError: If the store fails.
        """
        with self._use() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
                (_path_key(stamp.path), stamp.size_bytes, stamp.mtime_ns, sha256),
            )

    def has_analysis(self, sha256: str, key: str) -> bool:
        """Whether an analysis of this content is kept.

        Raises:
            StorageError: If the store fails.
        """
        with self._use() as connection:
            query = "SELECT 1 FROM analyses WHERE sha256 = ? AND key = ?"
            return connection.execute(query, (sha256, key)).fetchone() is not None

    def analysed(self, sha256s: Iterable[str], key: str) -> set[str]:
        """Those contents of which an analysis is kept.

        Raises:
            StorageError: If the store fails.
        """
        query = "SELECT 1 FROM analyses WHERE sha256 = ? AND key = ?"
        with self._use() as connection:
            return {sha256 for sha256 in sha256s if connection.execute(query, (sha256, key)).fetchone() is not None}

    def analysis(self, sha256: str, key: str) -> KeptPhoto | None:
        """The kept analysis of a content, or None.

        Raises:
            StorageError: If the store fails, or what it holds is damaged.
        """
        with self._use() as connection:
            row = connection.execute(
                "SELECT width, height, faces, embeddings FROM analyses WHERE sha256 = ? AND key = ?", (sha256, key)
            ).fetchone()
        if row is None:
            return None
        width, height, faces, embeddings = row
        try:
            kept = tuple(_face_from_json(face) for face in json.loads(faces))
            vectors = np.frombuffer(embeddings, dtype="<f4").reshape(len(kept), -1) if kept else np.zeros((0, 0), "<f4")
        except (ValueError, TypeError, KeyError) as error:
            raise StorageError(f"{self.path} is damaged ({error}); delete it and run again") from error
        return KeptPhoto(width, height, kept, vectors.astype(np.float32, copy=False))

    def keep_analysis(self, stamp: FileStamp, sha256: str, key: str, analysis: PhotoAnalysis) -> None:
        """Keep an analysis and the hash of its file, in one transaction.

        Raises:
            StorageError: If the store fails.
        """
        faces = json.dumps([_face_to_json(face) for face in analysis.faces], separators=(",", ":"))
        vectors = [face.detected.embedding.astype("<f4", copy=False).tobytes() for face in analysis.faces]
        with self._use() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
                (_path_key(stamp.path), stamp.size_bytes, stamp.mtime_ns, sha256),
            )
            connection.execute(
                "INSERT OR REPLACE INTO analyses VALUES (?, ?, ?, ?, ?, ?)",
                (sha256, key, analysis.width, analysis.height, faces, b"".join(vectors)),
            )
            connection.executemany(
                "INSERT OR REPLACE INTO chips VALUES (?, ?, ?, ?)",
                [(sha256, key, index, face.chip_jpeg) for index, face in enumerate(analysis.faces)],
            )
            connection.execute("COMMIT")

    def chip(self, sha256: str, key: str, face_index: int) -> bytes | None:
        """The small picture of a face, a JPEG, or None.

        Raises:
            StorageError: If the store fails.
        """
        with self._use() as connection:
            row = connection.execute(
                "SELECT jpeg FROM chips WHERE sha256 = ? AND key = ? AND face_index = ?", (sha256, key, face_index)
            ).fetchone()
        return None if row is None else bytes(row[0])

    def grouping(self, key: str) -> NDArray[np.int64] | None:
        """The labels that a grouping of faces gave, or None; `key` names everything that they depend on.

        Raises:
            StorageError: If the store fails.
        """
        with self._use() as connection:
            row = connection.execute("SELECT labels FROM groupings WHERE key = ?", (key,)).fetchone()
        return None if row is None else np.frombuffer(row[0], dtype="<i4").astype(np.int64)

    def keep_grouping(self, key: str, labels: NDArray[np.integer]) -> None:
        """Keep the labels of a grouping, and forget the oldest of many.

        Raises:
            StorageError: If the store fails.
        """
        with self._use() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "INSERT OR REPLACE INTO groupings (key, labels) VALUES (?, ?)", (key, labels.astype("<i4").tobytes())
            )
            connection.execute(
                "DELETE FROM groupings WHERE number <= (SELECT max(number) FROM groupings) - ?", (_KEPT_GROUPINGS,)
            )
            connection.execute("COMMIT")

    def measures(self, wanted: Mapping[str, tuple[str, str]]) -> dict[str, PhotoMeasures]:
        """Kept measures.

        Args:
            wanted: From any name to (sha256, key).

        Returns:
            By name, for those that are kept and of the present version.

        Raises:
            StorageError: If the store fails.
        """
        out = {}
        with self._use() as connection:
            for name, (sha256, key) in wanted.items():
                row = connection.execute(
                    "SELECT value FROM measures WHERE sha256 = ? AND key = ?", (sha256, key)
                ).fetchone()
                if row is None:
                    continue
                try:
                    out[name] = PhotoMeasures.from_json(json.loads(row[0]))
                except ValueError:
                    logger.info("kept measures of %s are of another version; they are taken anew", name)
        return out

    def keep_measures(self, stamp: FileStamp, sha256: str, key: str, measures: PhotoMeasures) -> None:
        """Keep measures and the hash of their file.

        Raises:
            StorageError: If the store fails.
        """
        value = json.dumps(measures.to_json(), separators=(",", ":"))
        with self._use() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)",
                (_path_key(stamp.path), stamp.size_bytes, stamp.mtime_ns, sha256),
            )
            connection.execute("INSERT OR REPLACE INTO measures VALUES (?, ?, ?)", (sha256, key, value))
            connection.execute("COMMIT")


def _take_log(connection: sqlite3.Connection) -> str:
    """Ask for the write-ahead log, and try it; gives the journal's name, for the answer may be no.

    A log needs memory that processes share through a file beside the store. File systems without it (some network
    mounts) either say so in the answer, or fail at the first look or write.
    """
    (journal,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("COMMIT")
    return str(journal)


def _take_rollback_journal(connection: sqlite3.Connection) -> str:
    # A store that came from another disk may still have a log; who is alone reads it without shared memory.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    (journal,) = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    connection.execute("PRAGMA locking_mode = NORMAL")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return str(journal)


def _is_damage(error: sqlite3.Error) -> bool:
    # A table that is not there means a file of another program or half of ours.
    return getattr(error, "sqlite_errorname", "") in ("SQLITE_CORRUPT", "SQLITE_NOTADB") or "no such" in str(error)


def _path_key(path: Path) -> bytes:
    return os.fsencode(path)


def _face_to_json(face: AnalysedFace) -> dict[str, Any]:
    detected, quality = face.detected, face.quality
    return {
        "box": list(detected.box),
        "landmarks": [[round(x, 2), round(y, 2)] for x, y in detected.landmarks],
        "confidence": round(detected.confidence, 4),
        "quality": [quality.size_px, round(quality.sharpness, 4), quality.yaw_deg, round(quality.score, 4)],
    }


def _face_from_json(data: Mapping[str, Any]) -> KeptFace:
    return KeptFace(
        box=Box(*data["box"]),
        landmarks=FiveLandmarks(*(Point(x, y) for x, y in data["landmarks"])),
        confidence=float(data["confidence"]),
        quality=FaceQuality(*data["quality"]),
    )
