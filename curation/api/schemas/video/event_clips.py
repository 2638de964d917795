"""The clips of an event as JSON: their ranks, their best pictures, and coverage over photos and clips."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from curation.api.schemas.base import Out
from curation.domain.choosing.best_frames import BestFrame, ClipScore, Worth
from curation.domain.faces.ids import PHOTO_ID_PATTERN, photo_id
from curation.domain.film.clip import ClipStatus
from curation.domain.labelling.labels import Category
from curation.event.film.event_films import EventFilm, film_id
from curation.event.film.media_coverage import MediaCoverage

__all__ = [
    "BestFrameOut",
    "BestFramesOut",
    "EventClipOut",
    "EventClipsOut",
    "MediaCoverageOut",
    "PersonInMediaOut",
    "best_frame_out",
    "clip_out",
    "person_out",
]

FilmIdText = Annotated[str, Field(pattern=PHOTO_ID_PATTERN, examples=["5b1f6f2f7c0d4a11"])]


class EventClipOut(Out):
    """A clip of the event's folder."""

    film_id: FilmIdText
    video_path: Annotated[str, Field(examples=["phone/IMG_0412.MOV"])]
    status: ClipStatus
    error: str
    """Why it could not be looked at, or not to its end; empty if it could."""
    duration_s: Annotated[float, Field(ge=0)]
    capture_time: str
    """ISO 8601; empty if unknown."""
    people: tuple[str, ...]
    """Display names, the longest on screen first."""
    rank: int | None
    """The place that its best moment would have among the photos; null before the scoring."""
    final_score: Annotated[float | None, Field(ge=0, le=1)]
    best_s: float | None
    """Its best moment, in seconds since the clip's start."""
    results_string: str


class EventClipsOut(Out):
    """All clips."""

    clips: tuple[EventClipOut, ...]
    warnings: tuple[str, ...]
    """What the last run over the clips told."""


class BestFrameOut(Out):
    """A picture of a clip that shows a person well."""

    frame_id: Annotated[str, Field(pattern=PHOTO_ID_PATTERN, examples=["1f0c4be9d93c4c3c"])]
    film_id: FilmIdText
    video_path: str
    time_s: float
    cluster_id: int
    name: str
    category: Category
    worth: Worth
    sentence: Annotated[str, Field(examples=["Anna laughs at 00:12 of IMG_0412.MOV, sharper than on any photo"])]
    rank: int
    """The place that it would have among the photos."""
    final_score: float
    facial_area: tuple[int, int, int, int]
    best_photo_id: str | None
    """The person's best photo, to compare."""
    capture_time: str


class BestFramesOut(Out):
    """The best pictures of clips, the most useful first."""

    total: int
    frames: tuple[BestFrameOut, ...]


class PersonInMediaOut(Out):
    """How a main or important person is covered by photos and clips."""

    name: str
    category: Category
    cluster_ids: tuple[int, ...]
    photos: int
    good: int
    clips: tuple[str, ...]
    """Ids of the clips that show the person, longest first."""
    screen_time_s: float
    only_in_clips: bool
    gap: BestFrameOut | None
    """The picture of a clip to take if there is no good photo."""


class MediaCoverageOut(Out):
    """Coverage over photos and clips."""

    people: tuple[PersonInMediaOut, ...]


def clip_out(film: EventFilm, score: ClipScore | None) -> EventClipOut:
    """A clip with its rank, if it has one."""
    ranked = None if score is None or score.score.final_score is None else score
    people = sorted(film.result.people, key=lambda person: (-person.screen_time, person.cluster_id))
    return EventClipOut(
        film_id=film.film_id,
        video_path=film.video_path,
        status=film.status,
        error=film.error or ("" if score is None else score.score.error),
        duration_s=film.duration_s,
        capture_time=film.capture_time,
        people=tuple(person.name or f"person {person.cluster_id}" for person in people),
        rank=None if ranked is None else ranked.score.rank,
        final_score=None if ranked is None else ranked.score.final_score,
        best_s=None if ranked is None or ranked.time is None else round(float(ranked.time), 3),
        results_string="" if ranked is None else ranked.score.results_string,
    )


def best_frame_out(frame: BestFrame) -> BestFrameOut:
    """A picture of a clip."""
    return BestFrameOut(
        frame_id=frame.frame_id,
        film_id=film_id(frame.video_path),
        video_path=frame.video_path,
        time_s=round(float(frame.time), 3),
        cluster_id=frame.person.cluster_id,
        name=frame.person.name,
        category=Category(frame.person.category),
        worth=frame.worth,
        sentence=frame.sentence,
        rank=frame.rank,
        final_score=frame.final_score,
        facial_area=tuple(frame.facial_area),
        best_photo_id=photo_id(frame.best_photo) if frame.best_photo else None,
        capture_time=frame.capture_time,
    )


def person_out(one: MediaCoverage) -> PersonInMediaOut:
    """A person over photos and clips."""
    return PersonInMediaOut(
        name=one.person.display_name,
        category=one.person.category,
        cluster_ids=one.cluster_ids,
        photos=one.photos,
        good=one.good,
        clips=tuple(map(film_id, one.clips)),
        screen_time_s=round(float(one.screen_time), 3),
        only_in_clips=one.is_only_in_clips,
        gap=None if one.gap is None else best_frame_out(one.gap),
    )
