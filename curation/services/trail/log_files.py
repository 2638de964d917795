"""Rotating files of JSON lines: one of each process of a role, and the central one that the role logger keeps."""

from __future__ import annotations

import fcntl
import os
import re
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from curation.disk.held import is_held
from curation.services.trail.line import TrailLine, line_of_text
from curation.settings.services import ServicesSettings
from curation.storage.atomic import explained

__all__ = ["CENTRAL_NAME", "ROLES_DIR", "JsonLines", "RoleFile", "central_file", "lines_of_file", "log_files"]

CENTRAL_NAME = "services.jsonl"
"""Name of the central log in `services.log_dir`."""

ROLES_DIR = "roles"
"""Folder in `services.log_dir` for the files of the processes."""

_MEGABYTE = 1_000_000
_OTHERS_QUIET_S = 7 * 86_400.0  # whether a process of another machine lives cannot be seen from here


class JsonLines:
    """A file of JSON lines that begins anew when it is large: NAME is the newest, then NAME.1, NAME.2 and so on.

    Whole lines are written by one system call at the end of the file, so that a killed process leaves whole lines; if
    the disk was full in the middle of one, the next begins on a line of its own.
    """

    def __init__(self, path: Path, *, max_bytes: int, max_files: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._max_files = max_files
        self._handle: int | None = None

    @property
    def path(self) -> Path:
        """The newest file."""
        return self._path

    def write(self, lines: Sequence[TrailLine]) -> None:
        """Add lines.

        Raises:
            StorageError: If they cannot be written.
        """
        content = "".join(f"{line.as_json()}\n" for line in lines).encode()
        try:
            self._write(content)
        except OSError as error:
            self.close()
            raise explained(error, self._path, "written") from error

    def close(self) -> None:
        """Close the file; the next write opens it again."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _write(self, content: bytes) -> None:
        handle, size = self._opened()
        if size and size + len(content) > self._max_bytes:
            self.close()
            self._rotate()
            handle, size = self._opened()
        if size:
            content = self._on_a_line_of_its_own(size) + content
        written = 0
        while written < len(content):
            written += os.write(handle, content[written:])

    def _opened(self) -> tuple[int, int]:
        """The handle and the size of the file; opened again if somebody moved or removed it."""
        if self._handle is not None:
            mine = os.fstat(self._handle)
            try:
                there = self._path.stat()
            except FileNotFoundError:
                there = None
            if there is None or (mine.st_dev, mine.st_ino) != (there.st_dev, there.st_ino):
                self.close()
        if self._handle is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
            with suppress(OSError):  # held as long as its writer lives; shared, as processes of containers share names
                fcntl.flock(self._handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return self._handle, os.fstat(self._handle).st_size

    def _on_a_line_of_its_own(self, size: int) -> bytes:
        with self._path.open("rb") as file:
            file.seek(size - 1)
            return b"" if file.read(1) == b"\n" else b"\n"

    def _rotate(self) -> None:
        for number in range(self._max_files - 1, 0, -1):
            older = self._path if number == 1 else _numbered(self._path, number - 1)
            if older.exists():
                older.replace(_numbered(self._path, number))
        if self._max_files == 1:
            self._path.unlink(missing_ok=True)


class RoleFile:
    """The file of this process; the sink `Sink` of its lines."""

    def __init__(self, settings: ServicesSettings, role: str) -> None:
        self._role = re.sub(r"[^A-Za-z0-9_]", "_", role) or "role"
        self._host = re.sub(r"[^A-Za-z0-9_.]", "_", socket.gethostname())
        self._folder = settings.log_dir / ROLES_DIR
        self._max_files = settings.log_files
        self._is_swept = False
        self._file = JsonLines(
            self._folder / f"{self._role}-{self._host}-{os.getpid()}.jsonl",
            max_bytes=int(settings.log_file_mb * _MEGABYTE),
            max_files=settings.log_files,
        )

    @property
    def name(self) -> str:
        """The path."""
        return str(self._file.path)

    def write(self, lines: Sequence[TrailLine]) -> None:
        """Add lines; before the first, old files of processes that have ended are removed.

        Raises:
            StorageError: If they cannot be written.
        """
        if not self._is_swept:
            self._sweep()
            self._is_swept = True
        self._file.write(lines)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _sweep(self) -> None:
        """Remove files of dead processes of this role, all but the newest `services.log_files`."""
        try:
            found = [
                (path.stat().st_mtime, path)
                for path in self._folder.glob(f"{self._role}-*.jsonl*")
                if (match := _OWNER.search(path.name)) and self._has_ended(path, match["host"])
            ]
            for _, path in sorted(found, reverse=True)[self._max_files :]:
                path.unlink(missing_ok=True)
        except OSError:
            return  # another process sweeps at the same time, or may not write here: the write itself tells

    def _has_ended(self, path: Path, host: str) -> bool:
        # The number of the process says nothing: in a container each start has the same one.
        newest = path.with_name(match["name"]) if (match := _NUMBERED.fullmatch(path.name)) else path
        if newest == self._file.path:
            return False
        if host == self._host:
            return not is_held(newest, writes=True, if_unknown=True)  # what may be written stays
        return time.time() - path.stat().st_mtime > _OTHERS_QUIET_S


_OWNER = re.compile(r"^[A-Za-z0-9_]+-(?P<host>.*)-(?P<pid>[0-9]+)\.jsonl(\.[0-9]+)?$")
_NUMBERED = re.compile(r"^(?P<name>.*\.jsonl)(\.(?P<number>[0-9]+))?$")


def central_file(settings: ServicesSettings) -> JsonLines:
    """The central log, to be written by one process only."""
    return JsonLines(
        settings.log_dir / CENTRAL_NAME,
        max_bytes=int(settings.log_file_mb * _MEGABYTE),
        max_files=settings.log_files,
    )


def log_files(log_dir: Path, *, central_only: bool = False) -> tuple[Path, ...]:
    """All files of the log, those of a process from the oldest to the newest; empty if there is no such folder."""
    folders = [log_dir] if central_only else [log_dir, log_dir / ROLES_DIR]
    found = []
    for folder in folders:
        try:
            paths = [*folder.glob("*.jsonl"), *folder.glob("*.jsonl.*")]
        except OSError:
            continue
        for path in paths:
            match = _NUMBERED.match(path.name)
            if match and (folder != log_dir or match["name"] == CENTRAL_NAME):
                found.append((folder != log_dir, match["name"], -int(match["number"] or 0), path))
    return tuple(path for *_, path in sorted(found))


def lines_of_file(path: Path, *, containing: str = "") -> Iterator[TrailLine]:
    """The lines of a file; damaged ones are skipped, a file that is gone meanwhile has none.

    Args:
        path: The file.
        containing: Only lines whose JSON contains this text.
    """
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for text in file:
                if containing in text and (line := line_of_text(text)) is not None:
                    yield line
    except OSError:
        return


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")
