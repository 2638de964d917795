"""The faces of one picture, found or at a place that a person pointed out, in a process of its own.

What is handed in may be anything: it is decoded in a child process with limits of time and memory, never in the process
that asks. The child stays for a while, so that the next picture does not wait for the networks to be loaded.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from curation.domain.faces.face import Box, DetectedFace, PhotoAnalysis
from curation.engines.base import EngineSpec
from curation.errors import BusyError, PhotoUnreadableError
from curation.photos.files.decoding import open_photo_bytes
from curation.photos.files.lazy_photo import OpenPhoto
from curation.pipelines.face_at_place import face_at
from curation.pipelines.per_photo import judged_face, worker_engine, worker_parts, worker_photo
from curation.workers.pool import TaskPool

__all__ = ["PictureFaceReader", "PictureFaces", "PictureTask", "picture_faces_worker"]

_TIMEOUT_S = 30.0  # a photo of 120 megapixels with a crowd takes 10 s on a slow machine
_FAILURES = {
    "timeout": "looking for faces took longer than {timeout_s:g} s and was given up; try a smaller picture",
    "killed": "looking for faces took more memory than it may take, or a decoder crashed; save the picture anew",
    "bug": "the picture cannot be looked at; save it anew as JPEG",
}


@dataclass(frozen=True, slots=True)
class PictureTask:
    """A picture whose faces are wanted: a file, or bytes that lie in no file.

    Attributes:
        path: Of the file; None for bytes.
        content: The bytes, if there is no file.
        box: Where one face is, in pixels of the upright full-size picture; None for all that the engine finds.
        sha256: That the content must have; None for any.
    """

    path: Path | None
    content: bytes = b""
    box: Box | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PictureFaces:
    """What was found on a picture.

    Attributes:
        sha256: Of its content.
        analysis: Its size, and its faces from left to right, each with embedding, quality and chip; neither miniature
            nor time.
    """

    sha256: str
    analysis: PhotoAnalysis


def picture_faces_worker(task: PictureTask) -> PictureFaces:
    """The faces of a picture, whatever is known of it.

    Raises:
        PhotoError: If the picture cannot be used, is not the one that was meant, or the place does not lie in it.
        WeightsError: If the engine cannot be loaded.
    """
    if task.path is None:
        photo = open_photo_bytes(task.content, max_megapixels=worker_parts().max_megapixels)
        return _looked_at(hashlib.sha256(task.content).hexdigest(), photo, task)
    with worker_photo(task.path) as (sha256, photo):
        return _looked_at(sha256, photo, task)


def _looked_at(sha256: str, photo: OpenPhoto, task: PictureTask) -> PictureFaces:
    if task.sha256 is not None and sha256 != task.sha256:
        raise PhotoUnreadableError("the photo was changed meanwhile: look through the photos again")
    found: Sequence[DetectedFace] = (
        worker_engine().analyse(photo) if task.box is None else [face_at(photo, task.box, worker_engine(doubting=True))]
    )
    chip_px = worker_parts().chip_px
    faces = tuple(judged_face(photo, face, chip_px) for face in found)
    return PictureFaces(sha256, PhotoAnalysis(photo.width, photo.height, faces))


class PictureFaceReader:
    """Looks at one picture after the other in a child process. Thread-safe; nothing of a picture is kept."""

    def __init__(
        self,
        make_pool: Callable[[EngineSpec], TaskPool],
        choose: Callable[[], EngineSpec],
        *,
        timeout_s: float = _TIMEOUT_S,
        idle_s: float = 60.0,
        wait_s: float = 30.0,
    ) -> None:
        """Set the limits; no process starts yet.

        Args:
            make_pool: Makes a pool with a single process that is prepared as a worker with an engine.
            choose: Chooses the engine; called once, when it is first needed.
            timeout_s: The longest time for one picture.
            idle_s: How long the process stays after the last picture.
            wait_s: How long a picture waits for those before it.
        """
        self._make_pool = make_pool
        self._choose = choose
        self._spec: EngineSpec | None = None
        self._timeout_s = timeout_s
        self._idle_s = idle_s
        self._wait_s = wait_s
        self._guard = threading.Lock()
        self._pool: TaskPool | None = None
        self._leaving: threading.Timer | None = None

    @property
    def spec(self) -> EngineSpec:
        """The engine that finds and embeds faces.

        Raises:
            WeightsError: If its weights are missing or broken.
            SettingsError: If it cannot run as the settings ask for.
        """
        if self._spec is None:
            self._spec = self._choose()
        return self._spec

    def choose_anew(self) -> None:
        """Choose the engine once more when it is next needed: others may have other weights by now."""
        with self._guard:
            self._end()
            self._spec = None

    def read(self, picture: bytes | Path, *, box: Box | None = None, sha256: str | None = None) -> PictureFaces:
        """The faces of a picture; takes a second or two, the first time longer.

        Args:
            picture: The bytes of a picture in any format that photos have, or the path of a photo.
            box: Where one face is, in pixels of the upright full-size picture: only that one is embedded, found or not.
                None for all that the engine finds.
            sha256: That the content must have; None for any.

        Raises:
            PhotoError: If the picture cannot be used, or took too long or too much memory.
            WeightsError: If the engine cannot be loaded.
            WorkerError: If the process cannot be started.
            BusyError: If other pictures take too long.
        """
        task = (
            PictureTask(None, picture, box, sha256)
            if isinstance(picture, bytes)
            else PictureTask(picture, b"", box, sha256)
        )
        if not self._guard.acquire(timeout=self._wait_s):
            raise BusyError("other pictures are looked at just now: try again in a moment")
        try:
            return self._read(task)
        finally:
            self._leave_later()
            self._guard.release()

    def _read(self, task: PictureTask) -> PictureFaces:
        if self._leaving is not None:
            self._leaving.cancel()
        if self._pool is None:
            self._pool = self._make_pool(self.spec)
        try:
            (outcome,) = self._pool.run(picture_faces_worker, [task], timeout_s=self._timeout_s)
        except BaseException:
            self._end()  # what the pool is in now is not known
            raise
        if outcome.result is None:
            failure = outcome.failure
            told = _FAILURES.get(failure.kind) if failure is not None else _FAILURES["bug"]
            reason = failure.reason if told is None and failure is not None else (told or "")
            raise PhotoUnreadableError(reason.format(timeout_s=self._timeout_s) if told else reason)
        return outcome.result

    def _leave_later(self) -> None:
        self._leaving = threading.Timer(self._idle_s, self.close)
        self._leaving.daemon = True
        self._leaving.start()

    def close(self) -> None:
        """End the process, if it is idle; the next picture starts another one."""
        if not self._guard.acquire(blocking=False):
            return
        try:
            self._end()
        finally:
            self._guard.release()

    def _end(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()
