"""The input service: files, folders and a watched folder, into the queue of pictures."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from curation.errors import (
    BusyError,
    CurationError,
    PhotosMissingError,
    QueueFullError,
    RedisUnavailableError,
    UploadTooLargeError,
)
from curation.photos.files.listing import Listing, PhotoFile, list_photos
from curation.services.queue.patience import Patience, StoppedError
from curation.services.queue.pictures import PictureQueue, Pushed, WhatHappened
from curation.services.queue.sent import SentPictures, memory_path
from curation.services.trail.step import Step, Trail
from curation.settings.services import ServicesSettings
from curation.storage.atomic import explained

__all__ = ["INPUT_ROLE", "InputReport", "push_files", "watch_folder"]

_logger = logging.getLogger(__name__)

INPUT_ROLE = "input_service"
"""Its name in the log."""

_EMPTY_LOOKS = 10  # a program may make a file long before it writes it


@dataclass(slots=True)
class InputReport:
    """What became of the files.

    Attributes:
        counts: How many pictures are new in the queue, again, or known.
        refused: Name and reason of each file that was not pushed.
        ignored: Name and reason of each file that is no picture, judging by its name.
    """

    counts: Counter[WhatHappened] = field(default_factory=Counter)
    refused: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[tuple[str, str]] = field(default_factory=list)


class _Input:
    """Pushes single files, and waits while the queue is full or Redis is away."""

    def __init__(
        self,
        settings: ServicesSettings,
        queue: PictureQueue,
        trail: Trail,
        stop: threading.Event,
        on_pushed: Callable[[str, Pushed], None] | None,
    ) -> None:
        self._queue = queue
        self._trail = trail
        self._stop = stop
        self._on_pushed = on_pushed
        self._patience = Patience(self._tell_redis)
        self.report = InputReport()

    def push(self, name: str, path: Path) -> str | None:
        """Push a file; returns the hash of its bytes, or None if it was refused.

        Raises:
            StoppedError: If `stop` was set before it was pushed.
        """
        try:
            content = path.read_bytes()
        except OSError as error:
            self.refuse(name, str(explained(error, path, "read")))
            return None
        return self.push_content(name, content)

    def push_content(self, name: str, content: bytes) -> str | None:
        """Likewise, for a file that was read already."""
        while True:
            try:
                pushed = self._patience.ask(lambda: self._queue.push(content, name=name), self._stop)
            except QueueFullError:
                if not self._patience.ask(lambda: self._queue.wait_for_room(len(content), self._stop), self._stop):
                    raise StoppedError from None
                continue
            except UploadTooLargeError as error:
                self.refuse(name, str(error))
                return None
            break
        self.report.counts[pushed.happened] += 1
        self._tell("queued", sha256=pushed.sha256, request_id=pushed.request_id, detail=name)
        if self._on_pushed is not None:
            self._on_pushed(name, pushed)
        return pushed.sha256

    def refuse(self, name: str, reason: str) -> None:
        self.report.refused.append((name, reason))
        _logger.warning("%s is not pushed: %s", name, reason)
        self._tell("refused", status="error", code="not_pushed", detail=f"{name}: {reason}")

    def _tell_redis(self, error: RedisUnavailableError | None) -> None:
        if error is not None:
            self._tell("redis away", status="error", code=error.code, detail=str(error))
        else:
            self._tell("redis back")

    def _tell(
        self, step: str, *, status: str = "ok", sha256: str = "", request_id: str = "", code: str = "", detail: str = ""
    ) -> None:
        self._trail.tell(
            Step(
                role=INPUT_ROLE,
                step=step,
                status=status,
                sha256=sha256,
                request_id=request_id,
                code=code,
                detail=detail,
            )
        )


def push_files(
    settings: ServicesSettings,
    queue: PictureQueue,
    paths: Sequence[Path],
    trail: Trail,
    stop: threading.Event,
    *,
    on_pushed: Callable[[str, Pushed], None] | None = None,
) -> InputReport:
    """Push files, and the photos of folders and their sub-folders; waits while the queue is full or Redis is away.

    Args:
        settings: The section `services`.
        queue: Where they go.
        paths: Files, pushed whatever their names are, and folders.
        trail: Is told each picture.
        stop: Ends it; what was pushed stays.
        on_pushed: Called with name and result of each picture.

    Raises:
        PhotosMissingError: If there is nothing at a path, or no photo in a folder; nothing was pushed then.
    """
    inputs = _Input(settings, queue, trail, stop, on_pushed)
    files = list(_files(paths, inputs.report))
    try:
        for name, path in files:
            if stop.is_set():
                break
            inputs.push(name, path)
    except StoppedError:
        pass
    return inputs.report


def _files(paths: Sequence[Path], report: InputReport) -> Iterator[tuple[str, Path]]:
    for path in paths:
        if path.is_dir():
            listing = list_photos(path, exclude=(), skip_raw_with_jpeg=False)
            report.ignored += (*listing.ignored, *listing.absent)
            report.refused += listing.failed
            yield from ((photo.image_path, photo.path) for photo in listing.photos)
        elif path.exists():
            yield os.fsencode(path.name).decode("utf-8", "backslashreplace"), path
        else:
            raise PhotosMissingError(f"there is no file or folder {path}: name pictures or folders of pictures")


def watch_folder(
    settings: ServicesSettings,
    queue: PictureQueue,
    folder: Path,
    trail: Trail,
    stop: threading.Event,
    *,
    again: bool = False,
    on_pushed: Callable[[str, Pushed], None] | None = None,
) -> InputReport:
    """Push the photos of a folder and its sub-folders as they come, until `stop` is set.

    The folder is looked at every `services.picture_queue.watch_s`, without the help of the system, so that network
    disks work too. A file is sent when its size and time are the same at two looks. What was sent is remembered by
    content in `services.log_dir`: it is not sent again after a restart, or under another name.

    Args:
        settings: The section `services`.
        queue: Where they go.
        folder: The folder; it may be away for a while, as a disk can be.
        trail: Is told each picture.
        stop: Ends it.
        again: Forget what was sent before, such as after Redis was restarted empty.
        on_pushed: Called with name and result of each picture.

    Raises:
        PhotosMissingError: If there is no such folder at the start.
        BusyError: If another process watches it.
        StorageError: If its memory cannot be read or written.
    """
    if not folder.is_dir():
        raise PhotosMissingError(f"there is no folder {folder}: name the folder to watch")
    path = memory_path(settings.log_dir, folder)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(f"{path}.lock", is_singleton=False)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise BusyError(f"another process watches {folder}; one is enough") from error
    except OSError as error:
        raise explained(error, path.parent, "written into") from error
    try:
        if again:
            path.unlink(missing_ok=True)
        inputs = _Input(settings, queue, trail, stop, on_pushed)
        _Watch(folder, SentPictures(path), inputs).run(settings.picture_queue.watch_s, stop)
        return inputs.report
    finally:
        lock.release()


class _Watch:
    def __init__(self, folder: Path, sent: SentPictures, inputs: _Input) -> None:
        self._folder = folder
        self._sent = sent
        self._inputs = inputs
        self._growing: dict[str, tuple[int, int, int]] = {}  # size, time and how often both were seen
        self._refused: set[tuple[str, int, int]] = set()
        self._is_away = False

    def run(self, pause_s: float, stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                self._look()
                stop.wait(pause_s)
        except StoppedError:
            return

    def _look(self) -> None:
        listing = self._listing()
        if listing is None:
            return
        growing: dict[str, tuple[int, int, int]] = {}
        for photo in listing.photos:
            stamp = (photo.image_path, photo.size_bytes, photo.mtime_ns)
            if self._sent.has_file(photo) or stamp in self._refused:
                continue
            size, mtime_ns, looks = self._growing.get(photo.image_path, (-1, -1, 0))
            looks = looks + 1 if (size, mtime_ns) == (photo.size_bytes, photo.mtime_ns) else 1
            growing[photo.image_path] = (photo.size_bytes, photo.mtime_ns, looks)
            if looks >= (2 if photo.size_bytes else _EMPTY_LOOKS) and self._send(photo):
                del growing[photo.image_path]
        self._growing = growing

    def _send(self, photo: PhotoFile) -> bool:
        """Send a file that has stopped growing; False if it has changed again."""
        try:
            content = photo.path.read_bytes()
            status = photo.path.stat()
        except OSError:
            return False  # gone, or not readable yet
        if (status.st_size, status.st_mtime_ns, len(content)) != (photo.size_bytes, photo.mtime_ns, photo.size_bytes):
            return False
        sha256 = hashlib.sha256(content).hexdigest()
        if not self._sent.has_content(sha256) and self._inputs.push_content(photo.image_path, content) is None:
            self._refused.add((photo.image_path, photo.size_bytes, photo.mtime_ns))
            return True
        self._sent.add(photo, sha256)
        return True

    def _listing(self) -> Listing | None:
        try:
            listing = list_photos(self._folder, exclude=(), skip_raw_with_jpeg=False)
        except PhotosMissingError as error:
            if not self._folder.is_dir():
                self._note_away(error)
            return None
        self._note_away(None)
        return listing

    def _note_away(self, error: CurationError | None) -> None:
        if (error is not None) != self._is_away:
            self._is_away = error is not None
            _logger.warning("%s", f"{error}; waiting for it" if error is not None else f"{self._folder} is back")
