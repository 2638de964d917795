"""Films as the page shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from curation.api.pages.rendering import clock
from curation.api.pages.video.words import POSTER_FACES, STATES
from curation.domain.film.people import PosterResult, TrailerResult
from curation.errors import CurationError
from curation.jobs.video.best_faces import best_faces
from curation.jobs.video.film_record import PosterRecord, TaskKind, TaskState
from curation.jobs.video.films import Character, Film, Films, FilmSource, FilmState
from curation.jobs.video.media_types import is_playable
from curation.jobs.video.poster_files import read_poster
from curation.jobs.video.video_jobs import VideoJobs

__all__ = ["CharacterView", "FilmCard", "FilmView", "PosterView", "film_card", "film_view", "poster_views"]

_CARD_FACES = 7
_BEST_FACES = 6
_READY = (FilmState.DONE, FilmState.PARTIAL)


@dataclass(frozen=True, slots=True)
class CardFace:
    """A character on a card: cluster id and title."""

    cluster_id: int
    title: str


@dataclass(frozen=True, slots=True)
class FilmCard:
    """A film in the list.

    Attributes:
        id: Of the film.
        name: Its file name.
        folder: Of a clip of the event, in the folder of photos; else empty.
        is_event: Whether it is a clip of the event.
        state: See `FilmState`.
        state_word: The same for people.
        is_ready: Whether there is a result.
        message: What the user should know of the state.
        job_id: Of the job that looks at it; empty if there is none.
        duration: Such as `1:07`; empty if unknown.
        faces: The characters who are seen longest.
        more: How many characters there are besides.
        spoken: The card for screen readers.
    """

    id: str
    name: str
    folder: str
    is_event: bool
    state: FilmState
    state_word: str
    is_ready: bool
    message: str
    job_id: str
    duration: str
    faces: tuple[CardFace, ...]
    more: int
    spoken: str


@dataclass(frozen=True, slots=True)
class Bar:
    """When a character is on screen, in seconds."""

    start_s: float
    end_s: float
    title: str


@dataclass(frozen=True, slots=True)
class FaceView:
    """One of the best faces: its number, and when it is seen."""

    number: int
    time_s: float
    title: str


@dataclass(frozen=True, slots=True)
class CharacterView:
    """A character of a film.

    Attributes:
        id: Cluster id.
        colour: Number of its colour, from 1 to 8.
        name: Empty without one.
        title: The name, or `person 3`.
        category: Empty without one.
        of_event: Whether it is a person of the event.
        is_on_photos: Whether that person has a page, having faces on photos.
        screen_time: Such as `0.6 s` or `0:42`.
        percent: Of the film's duration.
        bars: When it is on screen.
        faces: The best ones.
    """

    id: int
    colour: int
    name: str
    title: str
    category: str
    of_event: bool
    is_on_photos: bool
    screen_time: str
    percent: int
    bars: tuple[Bar, ...]
    faces: tuple[FaceView, ...]


@dataclass(frozen=True, slots=True)
class FilmView:
    """A film in detail.

    Attributes:
        card: As in the list.
        source: The address that a player can play; empty if none can.
        has_boxes: Whether boxes are drawn over the player; not over a film into which they are drawn already.
        end_s: When its last picture ends, since the container's start; 0 if unknown.
        width: In pixels; 0 if unknown.
        height: Likewise.
        codec: Of its pictures; empty if unknown.
        characters: Those who are seen longest first.
        notes: What the user should know besides.
        annotated: State of the annotated version; empty if it was never asked for.
        annotated_message: Why it failed.
        annotated_job: Of the job that makes it.
        facts: What is known of the file, in words.
    """

    card: FilmCard
    source: str
    has_boxes: bool
    end_s: float
    width: int
    height: int
    codec: str
    characters: tuple[CharacterView, ...]
    notes: tuple[str, ...]
    annotated: str
    annotated_message: str
    annotated_job: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PosterFaceView:
    """A face of a poster; places are per cent of its width and height."""

    left: float
    top: float
    width: float
    height: float
    cluster_id: int | None
    title: str


@dataclass(frozen=True, slots=True)
class PosterView:
    """A poster.

    Attributes:
        id: Of the poster.
        name: Its file name.
        state: Of matching it.
        message: Why that failed.
        faces: Empty until it was matched.
        summary: What was found, in words.
        is_matched: Whether it was.
    """

    id: str
    name: str
    state: TaskState
    message: str
    faces: tuple[PosterFaceView, ...]
    summary: str
    is_matched: bool


def film_card(film: Film, names: Mapping[int, str]) -> FilmCard:
    """A film as a card; `names` by cluster id."""
    people = () if film.summary is None else film.summary.people
    faces = tuple(
        CardFace(person.cluster_id, names.get(person.cluster_id) or f"person {person.cluster_id}") for person in people
    )
    folder, _, name = film.name.rpartition("/") if film.source is FilmSource.EVENT else ("", "", film.name)
    duration = "" if film.summary is None else clock(film.summary.duration_s)
    shown = [face.title for face in faces[:_CARD_FACES]]
    return FilmCard(
        id=film.id,
        name=name,
        folder=folder,
        is_event=film.source is FilmSource.EVENT,
        state=film.state,
        state_word=STATES[film.state],
        is_ready=film.summary is not None and film.state is not FilmState.FAILED,
        message=film.message,
        job_id=film.job_id if film.state in (FilmState.WAITING, FilmState.WORKING) else "",
        duration=duration,
        faces=faces[:_CARD_FACES],
        more=max(0, len(faces) - _CARD_FACES),
        spoken="; ".join(
            [name, STATES[film.state], *([duration] if duration else []), *([", ".join(shown)] if shown else [])]
        ),
    )


def film_view(
    film: Film, films: Films, jobs: VideoJobs, is_on_photos: Callable[[int], bool] = lambda cluster: False
) -> FilmView:
    """A film in detail; `is_on_photos` tells of a person of the event. Raises what reading its result raises."""
    card = film_card(film, films.names_of(film))
    annotated = film.task(TaskKind.ANNOTATE)
    has_annotated = jobs.folders.annotated(film.id).is_file()
    summary = film.summary
    codec = summary.codec if summary is not None else film.record.codec if film.record is not None else ""
    source = f"/videos/{film.id}/file" if is_playable(film.media_type, codec) else ""
    has_boxes = bool(source)
    if not source and has_annotated:
        source = f"/videos/{film.id}/annotated"
    result: TrailerResult | None = None
    characters: tuple[CharacterView, ...] = ()
    if card.is_ready:
        result = films.result(film)
        characters = tuple(
            _character(one, number, result, is_on_photos=one.of_event and is_on_photos(one.person.cluster_id))
            for number, one in enumerate(films.characters(film))
        )
    return FilmView(
        card=card,
        source=source,
        has_boxes=has_boxes,
        end_s=0.0 if summary is None else summary.end_s,
        width=0 if summary is None else summary.width,
        height=0 if summary is None else summary.height,
        codec=codec,
        characters=characters,
        notes=() if result is None else result.film.notes,
        annotated="" if annotated is None else annotated.state.value,
        annotated_message="" if annotated is None else annotated.message,
        annotated_job="" if annotated is None else annotated.job_id,
        facts=_facts(film, result),
    )


def _character(one: Character, number: int, result: TrailerResult, *, is_on_photos: bool) -> CharacterView:
    person = one.person
    title = person.name or f"person {person.cluster_id}"
    return CharacterView(
        id=person.cluster_id,
        colour=number % 8 + 1,
        name=person.name,
        title=title,
        category=person.category,
        of_event=one.of_event,
        is_on_photos=is_on_photos,
        screen_time=_lasting(float(person.screen_time)),
        percent=round(100 * person.screen_share),
        bars=tuple(
            Bar(
                round(float(span.start), 3),
                round(float(span.end), 3),
                f"{title}, {clock(float(span.start))} to {clock(float(span.end))}",
            )
            for span in person.intervals
        ),
        faces=tuple(
            FaceView(at, round(float(face.time), 3), f"{title} at {clock(float(face.time))}")
            for at, face in enumerate(best_faces(result, person)[:_BEST_FACES])
        ),
    )


def _lasting(seconds: float) -> str:
    """A time on screen: `0.6 s`, `0:42`."""
    return f"{seconds:.1f} s" if seconds < 10 else clock(seconds)


def _facts(film: Film, result: TrailerResult | None) -> tuple[str, ...]:
    told = []
    if result is not None:
        facts = result.film.facts
        told.append(f"{facts.width} x {facts.height} pixels")
        if facts.fps_average is not None:
            told.append(f"{float(facts.fps_average):.4g} pictures a second{' on average' if facts.is_vfr else ''}")
        told += ["HDR"] if facts.is_hdr else []
        told.append(f"{len(result.film.shots)} shot{'s' if len(result.film.shots) != 1 else ''}")
        if result.film.corrupt_count:
            told.append(f"{result.film.corrupt_count:,} damaged pictures left out")
    told.append(f"{film.size_bytes / 1e6:,.1f} MB")
    return tuple(told)


def poster_views(film: Film, films: Films, jobs: VideoJobs) -> tuple[PosterView, ...]:
    """The posters of a film."""
    if film.record is None:
        return ()
    names = films.names_of(film)
    return tuple(_poster(film, poster, names, jobs) for poster in film.record.posters)


def _poster(film: Film, poster: PosterRecord, names: Mapping[int, str], jobs: VideoJobs) -> PosterView:
    task = film.task(TaskKind.POSTER, poster.id)
    try:
        found = read_poster(jobs.folders.poster(film.id, poster.id))
    except CurationError:
        found = None
    return PosterView(
        id=poster.id,
        name=poster.name,
        state=TaskState.WAITING if task is None else task.state,
        message="" if task is None else task.message,
        faces=() if found is None else _poster_faces(found, names),
        summary="" if found is None else _poster_summary(found),
        is_matched=found is not None,
    )


def _poster_faces(found: PosterResult, names: Mapping[int, str]) -> tuple[PosterFaceView, ...]:
    return tuple(
        PosterFaceView(
            left=round(100 * face.box.x / found.width, 3),
            top=round(100 * face.box.y / found.height, 3),
            width=round(100 * face.box.w / found.width, 3),
            height=round(100 * face.box.h / found.height, 3),
            cluster_id=face.cluster_id,
            title=POSTER_FACES[face.status]
            if face.cluster_id is None
            else names.get(face.cluster_id) or f"person {face.cluster_id}",
        )
        for face in found.faces
    )


def _poster_summary(found: PosterResult) -> str:
    matched = sum(face.cluster_id is not None for face in found.faces)
    if not found.faces:
        return "No face was found on it."
    others = len(found.faces) - matched
    told = (
        f"{matched} of {len(found.faces)} faces are characters of this film"
        if others
        else "Everybody on it is in this film"
    )
    return f"{told}."
