"""Files of films: the film itself in parts, the annotated version, a cover, and what editors and players read."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathParameter

from curation.api.context import Context
from curation.api.http.conditional import attachment, matches_any
from curation.api.http.errors import problem_responses
from curation.api.http.requests.pictures_made import ClientGoneError, made, nobody_waits
from curation.api.http.video.ranges import NO_SUCH_RANGE, ranged_response
from curation.api.routes.video.film_responses import (
    NOT_READY,
    VIDEO_NOT_FOUND,
    VIDEO_PROBLEMS,
    VideoIdPath,
    binary,
)
from curation.errors import VideoFileNotFoundError
from curation.pipelines.originals import originals_of
from curation.storage.file_stamps import stamp_of
from curation.storage.video.exports import EXPORT_FORMATS, export_content

__all__ = ["router"]

router = APIRouter(prefix="/videos", tags=["videos"])

COVER_PX = 640


_ALSO_CALLED = {"vtt": "webvtt", "csv": "markers"}
_FORMATS = (*EXPORT_FORMATS, *_ALSO_CALLED)
_EXPORTED = binary("*/*", "The file.")
_EXPORTED[200]["content"]["application/json"] = {"schema": {"type": "object"}}  # OpenTimelineIO
FormatPath = Annotated[
    str,
    PathParameter(
        pattern=f"^({'|'.join(_FORMATS)})$",
        description="; ".join(f"`{name}`: {form.description}" for name, form in EXPORT_FORMATS.items())
        + "; `vtt` is `webvtt`, `csv` is `markers`",
        examples=["webvtt"],
        json_schema_extra={"enum": list(_FORMATS)},
    ),
]
_PROBLEMS = {**VIDEO_PROBLEMS, **VIDEO_NOT_FOUND}
_GONE = {"video_file_not_found": (404, "the file of trailer.mp4 is gone: put it back, or delete the film")}


def _media(description: str) -> dict[int | str, dict[str, Any]]:
    return {
        **binary("*/*", description),
        206: {
            "description": "The part that Range asks for.",
            "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
            "headers": {"Content-Range": {"description": "Which part.", "schema": {"type": "string"}}},
        },
        **problem_responses(**_PROBLEMS, **_GONE, range_not_satisfiable=NO_SUCH_RANGE),
    }


@router.get(
    "/{video_id}/file",
    summary="The film as it came",
    response_class=Response,
    responses=_media("The file, byte for byte."),
)
def get_video_file(
    request: Request,
    context: Context,
    video_id: VideoIdPath,
    download: Annotated[bool, Query(description="Have a browser save it under its name.")] = False,
) -> Response:
    """In parts for players (Range). Browsers play it if `plays_in_browsers`; else use the annotated version."""
    film = context.videos.films.get(video_id)
    name = film.name.rpartition("/")[2] if download else None
    with originals_of(context.settings).at_hand(film.path) as path:  # a file that is open stays readable
        response = ranged_response(request, path, media_type=film.media_type, download_as=name)
    if response is None:
        raise VideoFileNotFoundError(f"the file of {film.name} is gone: put it back, or delete the film")
    return response


@router.get(
    "/{video_id}/annotated",
    summary="The film with boxes and names drawn in",
    response_class=Response,
    responses=_media("H.264 in MP4, with the sound of the film."),
)
def get_annotated_video(
    request: Request,
    context: Context,
    video_id: VideoIdPath,
    download: Annotated[bool, Query(description="Have a browser save it.")] = False,
) -> Response:
    """Made by `POST /videos/{video_id}/annotate`; in parts for players (Range)."""
    film = context.videos.films.get(video_id)
    path = context.videos.jobs.folders.annotated(film.id)
    stem = Path(film.name).stem
    name = f"{stem} annotated.mp4" if download else None
    response = ranged_response(request, path, media_type="video/mp4", download_as=name)
    if response is None:
        raise VideoFileNotFoundError(
            f"{film.name} has no annotated version; make one with POST /videos/{film.id}/annotate"
        )
    return response


@router.get(
    "/{video_id}/cover.jpg",
    summary="A picture of the film",
    response_class=Response,
    responses={
        **binary("image/jpeg", "Upright."),
        **problem_responses(**_PROBLEMS, **_GONE, clip_unreadable=(422, "the film is damaged at this place")),
    },
)
async def get_video_cover(
    request: Request,
    context: Context,
    video_id: VideoIdPath,
    time_s: Annotated[
        float | None,
        Query(ge=0, le=1e6, description="When; without it, where the most seen character is seen best."),
    ] = None,
) -> Response:
    """Made when it is asked for; at most 640 pixels on its longer side."""
    film = await to_thread.run_sync(context.videos.films.get, video_id)
    best_s = 0.0 if film.summary is None else film.summary.best_s
    time = Fraction(best_s if time_s is None else time_s).limit_denominator(1_000_000)
    etag = f'"{film.id}-cover-{time.numerator:x}-{time.denominator:x}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    known = request.headers.get("if-none-match")
    if known is not None and matches_any(known, etag, weak=True):
        return Response(status_code=304, headers=headers)
    if stamp_of(film.path) is None:
        raise VideoFileNotFoundError(f"the file of {film.name} is gone: put it back, or delete the film")
    try:
        content = await made(partial(context.videos.jobs.pictures.still, film.path, time, COVER_PX), request)
    except ClientGoneError:
        return nobody_waits()
    return Response(content, headers=headers, media_type="image/jpeg")


@router.get(
    "/{video_id}/exports/{export_format}",
    summary="Names over time, for players and editors",
    response_class=Response,
    responses={
        **_EXPORTED,
        **problem_responses(
            **_PROBLEMS,
            **NOT_READY,
            extra_missing=(503, "the export otio needs the extra video"),
        ),
    },
)
def get_video_export(request: Request, context: Context, video_id: VideoIdPath, export_format: FormatPath) -> Response:
    """Made when it is asked for, with the names of now.

    Subtitles (WebVTT, SubRip) say who is on screen, EDL and OpenTimelineIO are markers for editors, chapters are a file
    of FFmpeg's metadata, CSV is a table of appearances.
    """
    films = context.videos.films
    film = films.get(video_id)
    name = _ALSO_CALLED.get(export_format, export_format)
    form = EXPORT_FORMATS[name]
    content = export_content(films.result(film), name, source=film.name)
    headers = {
        "Cache-Control": "private, no-cache",
        "Content-Disposition": attachment(f"{Path(film.name).stem} {form.file_name}"),
    }
    return Response(content, headers=headers, media_type=f"{form.media_type}; charset=utf-8")
