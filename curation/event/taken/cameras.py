"""How the photos of an event were taken: read from their files once, in the background, and kept."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from curation.domain.measuring.camera import NO_CAMERA, CameraFacts
from curation.errors import CurationError
from curation.photos.files.listing import photo_path
from curation.photos.taken.camera_facts import read_camera_facts
from curation.pipelines.originals import originals_of
from curation.settings import Settings
from curation.storage.file_stamps import stamp_of
from curation.storage.taken.camera_file import KnownCamera, read_cameras, write_cameras

__all__ = ["CamerasNow", "EventCameras"]

logger = logging.getLogger(__name__)

_SHOWN_EVERY = 200  # photos: how often what was read is shown to others
_WRITTEN_EVERY = 4000  # photos: how often it is kept, in case the service is stopped


@dataclass(frozen=True, slots=True, eq=False)
class CamerasNow:
    """What is known now of how photos were taken.

    Attributes:
        by_path: By image path; photos that were not read yet are missing.
        read: How many photos were read.
        total: How many there are; 0 where photos are not read because they lie in object storage.
    """

    by_path: Mapping[str, CameraFacts]
    read: int
    total: int

    @property
    def is_complete(self) -> bool:
        """Whether all photos were read."""
        return self.read >= self.total


class EventCameras:
    """Knows the camera, lens and exposure of each photo of an event. Thread-safe.

    A page never waits for it: what is not known yet is read by a thread of its own, the first of which starts when
    somebody asks. Photos in object storage are not read ahead, because each would have to be fetched as a whole.
    """

    def __init__(self, settings: Settings) -> None:
        """Remember the paths; nothing is read yet."""
        self._state_dir = settings.event_dir
        self._output_dir = settings.io.output_dir
        self._input_dir = Path(os.path.abspath(settings.io.input_dir))  # noqa: PTH100 - resolve follows links
        self._is_remote = bool(settings.input_address)
        self._originals = originals_of(settings)
        self._guard = threading.Lock()
        self._clustering: object = None
        self._now = CamerasNow({}, 0, 0)
        self._reader: threading.Thread | None = None
        self._stopping = threading.Event()

    def now(self, clustering: object, image_paths: Iterable[str]) -> CamerasNow:
        """What is known now; begins to read what is not. Takes what `PhotoTimes.of` takes; never raises."""
        with self._guard:
            if clustering is not self._clustering and not self._stopping.is_set():
                self._clustering = clustering
                paths = [] if self._is_remote else sorted(image_paths)
                self._now = CamerasNow(self._now.by_path, 0, len(paths))
                if paths:
                    self._reader = threading.Thread(
                        target=self._read_all, args=(clustering, paths), name="cameras", daemon=True
                    )
                    self._reader.start()
            return self._now

    def of(self, image_path: str) -> CameraFacts:
        """The facts of one photo, read now if they are not known; nothing if its file is gone or out of reach."""
        known = self._now.by_path.get(image_path)
        if known is not None:
            return known
        try:
            with self._originals.at_hand(photo_path(self._input_dir, image_path)) as path:
                return read_camera_facts(path)
        except CurationError:
            return NO_CAMERA

    def wait(self, timeout_s: float) -> bool:
        """Wait until everything that was asked for is read; False if it takes longer."""
        with self._guard:
            reader = self._reader
        if reader is not None:
            reader.join(timeout_s)
        return reader is None or not reader.is_alive()

    def close(self) -> None:
        """Stop reading."""
        self._stopping.set()

    def _read_all(self, clustering: object, paths: list[str]) -> None:
        try:
            kept = read_cameras(self._state_dir, self._output_dir)
        except CurationError as error:
            logger.debug("what is known of cameras cannot be read: %s", error)
            kept = {}
        known: dict[str, KnownCamera] = {}
        # Until a file is looked at, what was known of it stands.
        before = {path: kept[path] for path in paths if path in kept}
        self._show(clustering, before, 0, len(paths))
        written = 0
        for number, image_path in enumerate(paths, start=1):
            if self._stopping.is_set() or clustering is not self._clustering:
                return
            one = self._known(image_path, kept.get(image_path))
            if one is not None:
                known[image_path] = one
                written += one is not kept.get(image_path)
            if number == len(paths):
                self._show(clustering, known, number, len(paths))
            elif number % _SHOWN_EVERY == 0:
                self._show(clustering, before | known, number, len(paths))
            if written >= _WRITTEN_EVERY:
                self._keep({**kept, **known})
                written = 0
        if written or known.keys() != kept.keys():
            self._keep(known)

    def _known(self, image_path: str, kept: KnownCamera | None) -> KnownCamera | None:
        try:
            path = photo_path(self._input_dir, image_path)
            stamp = stamp_of(path)
        except CurationError:
            return None
        if stamp is None:
            return None
        if kept is not None and (kept.size_bytes, kept.mtime_ns) == (stamp.size_bytes, stamp.mtime_ns):
            return kept
        return KnownCamera(stamp.size_bytes, stamp.mtime_ns, read_camera_facts(path))

    def _show(self, clustering: object, known: Mapping[str, KnownCamera], read: int, total: int) -> None:
        by_path = {path: one.facts for path, one in known.items()}
        with self._guard:
            if clustering is self._clustering:
                self._now = CamerasNow(by_path, read, total)

    def _keep(self, known: Mapping[str, KnownCamera]) -> None:
        try:
            write_cameras(self._state_dir, self._output_dir, known)
        except CurationError as error:
            logger.debug("what is known of cameras is not kept: %s", error)
