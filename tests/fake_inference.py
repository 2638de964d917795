"""A `VideoInference` without networks: films are text files that say who is in them, posters are painted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from curation.domain.film.clip import ClipStatus
from curation.domain.film.people import TrailerResult
from curation.domain.report import Progress
from curation.errors import ClipUnreadableError
from curation.pipelines.video.inference import VideoInference
from curation.pipelines.video.media import MediaLimits, MediaShelf
from curation.pipelines.video.options import LookOptions, PeopleOptions, PosterOptions
from curation.pipelines.video.setup import VideoSetup
from curation.pipelines.video.web.addresses import Resolver, UrlRule
from tests.fakes import FAKE_PEOPLE, FakeEngine, fake_spec
from tests.film_values import made_film, made_result, made_track, unit

__all__ = ["FakeLook", "fake_inference", "film_of", "text_film"]


def film_of(*people: int) -> TrailerResult:
    """A film in which each of these painted people is seen for 0.8 s, one after the other."""
    tracks = []
    for number, person in enumerate(people):
        mean = unit(np.eye(FAKE_PEOPLE)[person])
        track = made_track(number, number + 0.8, 0)
        faces = tuple(
            replace(face, face=replace(face.face, detected=replace(face.face.detected, embedding=mean)))
            for face in track.faces
        )
        tracks.append(replace(track, faces=faces, mean=mean))
    return made_result(made_film(tracks), [((number,), "") for number in range(len(people))])


def text_film(*people: int) -> bytes:
    """The content of a film with these people; the zero is what no film is without."""
    return b"\0film " + b" ".join(str(person).encode() for person in people)


class FakeLook:
    """Looks at text films, and counts how often; words in place of people are errors."""

    def __init__(self) -> None:
        self.looked_at: list[bytes] = []
        self.errors: dict[bytes, BaseException] = {}
        self.before: Callable[[], None] = lambda: None

    def __call__(
        self,
        path: Path,
        *,
        known: Any,
        labels: Any,
        first_new_id: int,
        progress: Callable[[Progress], None],
        cancel: threading.Event | None,
    ) -> TrailerResult:
        content = path.read_bytes()
        self.looked_at.append(content)
        self.before()
        if content in self.errors:
            raise self.errors[content]
        if not content.startswith(b"\0film"):
            raise ClipUnreadableError(f"{path.name} is no film")
        words = content.split()[1:]
        result = film_of(*(int(word) for word in words if word.isdigit()))
        if b"cut" in words:
            film = replace(result.film, status=ClipStatus.PARTIAL, problem="the film breaks off after 2.0 s")
            return replace(result, film=film)
        return result


def fake_inference(
    folder: Path,
    look: FakeLook | None = None,
    *,
    urls: UrlRule = "off",
    resolve: Resolver | None = None,
    posters: PosterOptions | None = None,
    providers: tuple[str, ...] = ("CPUExecutionProvider",),
    free_memory: Callable[[], None] = lambda: None,
    engines: list[FakeEngine] | None = None,
) -> VideoInference:
    """Everything real but the networks; what is fetched goes into `folder`/fetched_media."""
    spec = replace(fake_spec(), providers=providers)

    def unused(_: VideoSetup) -> Any:
        raise AssertionError("no worker is built here")

    def check_film(path: Path) -> None:
        if not path.read_bytes().startswith(b"\0film"):
            raise ClipUnreadableError("it has no moving picture")

    def make_engine(_: object) -> FakeEngine:
        engine = FakeEngine(spec)
        if engines is not None:
            engines.append(engine)
        return engine

    setup = VideoSetup(
        engine=spec,
        poster_engine=spec,
        looks=LookOptions(),
        people=PeopleOptions(),
        posters=posters or PosterOptions(),
        readers=(),
        predictor=None,
        state_dir=folder,
        max_minutes=600,
        max_mb=1,
        build=unused,
    )
    shelf = MediaShelf(
        folder / "fetched_media", MediaLimits(urls, 1, 1, 100, 5.0), check_film=check_film, resolve=resolve
    )
    return VideoInference(
        setup, look or FakeLook(), shelf, make_engine=make_engine, max_megapixels=100, free_memory=free_memory
    )
