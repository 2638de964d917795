"""The films: listing, one of them, handing in, trying again, annotating, deleting."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError
from starlette.requests import ClientDisconnect

from curation.api.context import Context, ServiceContext
from curation.api.http.errors import ApiProblem, invalid_body, problem_responses
from curation.api.http.multipart_stream import BrokenFormError, body_in_pieces, boundary_of, parts_of
from curation.api.http.paging import Limit, Offset
from curation.api.http.requests.pictures_made import made
from curation.api.http.starting import ACCEPTED
from curation.api.http.video.receiving import FilmReceiver, refuse_without_room
from curation.api.routes.video.film_responses import NOT_READY, VIDEO_NOT_FOUND, VIDEO_PROBLEMS, VideoIdPath
from curation.api.routes.video.posters import take_poster
from curation.api.schemas.jobs import JobOut
from curation.api.schemas.video.films import (
    AddressesIn,
    HandedInVideoOut,
    VideoAnswer,
    VideoDetailOut,
    VideoOut,
    VideoPage,
    video_detail_out,
    video_out,
)
from curation.domain.labelling.labels import MAX_NAME_CHARS
from curation.errors import FilmNotReadyError
from curation.jobs.video.film_record import TaskKind
from curation.jobs.video.films import Film, FilmSource, FilmState

__all__ = ["router"]

router = APIRouter(prefix="/videos", tags=["videos"])

_BODY_NEEDED = (
    415,
    "send the film as a form with files (multipart/form-data), or addresses as JSON (application/json): "
    '{"trailer": "https://example.org/film.mp4"}',
)
_BROKEN_FORM = (400, "the form is broken: the form is cut off")
_NO_FILM = (422, "there is no film in the form; send it as a part with a file name")
_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {
                    "film": {"type": "string", "format": "binary"},
                    "poster": {"type": "string", "format": "binary"},
                },
                "required": ["film"],
            }
        },
        "application/json": {"schema": AddressesIn.model_json_schema()},
    },
}


@router.get("", summary="The films, newest first", responses=problem_responses(**VIDEO_PROBLEMS))
def list_videos(
    request: Request,
    context: Context,
    source: Annotated[FilmSource | None, Query(description="Only films that were handed in, or only clips.")] = None,
    state: FilmState | None = None,
    person: Annotated[
        str | None,
        Query(min_length=1, max_length=MAX_NAME_CHARS, description="Only films in which somebody has this name."),
    ] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> VideoPage:
    """Films that were handed in, and the clips among the event's photos that were looked at."""
    films = context.videos.films
    found = [
        film
        for film in films.all()
        if (source is None or film.source is source) and (state is None or film.state is state)
    ]
    if person is not None:
        found = films.with_person(found, person)
    return VideoPage(
        total=len(found),
        limit=limit,
        offset=offset,
        videos=tuple(video_out(request, film, films.names_of(film)) for film in found[offset : offset + limit]),
    )


@router.post(
    "",
    status_code=202,
    summary="Hand in a film",
    responses={
        202: {"description": "The film, and the job that looks at it."},
        **problem_responses(
            **VIDEO_PROBLEMS,
            bad_request=_BROKEN_FORM,
            too_large=(413, "a film may have at most 20000 MB (video.max_video_mb)"),
            media_type_not_supported=_BODY_NEEDED,
            request_invalid=_NO_FILM,
            clip_unreadable=(422, "film.mp4 holds no moving picture: hand in another file"),
            clip_refused=(422, "film.mp4 lasts 700 minutes, more than the 600 of video.max_video_minutes"),
            address_refused=(422, "addresses are switched off: set video.urls to public in config.yaml"),
            photo_unreadable=(422, "poster.jpg: the file is cut off"),
            photo_too_large=(422, "the photo has 220 megapixels, more than the 120 of io.max_photo_megapixels"),
            weights_missing=(503, "retinaface.onnx is missing: python -m curation weights fetch"),
            extra_missing=(503, "looking at films needs the extra video"),
            storage=(507, "the disk has 0.1 GB free, too little for this film; free some space"),
        ),
    },
    openapi_extra={"requestBody": _BODY},
)
async def submit_video(request: Request, context: Context) -> HandedInVideoOut:
    """Takes a film as the file `film` of a form, with a `poster` perhaps, and looks at it in the background.

    The answer comes when the film has arrived; films are looked at one after the other. The same file with the same
    settings is the same film, and is not looked at twice; one that failed or was stopped is tried again. Addresses are
    fetched only where `video.urls` allows it.
    """
    desk = context.videos
    jobs = desk.jobs
    receiver = FilmReceiver(jobs.folders, context.settings)
    content_type = request.headers.get("content-type", "")
    boundary = boundary_of(content_type)
    is_json = content_type.partition(";")[0].strip().lower() == "application/json"
    if boundary is None and not is_json:
        raise ApiProblem(_BODY_NEEDED[0], "media_type_not_supported", _BODY_NEEDED[1])
    try:
        if boundary is None:
            asked = await _addresses(request)
            await to_thread.run_sync(lambda: jobs.work)
            await receiver.fetch(jobs.pictures.fetch, asked.trailer, asked.poster)
        else:
            # Before the film is sent, so that nobody sends gigabytes in vain.
            await to_thread.run_sync(lambda: jobs.work)
            announced = request.headers.get("content-length", "0")
            await to_thread.run_sync(
                refuse_without_room, jobs.folders.folder, int(announced) if announced.isdecimal() else 0
            )
            await _receive(request, receiver, boundary)
        film = receiver.film
        if film is None:
            raise ApiProblem(_NO_FILM[0], "request_invalid", _NO_FILM[1])
        record = await made(partial(jobs.take, film.path, film.name, sha256=film.sha256, size_bytes=film.size_bytes))
        poster_id = None
        if receiver.poster is not None:
            poster_id = (await made(partial(take_poster, context, record, receiver.poster))).id
        return await to_thread.run_sync(_handed_in, request, context, record.id, poster_id)
    finally:
        receiver.remove()


@router.get(
    "/{video_id}",
    summary="One film",
    responses=problem_responses(
        **VIDEO_PROBLEMS, **VIDEO_NOT_FOUND, film_document_invalid=NOT_READY["film_document_invalid"]
    ),
)
def get_video(request: Request, context: Context, video_id: VideoIdPath) -> VideoDetailOut:
    """Its state, and when it was looked at what is known of it."""
    films = context.videos.films
    film = films.get(video_id)
    try:
        result = films.result(film)
    except FilmNotReadyError:
        result = None
    return video_detail_out(request, film, films.names_of(film), result)


@router.delete(
    "/{video_id}",
    status_code=204,
    summary="Delete a film",
    response_class=Response,
    responses={
        204: {"description": "The film, its posters and everything that was made of it are gone."},
        **problem_responses(
            **VIDEO_PROBLEMS,
            **VIDEO_NOT_FOUND,
            video_of_event=(409, "day 1/clip.mp4 is a clip of the event: take it out of the folder of photos instead"),
            storage=(507, "the folder cannot be removed: no permission"),
        ),
    },
)
def delete_video(context: Context, video_id: VideoIdPath) -> Response:
    """For good, with names that were typed for it; a job that works on it is stopped first."""
    film = context.videos.films.get(video_id)
    _refuse_clip(film, "take it out of the folder of photos instead")
    context.videos.jobs.delete(video_id)
    return Response(status_code=204)


@router.post(
    "/{video_id}/retry",
    status_code=202,
    summary="Look at a film again",
    responses={
        **ACCEPTED,
        202: {"description": "The film, and the job that looks at it."},
        **problem_responses(
            **VIDEO_PROBLEMS,
            **VIDEO_NOT_FOUND,
            video_of_event=(
                409,
                "day 1/clip.mp4 is a clip of the event: it is looked at with the photos, POST /cluster",
            ),
        ),
    },
)
def retry_video(request: Request, context: Context, video_id: VideoIdPath) -> VideoAnswer:
    """Begins a film that failed or was stopped again, where it was left; one that is done joins the people of now.

    What was looked at is kept, so that only its people are told apart again. Names that were typed stay with their
    faces.
    """
    film = context.videos.films.get(video_id)
    _refuse_clip(film, "it is looked at with the photos, POST /cluster")
    context.videos.jobs.ask(video_id, TaskKind.LOOK)
    return _answer(request, context, video_id, TaskKind.LOOK)


@router.post(
    "/{video_id}/annotate",
    status_code=202,
    summary="Draw boxes and names into a film",
    responses={
        202: {"description": "The film, and the job that draws; it takes some seconds for each second of the film."},
        **problem_responses(
            **VIDEO_PROBLEMS, **VIDEO_NOT_FOUND, video_not_ready=(409, "trailer.mp4 has no result yet")
        ),
    },
)
def annotate_video(request: Request, context: Context, video_id: VideoIdPath) -> VideoAnswer:
    """Writes an H.264 film that all browsers play, with its sound: `GET /videos/{video_id}/annotated`."""
    films, jobs = context.videos.films, context.videos.jobs
    record = films.record_of(films.get(video_id), jobs)
    jobs.ask(record.id, TaskKind.ANNOTATE)
    return _answer(request, context, video_id, TaskKind.ANNOTATE)


def _refuse_clip(film: Film, instead: str) -> None:
    if film.source is FilmSource.EVENT:
        raise ApiProblem(409, "video_of_event", f"{film.name} is a clip of the event: {instead}")


def _answer(request: Request, context: ServiceContext, video_id: str, kind: TaskKind) -> VideoAnswer:
    video, job = _with_job(request, context, video_id, kind)
    return VideoAnswer(video=video, job=job)


def _handed_in(request: Request, context: ServiceContext, video_id: str, poster_id: str | None) -> HandedInVideoOut:
    video, job = _with_job(request, context, video_id, TaskKind.LOOK)
    return HandedInVideoOut(video=video, job=job, poster_id=poster_id)


def _with_job(
    request: Request, context: ServiceContext, video_id: str, kind: TaskKind
) -> tuple[VideoOut, JobOut | None]:
    """The film, and the job that does this with it now."""
    desk = context.videos
    desk.jobs.begin_next()
    film = desk.films.get(video_id)
    task = film.task(kind)
    job = None
    if task is not None and task.job_id and not task.state.is_over:
        job = context.runner.get(task.job_id)
    out: dict[str, Any] = {"video": video_out(request, film, desk.films.names_of(film))}
    return out["video"], None if job is None else JobOut.of(job, context.runner.pace(job.id))


async def _receive(request: Request, receiver: FilmReceiver, boundary: bytes) -> None:
    try:
        await receiver.receive(parts_of(body_in_pieces(request), boundary))
    except BrokenFormError as error:
        raise ApiProblem(400, "bad_request", f"the form is broken: {error}") from error
    except ClientDisconnect as error:
        # Nobody receives this response; half a film is removed.
        raise ApiProblem(400, "bad_request", "the form is cut off") from error


async def _addresses(request: Request) -> AddressesIn:
    try:
        return AddressesIn.model_validate_json(await request.body())
    except ClientDisconnect as error:
        raise ApiProblem(400, "bad_request", "the body is cut off") from error
    except ValidationError as error:
        raise invalid_body(error) from error
