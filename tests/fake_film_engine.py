"""Films of painted faces, and the setup with which the whole walk runs over them without any weights."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.engines.base import FoundFace, PhotoPixels
from curation.pipelines.per_photo import WorkerParts
from curation.pipelines.video.analysis import FilmAnalyser
from curation.pipelines.video.options import LookOptions, PeopleOptions, PosterOptions
from curation.pipelines.video.segment_task import prepare_video_worker
from curation.pipelines.video.setup import VideoSetup
from curation.workers.serial import SerialPool
from tests.fakes import FakeEngine, fake_spec, paint_face
from tests.film_files import pattern, write_film

__all__ = ["Actor", "CountingEngine", "acted_film", "build_fake_parts", "fake_analyser", "fake_video_setup", "scenes"]

WIDTH, HEIGHT = 192, 108
FPS = 25
_PLACE = Box(40, 30, 30, 40)


@dataclass(frozen=True, slots=True)
class Actor:
    """A face that moves in a straight line while it is seen.

    Attributes:
        person: 0 to 11, see `paint_face`.
        first: Number of the first picture of the scene that shows it.
        last: Of the last one.
        start: Box in the first picture of the scene.
        step: By how many pixels it moves from picture to picture: x, y.
    """

    person: int
    first: int
    last: int
    start: Box = _PLACE
    step: tuple[float, float] = (0, 0)

    def box(self, number: int) -> Box:
        """Where the face is in a picture of the scene."""
        x, y = self.start.x + number * self.step[0], self.start.y + number * self.step[1]
        return Box(
            min(max(0, round(x)), WIDTH - self.start.w), min(max(0, round(y)), HEIGHT - self.start.h), *self.start[2:]
        )


def scenes(*acted: tuple[int, Sequence[Actor]]) -> Iterable[NDArray[np.uint8]]:
    """The pictures of a film: for each scene how many, and who acts in it. Scenes differ in their background."""
    for scene, (count, actors) in enumerate(acted):
        grey = pattern(scene, width=WIDTH, height=HEIGHT, cells=12).mean(axis=2, keepdims=True)
        background = np.repeat(grey.astype(np.uint8), 3, axis=2)
        for number in range(count):
            picture = background.copy()
            for actor in actors:
                if actor.first <= number <= actor.last:
                    paint_face(picture, actor.box(number), actor.person)
                    _shade(picture, actor.box(number), actor.person)
            yield picture


def _shade(picture: NDArray[np.uint8], box: Box, person: int) -> None:
    """Make a part of a painted face darker: people differ in form, not only in colour."""
    x, y = box.x + (person % 2) * box.w // 2, box.y + (person // 2 % 2) * box.h // 2
    part = picture[y : y + box.h // 2, x : x + box.w // 2]
    part[:] = (part * 0.55).astype(np.uint8)


def acted_film(path: Path, *acted: tuple[int, Sequence[Actor]], key_every: int = 25) -> Path:
    """A film of painted faces."""
    return write_film(path, scenes(*acted), fps=FPS, key_every=key_every)


class CountingEngine(FakeEngine):
    """Counts how often it was asked."""

    found = 0
    embedded = 0

    def find(self, photo: PhotoPixels) -> Sequence[FoundFace]:
        CountingEngine.found += 1
        return super().find(photo)

    def embed_changed(self, *args: object, **more: object) -> NDArray[np.float32]:
        CountingEngine.embedded += 1
        return super().embed_changed(*args, **more)  # type: ignore[arg-type]


def build_fake_parts(setup: VideoSetup) -> WorkerParts:
    """Parts of a worker whose engine sees painted faces."""

    def no_predictor() -> object:
        raise AssertionError("nobody needs landmarks here")

    return WorkerParts(
        make_engine=CountingEngine,
        make_predictor=no_predictor,  # type: ignore[arg-type]
        state_dir=setup.state_dir,
        max_megapixels=math.inf,
        chip_px=64,
    )


def fake_video_setup(state_dir: Path, **looks: object) -> VideoSetup:
    """A setup with `CountingEngine`; fields of `LookOptions` by name."""
    spec = fake_spec()
    return VideoSetup(
        engine=spec,
        poster_engine=spec,
        looks=replace(LookOptions(), **looks),  # type: ignore[arg-type]
        people=PeopleOptions(),
        posters=PosterOptions(),
        readers=(),
        predictor=None,
        state_dir=state_dir,
        max_minutes=60,
        max_mb=1000,
        build=build_fake_parts,
    )


def fake_analyser(state_dir: Path, **looks: object) -> FilmAnalyser:
    """An analyser that works in this process."""
    setup = fake_video_setup(state_dir, **looks)
    return FilmAnalyser(setup, lambda: SerialPool(prepare_video_worker, (setup,)))
