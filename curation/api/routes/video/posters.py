"""Posters of films: handing in, what was found on them, their pictures."""

from __future__ import annotations

from functools import partial
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from curation.api.context import Context, ServiceContext
from curation.api.http.conditional import file_response, matches_any
from curation.api.http.errors import ApiProblem, problem_responses
from curation.api.http.multipart_stream import BrokenFormError, body_in_pieces, boundary_of, parts_of
from curation.api.http.requests.pictures_made import made
from curation.api.http.video.receiving import FilmReceiver, Received
from curation.api.routes.video.film_responses import (
    NOT_READY,
    POSTER_NOT_FOUND,
    VIDEO_NOT_FOUND,
    VIDEO_PROBLEMS,
    PosterIdPath,
    VideoIdPath,
    binary,
)
from curation.api.schemas.jobs import JobOut
from curation.api.schemas.video.posters import PosterAnswer, PosterOut, PostersOut, poster_out
from curation.decoders import decoded
from curation.errors import FilmNotReadyError, PosterNotFoundError, VideoFileNotFoundError
from curation.jobs.job import utc_now
from curation.jobs.video.film_record import FilmRecord, PosterRecord, TaskKind
from curation.jobs.video.films import Film
from curation.jobs.video.poster_files import ORIGINAL, PICTURE, read_poster
from curation.photos.looks.pictures import PictureSize, picture_of_bytes
from curation.storage.atomic import explained

__all__ = ["router", "take_poster"]

router = APIRouter(prefix="/videos", tags=["videos"])

_FORM_NEEDED = (415, "send the poster as a form with a file: Content-Type: multipart/form-data")
_NO_POSTER = (422, "there is no file in the form; send the poster as a part with a file name")
_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"poster": {"type": "string", "format": "binary"}},
                "required": ["poster"],
            }
        }
    },
}
_PROBLEMS = {**VIDEO_PROBLEMS, **VIDEO_NOT_FOUND, **POSTER_NOT_FOUND}
_NO_FILE = {"video_file_not_found": (404, "the picture of poster.jpg is gone; hand the poster in again")}


@router.get(
    "/{video_id}/posters",
    summary="The posters of a film",
    responses=problem_responses(**VIDEO_PROBLEMS, **VIDEO_NOT_FOUND),
)
def list_posters(request: Request, context: Context, video_id: VideoIdPath) -> PostersOut:
    """With the faces on them, and which characters they are; faces that match nobody are `unmatched`."""
    film = context.videos.films.get(video_id)
    posters = () if film.record is None else film.record.posters
    return PostersOut(
        video_id=film.id, posters=tuple(_poster_out(request, context, film, poster) for poster in posters)
    )


@router.post(
    "/{video_id}/posters",
    status_code=202,
    summary="Hand in a poster",
    responses={
        202: {"description": "The poster, and the job that matches its faces to the characters."},
        **problem_responses(
            **VIDEO_PROBLEMS,
            **VIDEO_NOT_FOUND,
            bad_request=(400, "the form is broken: the form is cut off"),
            too_large=(413, "a poster may have at most 200 MB (service.upload_photo_mb)"),
            media_type_not_supported=_FORM_NEEDED,
            request_invalid=_NO_POSTER,
            photo_unreadable=(422, "the file is cut off after 31 of 98 kB"),
            photo_too_large=(422, "the photo has 220 megapixels, more than the 120 of io.max_photo_megapixels"),
            storage=(507, "the disk is full: free some space and run again"),
        ),
    },
    openapi_extra={"requestBody": _BODY},
)
async def submit_poster(request: Request, context: Context, video_id: VideoIdPath) -> PosterAnswer:
    """Takes a picture as the file `poster` of a form. It is matched as soon as the film was looked at."""
    desk = context.videos
    jobs = desk.jobs
    film = await to_thread.run_sync(desk.films.get, video_id)
    boundary = boundary_of(request.headers.get("content-type", ""))
    if boundary is None:
        raise ApiProblem(_FORM_NEEDED[0], "media_type_not_supported", _FORM_NEEDED[1])
    receiver = FilmReceiver(jobs.folders, context.settings)
    try:
        try:
            await receiver.receive(parts_of(body_in_pieces(request), boundary), only_poster=True)
        except BrokenFormError as error:
            raise ApiProblem(400, "bad_request", f"the form is broken: {error}") from error
        except ClientDisconnect as error:
            raise ApiProblem(400, "bad_request", "the form is cut off") from error
        received = receiver.poster
        if received is None:
            raise ApiProblem(_NO_POSTER[0], "request_invalid", _NO_POSTER[1])
        record = await to_thread.run_sync(desk.films.record_of, film, jobs)
        poster = await made(partial(take_poster, context, record, received))
        return await to_thread.run_sync(_taken, request, context, video_id, poster)
    finally:
        receiver.remove()


@router.get("/{video_id}/posters/{poster_id}", summary="One poster", responses=problem_responses(**_PROBLEMS))
def get_poster(request: Request, context: Context, video_id: VideoIdPath, poster_id: PosterIdPath) -> PosterOut:
    """Its faces, and which characters they are."""
    film, poster = _found(context, video_id, poster_id)
    return _poster_out(request, context, film, poster)


@router.delete(
    "/{video_id}/posters/{poster_id}",
    status_code=204,
    summary="Delete a poster",
    response_class=Response,
    responses={204: {"description": "The poster is gone."}, **problem_responses(**_PROBLEMS)},
)
def delete_poster(context: Context, video_id: VideoIdPath, poster_id: PosterIdPath) -> Response:
    """For good; the film stays as it is."""
    _found(context, video_id, poster_id)
    context.videos.jobs.delete_poster(video_id, poster_id)
    return Response(status_code=204)


@router.get(
    "/{video_id}/posters/{poster_id}/picture",
    summary="The poster as a JPEG",
    response_class=Response,
    responses={
        **binary("image/jpeg", "Upright, in sRGB, without metadata."),
        **problem_responses(**_PROBLEMS, **_NO_FILE),
    },
)
def get_poster_picture(request: Request, context: Context, video_id: VideoIdPath, poster_id: PosterIdPath) -> Response:
    """For a browser; boxes of faces are shares of its size, as it may be smaller than the poster."""
    _, poster = _found(context, video_id, poster_id)
    path = context.videos.jobs.folders.poster(video_id, poster_id) / PICTURE
    response = file_response(request, path, media_type="image/jpeg")
    if response is None:
        raise VideoFileNotFoundError(f"the picture of {poster.name} is gone; hand the poster in again")
    return response


@router.get(
    "/{video_id}/posters/{poster_id}/annotated.jpg",
    summary="The poster with boxes and names",
    response_class=Response,
    responses={
        **binary("image/jpeg", "Boxes and names of now."),
        **problem_responses(**_PROBLEMS, **NOT_READY, photo_unreadable=(422, "the file is cut off after 31 of 98 kB")),
    },
)
def get_annotated_poster(
    request: Request, context: Context, video_id: VideoIdPath, poster_id: PosterIdPath
) -> Response:
    """Drawn when it is asked for, so that it has the names of now."""
    film, poster = _found(context, video_id, poster_id)
    folder = context.videos.jobs.folders.poster(video_id, poster_id)
    found = read_poster(folder)
    if found is None:
        raise FilmNotReadyError(f"the poster {poster.name} was not matched yet")
    films = context.videos.films
    etag = f'"{poster.id}-{films.etag(film).strip(chr(34))}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    known = request.headers.get("if-none-match")
    if known is not None and matches_any(known, etag, weak=True):
        return Response(status_code=304, headers=headers)
    content = context.videos.jobs.pictures.poster(folder / ORIGINAL, found, films.result(film))
    return Response(content, headers=headers, media_type="image/jpeg")


def take_poster(context: ServiceContext, record: FilmRecord, received: Received) -> PosterRecord:
    """Take a poster that was received.

    Raises:
        PhotoUnreadableError: If it cannot be decoded.
        PhotoTooLargeError: If it has too many pixels.
        StorageError: If it cannot be stored.
    """
    try:
        content = received.path.read_bytes()
    except OSError as error:
        raise explained(error, received.path, "read") from error
    limit = context.settings.io.max_photo_megapixels
    upright = partial(picture_of_bytes, size=PictureSize.SCREEN, max_megapixels=limit, name=received.name)
    picture = decoded(upright, content, about=received.sha256)
    poster = PosterRecord(received.sha256[:16], received.name, utc_now())
    return context.videos.jobs.add_poster(record.id, poster, content, picture)


def _taken(request: Request, context: ServiceContext, video_id: str, poster: PosterRecord) -> PosterAnswer:
    context.videos.jobs.begin_next()
    film = context.videos.films.get(video_id)
    task = film.task(TaskKind.POSTER, poster.id)
    job = None
    if task is not None and task.job_id and not task.state.is_over:
        job = context.runner.get(task.job_id)
    return PosterAnswer(
        poster=_poster_out(request, context, film, poster),
        job=None if job is None else JobOut.of(job, context.runner.pace(job.id)),
    )


def _found(context: ServiceContext, video_id: str, poster_id: str) -> tuple[Film, PosterRecord]:
    film = context.videos.films.get(video_id)
    posters: Any = () if film.record is None else film.record.posters
    for poster in posters:
        if poster.id == poster_id:
            return film, poster
    raise PosterNotFoundError(f"{film.name} has no poster {poster_id}")


def _poster_out(request: Request, context: ServiceContext, film: Film, poster: PosterRecord) -> PosterOut:
    task = film.task(TaskKind.POSTER, poster.id)
    assert task is not None
    found = read_poster(context.videos.jobs.folders.poster(film.id, poster.id))
    return poster_out(request, film.id, poster, task, found, context.videos.films.names_of(film))
