"""An event of painted photos with clips beside them: the real stages, with films that are values."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from curation.domain.faces.face import Box
from curation.domain.film.clip import ClipFacts
from curation.domain.film.track import FilmAnalysis, Track
from curation.domain.report import FilmsReport, Progress
from curation.errors import ClipUnreadableError, PhotoError
from curation.event.catalog import Catalog
from curation.event.film.clip_stage import FilmParts
from curation.event.film.event_films import EventFilms
from curation.pipelines import per_photo
from curation.pipelines.originals import originals_of
from curation.pipelines.stage import ProgressListener
from curation.pipelines.video.options import LookOptions, PeopleOptions, PosterOptions
from curation.pipelines.video.setup import VideoSetup
from curation.workers.pool import stop_if
from curation.workflow import WorkflowOrchestrator
from tests.fake_workflow import FakeEvent
from tests.fakes import FAKE_PEOPLE
from tests.film_values import FACE_BOX, made_film, made_track, unit

__all__ = ["FakeLooker", "FilmEvent", "event_track", "film_event"]

LEFT, RIGHT = FACE_BOX, Box(900, 220, 150, 190)


def event_track(start: float, end: float, person: int, *, box: Box = LEFT, shot: int = 0) -> Track:
    """A track of one of the people of `tests.fakes.paint_face`, as the fake engine embeds them."""
    track = made_track(start, end, 0, box=box, shot=shot)
    faces = tuple(
        replace(one, face=replace(one.face, detected=replace(one.face.detected, embedding=_vector(person, number))))
        for number, one in enumerate(track.faces)
    )
    mean = unit(np.sum([one.face.detected.embedding for one in faces], axis=0))
    return replace(track, faces=faces, mean=mean)


def _vector(person: int, seed: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    direction = np.zeros(FAKE_PEOPLE)
    direction[person] = 1
    return unit(direction + 0.02 * np.random.default_rng(seed).normal(size=FAKE_PEOPLE))


class FakeLooker:
    """Gives films by the name of their file; others are unreadable."""

    def __init__(self, films: Mapping[str, FilmAnalysis]) -> None:
        self.films = films
        self.asked: list[str] = []
        self.closed = 0

    def analyse_many(
        self, paths: Iterable[Path], *, progress: ProgressListener, cancel: threading.Event | None
    ) -> Iterator[tuple[Path, FilmAnalysis | PhotoError]]:
        for number, path in enumerate(paths, start=1):
            stop_if(cancel)
            self.asked.append(path.name)
            progress(Progress("looking at the film", number, number))
            yield path, self.films.get(path.name) or ClipUnreadableError("the file is no film")

    def close(self) -> None:
        self.closed += 1


class FilmEvent(FakeEvent):
    """Photos and clips.

    Attributes:
        films: What is found in clips, by the name of the file; a file without an entry is unreadable.
        looker: Of the last run.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.films: dict[str, FilmAnalysis] = {}
        self.looker = FakeLooker(self.films)

    def clip(self, name: str, tracks: Sequence[Track] = (), *, duration: float = 10, content: str = "") -> Path:
        """Put a clip into the folder of photos; its content is its name unless another one is given."""
        path = self.photos / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((content or name).encode())
        film = made_film(tracks, duration=duration)
        facts = replace(film.facts, capture_time="2026-06-01T12:00:00+02:00")
        self.films[path.name] = replace(film, facts=facts)
        return path

    def setup(self) -> VideoSetup:
        settings = self.settings()
        return VideoSetup(
            engine=self.spec,
            poster_engine=self.spec,
            looks=LookOptions(),
            people=PeopleOptions(),
            posters=PosterOptions(),
            readers=(),
            predictor=None,
            state_dir=settings.io.state_dir,
            max_minutes=600,
            max_mb=1000,
            build=_no_parts,
            originals=originals_of(settings),
        )

    def workflow(self, sections: Mapping[str, Mapping[str, Any]] | None = None) -> WorkflowOrchestrator:
        plain = super().workflow(sections)

        def facts_of(path: Path) -> ClipFacts:
            film = self.films.get(path.name)
            if film is None:
                raise ClipUnreadableError("the file is no film")
            return film.facts

        def select_films(pinned: str | None, progress: ProgressListener) -> FilmParts:
            self.looker = FakeLooker(self.films)
            return FilmParts(self.setup(), self.looker, facts_of)

        return WorkflowOrchestrator(plain.settings, replace(plain._parts, select_films=select_films))

    def look(self, **sections: Mapping[str, Any]) -> FilmsReport:
        """Run the stage over the clips."""
        return self.workflow(sections).run_videos()

    def event_films(self) -> EventFilms:
        settings = self.settings()
        return EventFilms(settings, Catalog(settings))

    def people_of(self, name: str) -> dict[int, Fraction]:
        """Screen time by cluster id of a clip."""
        return {person.cluster_id: person.screen_time for person in self.event_films().film(name).result.people}


def _no_parts(setup: VideoSetup) -> Any:
    raise NotImplementedError


@contextmanager
def film_event(folder: Path) -> Iterator[FilmEvent]:
    """An empty event; what the stages left open in this process is closed at the end."""
    try:
        yield FilmEvent(folder)
    finally:
        while per_photo._current:
            per_photo._current.pop().close()
