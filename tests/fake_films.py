"""Films of the service without networks or PyAV: what is found in a film stands in its file.

`film(kind, number)` is the content of a file: of `ok` two characters are found, `partial` breaks off, `broken` is no
film, `fails` raises while it is looked at, `slow` lasts until it is stopped or `FakeFilms.release` is set.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from PIL import Image

from curation.api.http.video.desk import VideoDesk
from curation.domain.faces.face import Box
from curation.domain.film.clip import ClipFacts, ClipStatus
from curation.domain.film.people import PosterFace, PosterResult, PosterStatus, TrailerResult
from curation.domain.report import Progress
from curation.errors import AddressRefusedError, ClipUnreadableError, FaceAnalysisError, RunInterruptedError
from curation.event.catalog import Catalog
from curation.event.people.edits import PeopleEdits
from curation.jobs.video.film_folders import FilmFolders
from curation.jobs.video.film_work import FilmLook, FilmPictures, FilmWork
from curation.jobs.video.films import EventFilmsPort, Films
from curation.jobs.video.video_jobs import VideoJobs
from curation.settings import Settings
from tests.film_values import made_film, made_result, made_track

__all__ = ["FakeEventFilm", "FakeEventFilms", "FakeFilms", "film", "jpeg", "poster_picture", "two_characters"]

_KIND = re.compile(rb".{8,30}?isom\n(\w+)\n", re.DOTALL)
SECOND_BOX = Box(900, 220, 150, 190)


def film(kind: str = "ok", number: int = 0) -> bytes:
    """The file of a film; the head is that of an MP4."""
    return b"\x00\x00\x00\x18ftypisom" + f"\n{kind}\n{number}".encode()


def jpeg(colour: str = "#806040", size: tuple[int, int] = (64, 64)) -> bytes:
    """A picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


def poster_picture() -> bytes:
    """A poster of 300 x 450 pixels."""
    return jpeg("#203050", (300, 450))


def two_characters(duration: float = 10) -> TrailerResult:
    """A film with two shots: one character in both, another in the second only."""
    tracks = (
        made_track(0, duration / 2, 0),
        made_track(duration / 2, duration, 0, shot=1),
        made_track(duration / 2 + 0.4, duration - 1, 1, shot=1, box=SECOND_BOX),
    )
    return made_result(made_film(tracks, duration=duration, cuts=(duration / 2,)), (((0, 1), ""), ((2,), "")))


@dataclass
class FakeFilms:
    """What the service does with films in tests.

    Attributes:
        result: What is found in a film.
        joined: Characters that are people of the event.
        looked: Names of the files that were looked at.
        forgotten: Files of which what was kept was removed.
        began: Set when a film is begun.
        release: A `slow` film ends when it is set.
        settings_hash: Part of the ids of films.
    """

    result: TrailerResult = field(default_factory=two_characters)
    joined: frozenset[int] = frozenset()
    looked: list[Path] = field(default_factory=list)
    forgotten: list[Path] = field(default_factory=list)
    began: threading.Event = field(default_factory=threading.Event)
    release: threading.Event = field(default_factory=threading.Event)
    settings_hash: str = "5" * 32
    annotated: bytes = b"\x00\x00\x00\x18ftypisom annotated"
    event: EventFilmsPort | None = None
    facts: ClipFacts = field(default_factory=lambda: ClipFacts(Fraction(10), 1280, 720, codec="h264"))
    still: bytes = b""

    def open(self, settings: Settings, catalog: Catalog, labels: PeopleEdits) -> VideoDesk:
        """For `create_app`."""
        folders = FilmFolders(settings.video.dir)
        return VideoDesk(self.jobs(folders), Films(folders, settings.io.input_dir, self.event, labels))

    def jobs(self, folders: FilmFolders) -> VideoJobs:
        return VideoJobs(folders, self.pictures(), self.work)

    def pictures(self) -> FilmPictures:
        return FilmPictures(
            facts=self._facts,
            still=lambda path, time, long_side_px: self.still or jpeg(size=(160, 90)),
            face=lambda path, time, box: jpeg("#a08060"),
            fetch=self._fetch,
            poster=lambda path, poster, result: jpeg("#203050", (30, 45)),
        )

    def work(self) -> FilmWork:
        return FilmWork(self.settings_hash, self._look, self._match, self._annotate, self.forgotten.append)

    def _facts(self, path: Path) -> ClipFacts:
        if b"broken" in path.read_bytes()[:100]:
            raise ClipUnreadableError("the file holds no moving picture: hand in another one")
        return self.facts

    def _fetch(self, address: str, target: Path, max_bytes: float) -> str:
        if "allowed" not in address:
            raise AddressRefusedError("addresses are switched off: set video.urls to public in config.yaml")
        target.write_bytes(poster_picture() if address.endswith(".jpg") else film("ok", 77))
        return address.rpartition("/")[2]

    def _look(
        self,
        path: Path,
        *,
        earlier: TrailerResult | None,
        progress: Callable[[Progress], None],
        cancel: threading.Event,
    ) -> FilmLook:
        self.looked.append(path)
        said = _KIND.match(path.read_bytes()[:100])
        kind = "ok" if said is None else said[1].decode()
        progress(Progress("looking", 0, 10))
        self.began.set()
        while kind == "slow" and not self.release.wait(0.01):
            if cancel.is_set():
                raise RunInterruptedError("the run was stopped")
        if kind == "fails":
            raise FaceAnalysisError("the engine does not like this film; try it again")
        progress(Progress("looking", 10, 10))
        result = self.result
        if kind == "partial":
            told = replace(result.film, status=ClipStatus.PARTIAL, problem="the film breaks off at 00:07")
            result = replace(result, film=told)
        return FilmLook(result, self.joined)

    def _match(self, path: Path, result: TrailerResult) -> PosterResult:
        faces = (
            PosterFace(0, Box(60, 80, 70, 90), 0.99, PosterStatus.MATCHED, 0, 0.8, 1.3, 0.7, 0.05, None, b""),
            PosterFace(1, Box(180, 90, 60, 80), 0.98, PosterStatus.UNMATCHED, None, 1.3, 1.4, 1.2, 0.04, None, b""),
        )
        return PosterResult(300, 450, faces, 1)

    def _annotate(
        self,
        path: Path,
        result: TrailerResult,
        target: Path,
        progress: Callable[[Progress], None],
        cancel: threading.Event,
    ) -> None:
        progress(Progress("drawing", 1, 1))
        target.write_bytes(self.annotated)


@dataclass(frozen=True)
class FakeEventFilm:
    """A clip of the event."""

    video_path: str
    path: Path
    result: TrailerResult | None
    status: ClipStatus = ClipStatus.OK
    error: str = ""


@dataclass
class FakeEventFilms:
    """The clips of the event."""

    clips: tuple[FakeEventFilm, ...]

    def films(self) -> tuple[FakeEventFilm, ...]:
        return self.clips
