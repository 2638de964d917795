"""The clips of the event: their ranks beside the photos, their best pictures, coverage over photos and clips."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from curation.api.context import Context
from curation.api.http.errors import problem_responses
from curation.api.http.paging import Limit, Offset
from curation.api.http.requests.pictures_made import ClientGoneError, made, nobody_waits
from curation.api.schemas.video.event_clips import (
    BestFramesOut,
    EventClipsOut,
    MediaCoverageOut,
    best_frame_out,
    clip_out,
    person_out,
)
from curation.domain.faces.ids import PHOTO_ID_PATTERN
from curation.domain.labelling.labels import MAX_NAME_CHARS, same_name
from curation.errors import NOT_CLUSTERED
from curation.event.film.media_coverage import event_coverage

__all__ = ["router"]

router = APIRouter(prefix="/event", tags=["videos"])

_MAX_SECONDS = 1_000_000
_NOT_READY = {
    "not_clustered": (409, NOT_CLUSTERED),
    "labels_invalid": (422, "cluster_labels.json is not valid: key 'x' is not a cluster id"),
}
_NO_FILM = {
    "video_not_found": (404, "the event has no clip 5b1f6f2f7c0d4a11: GET /event/clips lists them"),
    "photo_gone": (404, "the clip IMG_0412.MOV is gone: put it back, or look at the clips again"),
}
FilmId = Annotated[
    str, Path(pattern=PHOTO_ID_PATTERN, description="From `GET /event/clips`.", examples=["5b1f6f2f7c0d4a11"])
]


@router.get("/clips", summary="The clips beside the photos", responses=problem_responses(**_NOT_READY))
def list_clips(context: Context) -> EventClipsOut:
    """All clips of the event's folder, who is in them, and the rank that their best moment would have."""
    films = context.event_films
    scores = {one.score.image_path: one for one in films.scores()}
    warnings = films.record().get("warnings")
    return EventClipsOut(
        clips=tuple(clip_out(film, scores.get(film.video_path)) for film in films.films()),
        warnings=tuple(map(str, warnings)) if isinstance(warnings, list) else (),
    )


@router.get(
    "/clips/{film_id}/still",
    summary="A picture of a clip",
    response_class=Response,
    responses={
        200: {"content": {"image/jpeg": {}}, "description": "The picture."},
        **problem_responses(**_NOT_READY, **_NO_FILM),
    },
)
async def get_still(
    request: Request,
    context: Context,
    film_id: FilmId,
    time: Annotated[float, Query(ge=0, le=_MAX_SECONDS, description="Seconds since the clip's start.")] = 0,
    size: Annotated[int, Query(ge=16, le=8000, description="Longer side at most, in pixels.")] = 640,
) -> Response:
    """What is on screen at a time, as JPEG."""
    try:
        content = await made(partial(context.event_films.still, film_id, Fraction(str(time)), size), request)
    except ClientGoneError:
        return nobody_waits()
    return Response(content, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})


@router.get("/best-frames", summary="The best pictures of clips", responses=problem_responses(**_NOT_READY))
def list_best_frames(
    context: Context,
    person: Annotated[str, Query(max_length=MAX_NAME_CHARS, description="Only those of this person.")] = "",
    also: Annotated[bool, Query(description="Also of people who have good photos.")] = False,
    limit: Limit = 100,
    offset: Offset = 0,
) -> BestFramesOut:
    """Pictures of clips that show somebody better than the photos do: what is missing, and where it is."""
    frames = context.event_films.best_frames() if also else context.event_films.candidates()
    if person:
        wanted = same_name(person)
        frames = tuple(
            frame for frame in frames if wanted in (same_name(frame.person.name), str(frame.person.cluster_id))
        )
    return BestFramesOut(total=len(frames), frames=tuple(map(best_frame_out, frames[offset : offset + limit])))


@router.get("/coverage", summary="Coverage over photos and clips", responses=problem_responses(**_NOT_READY))
def get_media_coverage(context: Context) -> MediaCoverageOut:
    """All main and important people with their photos and clips, and what would fill a gap."""
    return MediaCoverageOut(people=tuple(map(person_out, event_coverage(context.judgement, context.event_films))))
