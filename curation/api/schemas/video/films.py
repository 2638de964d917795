"""Films as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Request
from pydantic import ConfigDict, Field, model_validator

from curation.api.http.urls import root_of
from curation.api.schemas.base import Out, Page, Sent, Text
from curation.api.schemas.jobs import JobOut
from curation.domain.film.people import TrailerResult
from curation.jobs.video.film_record import FilmTask, TaskKind, TaskState
from curation.jobs.video.films import Film, FilmSource, FilmState
from curation.jobs.video.media_types import is_playable

__all__ = [
    "VIDEO_ID_PATTERN",
    "AddressesIn",
    "FilmTaskOut",
    "HandedInVideoOut",
    "VideoAnswer",
    "VideoDetailOut",
    "VideoOut",
    "VideoPage",
    "video_detail_out",
    "video_out",
]

VIDEO_ID_PATTERN = "^([0-9a-f]{16}|[0-9a-f]{32})$"
_LONGEST_ADDRESS = 2000

_Address = Annotated[
    str,
    # The pattern is told only: what is said of a wrong address is said below.
    Field(min_length=1, max_length=_LONGEST_ADDRESS, json_schema_extra={"pattern": "^[Hh][Tt][Tt][Pp][Ss]?://"}),
]
Seconds = Annotated[float, Field(ge=0, examples=[12.48])]
VideoId = Annotated[str, Field(pattern=VIDEO_ID_PATTERN, examples=["9f86d081884c7d6560303ae22b998861"])]


class AddressesIn(Sent):
    """A film by its address, with a poster perhaps; only where `video.urls` allows it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    trailer: Annotated[_Address, Field(examples=["https://example.org/film.mp4"])]
    poster: _Address | None = None

    @model_validator(mode="after")
    def _are_addresses(self) -> AddressesIn:
        for address in (self.trailer, self.poster):
            if address is not None and not address.lower().startswith(("http://", "https://")):
                raise ValueError("give addresses that begin with https:// or http://; files come as a form")
        return self


class FilmTaskOut(Out):
    """How far something is that was asked for."""

    state: TaskState
    code: Annotated[str | None, Field(examples=["clip_unreadable"])]
    """Why it failed; null unless it did."""
    message: Text
    """The same as a sentence; empty unless it failed."""
    job_id: str | None
    """Its job: `GET /jobs/{id}`; null before it has begun."""

    @classmethod
    def of(cls, task: FilmTask | None) -> FilmTaskOut | None:
        """Convert a task."""
        if task is None:
            return None
        return cls(state=task.state, code=task.code or None, message=task.message, job_id=task.job_id or None)


class FilmFaceOut(Out):
    """A character, as lists show it."""

    cluster_id: Annotated[int, Field(ge=0, examples=[3])]
    name: Text | None
    """Null without a name."""
    screen_time_s: Seconds
    face_url: str


class VideoOut(Out):
    """A film that was handed in, or a clip of the event."""

    video_id: VideoId
    source: FilmSource
    """`upload`: handed in; `event`: one of the clips among the event's photos."""
    name: Annotated[Text, Field(examples=["trailer.mp4"])]
    """Its file name; for a clip of the event its path in the folder of photos."""
    state: FilmState
    """`partial`: a part could not be read, the rest is there. `failed` and `stopped` can be tried again."""
    code: Annotated[str | None, Field(examples=["clip_unreadable"])]
    """Why it failed; null unless it did."""
    message: Text
    """What the user should know of the state, as a sentence; else empty."""
    job_id: str | None
    """The job that looks at it, or did: `GET /jobs/{id}` has its progress."""
    created_at: Annotated[str, Field(examples=["2026-06-20T21:14:03.512+00:00"])]
    size_bytes: Annotated[int, Field(ge=0)]
    media_type: Annotated[str, Field(examples=["video/mp4"])]
    duration_s: Seconds | None
    """From the first to the end of the last picture; null until it was looked at, as the next three."""
    end_s: Seconds | None
    """When the last picture ends, since the container's start: films may start late."""
    width: int | None
    height: int | None
    people: Annotated[int | None, Field(ge=0, examples=[4])]
    """How many characters; null until it was looked at."""
    faces: tuple[FilmFaceOut, ...]
    """The characters seen longest, at most a dozen."""
    plays_in_browsers: bool
    """Whether browsers play the file itself; if not, `POST /videos/{id}/annotate` makes a version that they play."""
    annotated: FilmTaskOut | None
    """The version with boxes and names; null if it was never asked for."""
    posters: Annotated[int, Field(ge=0)]
    """How many posters it has."""


class VideoPage(Page):
    """Films, the newest first."""

    videos: tuple[VideoOut, ...]


class VideoDetailOut(VideoOut):
    """A film with what looking at it told."""

    fps_average: Annotated[float | None, Field(ge=0, examples=[23.976])]
    """Pictures a second; null if unknown. Times are never made of it."""
    is_vfr: bool | None
    """Whether the time between pictures varies; null until it was looked at, as all below."""
    is_hdr: bool | None
    has_audio: bool | None
    codec: str | None
    start_timecode: str | None
    """Of the first picture; empty if the file has none."""
    capture_time: str | None
    """When it was taken; empty if unknown."""
    shots: int | None
    tracks: int | None
    frames_decoded: int | None
    frames_looked_at: int | None
    corrupt_frames: int | None
    """Pictures that were damaged; they are left out."""
    notes: tuple[Text, ...]
    """What the user should know besides, in sentences."""
    engine: str | None


class HandedInVideoOut(Out):
    """A film that was taken, and the job that looks at it."""

    video: VideoOut
    job: JobOut | None
    """Null while the film waits for its turn, and if it was looked at before."""
    poster_id: str | None = None
    """The id of the poster that came with it."""


class VideoAnswer(Out):
    """A film of which something was asked, and the job."""

    video: VideoOut
    job: JobOut | None
    """Null while it waits for its turn."""


_SHOWN_FACES = 12


def video_out(request: Request, film: Film, names: Mapping[int, str]) -> VideoOut:
    """Convert a film; `names` by cluster id."""
    return VideoOut(**_values(request, film, names))


def video_detail_out(
    request: Request, film: Film, names: Mapping[int, str], result: TrailerResult | None
) -> VideoDetailOut:
    """Convert a film with its result, if there is one."""
    found = None if result is None else result.film
    facts = None if found is None else found.facts
    return VideoDetailOut(
        **_values(request, film, names),
        fps_average=None if facts is None or facts.fps_average is None else round(float(facts.fps_average), 3),
        is_vfr=None if facts is None else facts.is_vfr,
        is_hdr=None if facts is None else facts.is_hdr,
        has_audio=None if facts is None else facts.has_audio,
        codec=None if facts is None else facts.codec,
        start_timecode=None if facts is None else facts.start_timecode,
        capture_time=None if facts is None else facts.capture_time,
        shots=None if found is None else len(found.shots),
        tracks=None if found is None else len(found.tracks),
        frames_decoded=None if found is None else found.frames_decoded,
        frames_looked_at=None if found is None else found.frames_looked_at,
        corrupt_frames=None if found is None else found.corrupt_count,
        notes=() if found is None else found.notes,
        engine=None if result is None else result.engine,
    )


def _values(request: Request, film: Film, names: Mapping[int, str]) -> dict[str, object]:
    root = root_of(request)
    summary, record = film.summary, film.record
    codec = summary.codec if summary is not None else record.codec if record is not None else ""
    people = () if summary is None else summary.people
    return {
        "video_id": film.id,
        "source": film.source,
        "name": film.name,
        "state": film.state,
        "code": film.code or None,
        "message": film.message,
        "job_id": film.job_id or None,
        "created_at": film.created_at,
        "size_bytes": film.size_bytes,
        "media_type": film.media_type,
        "duration_s": None if summary is None else summary.duration_s,
        "end_s": None if summary is None else summary.end_s,
        "width": None if summary is None else summary.width,
        "height": None if summary is None else summary.height,
        "people": None if summary is None else len(people),
        "faces": tuple(
            FilmFaceOut(
                cluster_id=person.cluster_id,
                name=names.get(person.cluster_id),
                screen_time_s=person.screen_time_s,
                face_url=f"{root}/videos/{film.id}/faces/{person.cluster_id}.jpg",
            )
            for person in people[:_SHOWN_FACES]
        ),
        "plays_in_browsers": is_playable(film.media_type, codec),
        "annotated": FilmTaskOut.of(film.task(TaskKind.ANNOTATE)),
        "posters": 0 if record is None else len(record.posters),
    }
