"""When the photos of an event were taken, and its scenes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from curation.domain.bursts.clocks import NO_CLOCKS, EventClocks
from curation.domain.bursts.scenes import Scene, clock_seconds, scenes_of
from curation.errors import FaceDataError
from curation.event.file_cache import Derived
from curation.photos.files.listing import photo_path
from curation.pipelines.event_clocks import clock_rules, read_clocks
from curation.settings import Settings
from curation.storage.analysis_store import STORE_NAME, AnalysisStore

__all__ = ["NO_TIMES", "EventTimes", "PhotoTimes"]


@dataclass(frozen=True, slots=True, eq=False)
class EventTimes:
    """The times of an event's photos.

    Attributes:
        taken_s: By clocks that are set by the pictures, see `clock_seconds`, by image path; without photos whose time
            is unknown.
        scenes: See `curation.domain.bursts.scenes`.
        scene_of: The number of the scene of each photo in `taken_s`.
        clocks: The clocks of the cameras, and what each file tells.
    """

    taken_s: Mapping[str, float]
    scenes: tuple[Scene, ...]
    scene_of: Mapping[str, int]
    clocks: EventClocks = NO_CLOCKS

    @classmethod
    def of(cls, taken_s: Mapping[str, float], clocks: EventClocks = NO_CLOCKS) -> EventTimes:
        """Divide photos into scenes."""
        scenes = scenes_of(taken_s)
        numbers = {path: scene.number for scene in scenes for path in scene.image_paths}
        return cls(taken_s, scenes, numbers, clocks)


NO_TIMES = EventTimes.of({})


class PhotoTimes:
    """Reads the capture times that the clustering found, from the analysis store, and sets the clocks. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        """Remember the paths; nothing is read yet."""
        self._state_dir = settings.io.state_dir
        self._rules = clock_rules(settings)
        # The same form of path that the listing uses, which is the key in the store.
        self._input_dir = Path(os.path.abspath(settings.io.input_dir))  # noqa: PTH100 - resolve follows links
        self._times: Derived[EventTimes] = Derived()

    def of(
        self, clustering: object, image_paths: Iterable[str], people: Callable[[], Mapping[str, frozenset[str]]]
    ) -> EventTimes:
        """The times of photos; the same object until there is another clustering.

        Args:
            clustering: The record of the last clustering, the same object until there is another one.
            image_paths: Of its photos; read only when there is another clustering.
            people: Gives the people of each photo, by image path; called only when there is another clustering.

        Raises:
            StorageError: If the store fails.
        """
        return self._times.get((clustering,), lambda: self._read(image_paths, people()))

    def _read(self, image_paths: Iterable[str], people: Mapping[str, frozenset[str]]) -> EventTimes:
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
            contents = {image_path: hashes[file] for image_path, file in files.items() if file in hashes}
            clocks = read_clocks(store, contents, people, self._rules)
        taken_s = {path: clock_seconds(one.time) for path, one in clocks.times.items() if one.time is not None}
        return EventTimes.of(taken_s, clocks)
