"""When the photos of an event were taken, and its scenes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from curation.domain.bursts.scenes import Scene, clock_seconds, scenes_of
from curation.errors import FaceDataError
from curation.event.file_cache import Derived
from curation.photos.files.listing import photo_path
from curation.settings import Settings
from curation.storage.analysis_store import STORE_NAME, AnalysisStore

__all__ = ["NO_TIMES", "EventTimes", "PhotoTimes"]


@dataclass(frozen=True, slots=True, eq=False)
class EventTimes:
    """The times of an event's photos.

    Attributes:
        taken_s: By the clock of the camera, see `clock_seconds`, by image path; without photos whose time is unknown.
        scenes: See `curation.domain.bursts.scenes`.
        scene_of: The number of the scene of each photo in `taken_s`.
    """

    taken_s: Mapping[str, float]
    scenes: tuple[Scene, ...]
    scene_of: Mapping[str, int]

    @classmethod
    def of(cls, taken_s: Mapping[str, float]) -> EventTimes:
        """Divide photos into scenes."""
        scenes = scenes_of(taken_s)
        return cls(taken_s, scenes, {path: scene.number for scene in scenes for path in scene.image_paths})


NO_TIMES = EventTimes.of({})


class PhotoTimes:
    """Reads the capture times that the clustering found, from the analysis store. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        """Remember the paths; nothing is read yet."""
        self._state_dir = settings.io.state_dir
        # The same form of path that the listing uses, which is the key in the store.
        self._input_dir = Path(os.path.abspath(settings.io.input_dir))  # noqa: PTH100 - resolve follows links
        self._times: Derived[EventTimes] = Derived()

    def of(self, clustering: object, image_paths: Iterable[str]) -> EventTimes:
        """The times of photos; the same object until there is another clustering.

        Args:
            clustering: The record of the last clustering, the same object until there is another one.
            image_paths: Of its photos; read only when there is another clustering.

        Raises:
            StorageError: If the store fails.
        """
        return self._times.get((clustering,), lambda: self._read(image_paths))

    def _read(self, image_paths: Iterable[str]) -> EventTimes:
        if not (self._state_dir / STORE_NAME).exists():
            return NO_TIMES
        files: dict[str, Path] = {}
        for image_path in image_paths:
            try:
                files[image_path] = photo_path(self._input_dir, image_path)
            except FaceDataError:
                continue  # the table was edited by hand: it leads out of the folder of photos
        with closing(AnalysisStore(self._state_dir, read_only=True)) as store:
            hashes = store.last_hashes(files.values())
            times = store.capture_times(set(hashes.values()))
        taken_s: dict[str, float] = {}
        for image_path, file in files.items():
            text = times.get(hashes.get(file, ""))
            time = None if text is None else _time(text)
            if time is not None:
                taken_s[image_path] = clock_seconds(time)
        return EventTimes.of(taken_s)


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None
