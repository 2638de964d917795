"""The composition root of films in the service: the folder, the networks and the event that the settings name."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from curation.decoders import decoded
from curation.domain.faces.face import Box
from curation.errors import ClipUnreadableError, CurationError, StorageError, VideoFileNotFoundError
from curation.extras import Extra, extra_for
from curation.jobs.video.event_engine import pinned_engine
from curation.jobs.video.film_folders import FilmFolders
from curation.jobs.video.film_work import FilmLook, FilmPictures, FilmWork
from curation.jobs.video.films import Films
from curation.jobs.video.video_jobs import VideoJobs
from curation.pipelines.originals import originals_of
from curation.storage.atomic import sweep_temporaries, write_bytes
from curation.workers.alone import run_alone

if TYPE_CHECKING:
    from curation.domain.film.clip import ClipFacts
    from curation.domain.film.people import PosterResult, TrailerResult
    from curation.domain.report import Progress
    from curation.event.catalog import Catalog
    from curation.event.people.edits import PeopleEdits
    from curation.pipelines.video.setup import VideoSetup
    from curation.settings import Settings

__all__ = ["build_films", "demand_extra", "draw_film"]

FACE_PX = 256
_FACTS_S = 120.0  # processor time: all packets of a long film are read
PICTURES_DIR = "film_pictures"
"""The folder of kept pictures: beside films that were handed in; for clips of the event in `io.state_dir`."""
PICTURES_VERSION = 1  # raise it when pictures made of the same film change


def demand_extra() -> None:
    """Make sure that films can be looked at.

    Raises:
        ExtraMissingError: If the packages are not installed; says how to get them.
    """
    with extra_for(Extra.VIDEO, "looking at films"):
        if find_spec("av") is None:
            raise ModuleNotFoundError("No module named 'av'", name="av")


def build_films(settings: Settings, catalog: Catalog, labels: PeopleEdits) -> tuple[VideoJobs, Films]:
    """Create the films of the service; networks are looked for when the first film comes.

    Args:
        settings: Of the program.
        catalog: Of the event, whose people films may show.
        labels: Of the event.
    """
    from curation.event.film.event_films import EventFilms

    folders = FilmFolders(settings.video.dir)
    films = Films(folders, settings.io.input_dir, EventFilms(settings, catalog), labels)
    jobs = VideoJobs(folders, _pictures(settings, folders), partial(_work, settings))
    return jobs, films


def _pictures(settings: Settings, folders: FilmFolders) -> FilmPictures:
    kept = _KeptPictures(settings, folders)
    return FilmPictures(
        facts=partial(_facts, settings),
        still=kept.still,
        face=kept.face,
        fetch=partial(_fetch, settings),
        poster=partial(_poster, settings),
    )


def _facts(settings: Settings, path: Path) -> ClipFacts:
    from curation.video.opening import clip_facts

    video = settings.video
    read = partial(clip_facts, max_minutes=video.max_video_minutes, max_mb=video.max_video_mb)
    with originals_of(settings).at_hand(path) as opened:
        return decoded(read, opened, seconds=_FACTS_S)


def _face_of_film(path: Path, *, time: Fraction, box: Box) -> bytes:
    from curation.photos.looks.thumbnails import face_chip_jpeg
    from curation.video.stills import still

    return face_chip_jpeg(still(path, time), box, long_side_px=FACE_PX)


class _KeptPictures:
    """Pictures of films, made once and kept until others need the room."""

    def __init__(self, settings: Settings, folders: FilmFolders) -> None:
        from curation.storage.picture_cache import PictureCache

        self._folders = folders
        self._originals = originals_of(settings)
        self._cache = PictureCache(
            settings.event_dir / PICTURES_DIR, max_bytes=settings.service.picture_cache_mb * 10**6
        )

    def still(self, path: Path, time: Fraction, long_side_px: int) -> bytes:
        def make() -> bytes:
            from curation.video.stills import still_jpeg

            with self._originals.at_hand(path) as opened:
                return decoded(partial(still_jpeg, time=time, long_side_px=long_side_px), opened)

        return self._made(path, make, "still", time, long_side_px)

    def face(self, path: Path, time: Fraction, box: Box) -> bytes:
        def make() -> bytes:
            with self._originals.at_hand(path) as opened:
                return decoded(partial(_face_of_film, time=time, box=box), opened)

        return self._made(path, make, "face", time, *box)

    def _made(self, path: Path, make: Callable[[], bytes], *what: object) -> bytes:
        from curation.storage.file_stamps import stamp_of
        from curation.storage.picture_cache import picture_key

        stamp = stamp_of(path)
        if stamp is None:
            raise VideoFileNotFoundError(f"the film {path.name} is gone: put it back, or delete it")
        key = picture_key(stamp, PICTURES_VERSION, *map(str, what))
        if not self._folders.holds(path):
            kept = self._cache.get(key)
            return self._cache.made(key, make) if kept is None else kept
        # Beside the film, so that they are gone with it.
        beside = path.parent / PICTURES_DIR / f"{key}.jpg"
        try:
            return beside.read_bytes()
        except OSError:
            content = make()
        write_bytes(beside, content, durable=False)
        return content


def _work(settings: Settings) -> FilmWork:
    from curation.bootstrap import build_video

    inference = build_video(settings, pinned=pinned_engine(settings))
    return FilmWork(
        settings_hash=inference.settings_key,
        look=partial(_look, settings, inference.setup),
        match=inference.infer_on_poster,
        annotate=partial(draw_film, settings),
        forget=partial(_forget, settings),
    )


def _look(
    settings: Settings,
    setup: VideoSetup,
    path: Path,
    *,
    earlier: TrailerResult | None,
    progress: Callable[[Progress], None],
    cancel: threading.Event,
) -> FilmLook:
    from curation.bootstrap import video_analyser
    from curation.event.film.joinable import joinable_people
    from curation.pipelines.video.trailer import infer_on_trailer

    people = joinable_people(settings, setup.engine)
    # The workers end with each film: a service that has none to look at needs no memory for it.
    with video_analyser(settings, setup) as analyser:
        result = infer_on_trailer(
            path,
            analyser,
            setup,
            known=people.known,
            labels=people.labels,
            first_new_id=people.first_new_id,
            earlier=earlier,
            progress=progress,
            cancel=cancel,
        )
    known = set() if people.known is None else set(people.known.cluster_ids.tolist())
    return FilmLook(result, frozenset(person.cluster_id for person in result.people if person.cluster_id in known))


def draw_film(
    settings: Settings,
    path: Path,
    result: TrailerResult,
    target: Path,
    progress: Callable[[Progress], None],
    cancel: threading.Event,
) -> None:
    """Write a film with the boxes and names of its characters, in a process of its own.

    Args:
        settings: Of the program.
        path: Of the film.
        result: What was found in it.
        target: The MP4 to write; it is replaced only when it is whole.
        progress: Told of pictures that are done.
        cancel: Stops it at once, whatever the film does; nothing is left then.

    Raises:
        ClipUnreadableError: If the film cannot be read, or goes beyond the limits of the process.
        RunInterruptedError: If `cancel` was set.
        StorageError: If the file cannot be written.
        WorkerError: If the process cannot be started.
    """
    try:
        with originals_of(settings).at_hand(path) as opened:
            run_alone(_drawn_alone, opened, result, target, tell=progress, cancel=cancel, refusal=_not_drawn)
    finally:
        # A process that was killed leaves what it had not finished.
        with suppress(StorageError):
            sweep_temporaries(target.parent)


def _drawn_alone(path: Path, result: TrailerResult, target: Path, tell: Callable[[Progress], None]) -> None:
    from curation.video.annotated import annotate

    annotate(path, result, target, progress=tell)


def _not_drawn(why: str) -> CurationError:
    return ClipUnreadableError(f"the film with boxes and names cannot be made: {why}; convert the film")


def _forget(settings: Settings, path: Path) -> None:
    from curation.storage.file_stamps import stamp_of
    from curation.storage.video.segment_store import SegmentStore, film_content

    stamp = stamp_of(path)
    if stamp is not None:
        with SegmentStore(settings.io.state_dir) as store:
            store.forget(film_content(stamp))


def _fetch(settings: Settings, address: str, target: Path, max_bytes: float) -> str:
    from urllib.parse import unquote, urlsplit

    from curation.pipelines.video.web.fetching import FetchLimits, fetch

    video = settings.video
    # Whoever may send requests need not be able to reach the machine's own network: `any` is for commands.
    rule: Literal["off", "public"] = "off" if video.urls == "off" else "public"
    is_poster = max_bytes == settings.service.upload_photo_mb * 1e6
    setting = "service.upload_photo_mb" if is_poster else "video.max_video_mb"
    limits = FetchLimits(rule, int(max_bytes), video.url_timeout_s, setting)
    fetch(address, target, limits)
    return unquote(urlsplit(address).path).rpartition("/")[2]


def _poster(settings: Settings, path: Path, poster: PosterResult, result: TrailerResult) -> bytes:
    from curation.photos.lettering.annotated_poster import annotated_poster

    drawn = partial(annotated_poster, max_megapixels=settings.io.max_photo_megapixels)
    return decoded(drawn, path, poster, result)
