"""The faces of a single picture, by the attribute services: landmarks, apparent age and sex."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response, StreamingResponse
from starlette.requests import ClientDisconnect

from curation.api.context import Context
from curation.api.http.attributes.problems import ATTRIBUTE_PROBLEMS, problem_of_answer
from curation.api.http.errors import ApiProblem, problem_responses
from curation.api.http.multipart_stream import BrokenFormError, FilePart, PartData, boundary_of, parts_of
from curation.api.http.requests.pictures_made import made
from curation.api.http.sharing.share import TOO_MANY_STREAMS, demand_stream
from curation.api.schemas.attributes import AttributesOut, AttributesStatusOut, StepOut
from curation.decoders import decoded
from curation.domain.attributes.values import Attribute
from curation.photos.looks.pictures import PictureSize, picture_of_bytes
from curation.settings.attributes import (
    AgeReaderName,
    EmotionReaderName,
    EthnicityReaderName,
    LandmarksReaderName,
    SexReaderName,
)

__all__ = ["router"]

router = APIRouter(prefix="/attributes", tags=["attributes"])

EVENT_STREAM = "text/event-stream"

_ONE_PICTURE = (422, "the form has several files; send one picture a request")
_NO_PICTURE = (422, "there is no picture in the body; send the bytes of one, or a form with one file")
_BROKEN_FORM = (400, "the form is broken: the form is cut off")
_NOT_A_BODY = (415, "send a picture's bytes as they are, or as a file in a form (multipart/form-data), not as JSON")
_TEXTS = ("application/json", "application/x-www-form-urlencoded")
_PICTURE = {"schema": {"type": "string", "format": "binary"}}
_BODY = {
    "required": True,
    "content": {
        "application/octet-stream": _PICTURE,
        "image/*": _PICTURE,
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"picture": {"type": "string", "format": "binary"}},
                "required": ["picture"],
            }
        },
    },
}
_BODY_PROBLEMS = {"bad_request": _BROKEN_FORM, "media_type_not_supported": _NOT_A_BODY, "request_invalid": _NO_PICTURE}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The faces, or with `Accept: text/event-stream` the events `step` (as in `GET "
        "/attributes/{image}/steps`), and at the end `answer` (the same object) or `problem`.",
        "content": {EVENT_STREAM: {"schema": {"type": "string"}}},
    },
}
_LOG_PROBLEMS = {
    "extra_missing": ATTRIBUTE_PROBLEMS["extra_missing"],
    "redis_unavailable": (503, "no Redis server answers at 127.0.0.1:6379: start one, for example redis-server"),
}


@router.post(
    "",
    summary="Look at a picture",
    response_model=AttributesOut,
    responses={
        **_ANSWERS,
        **problem_responses(**_BODY_PROBLEMS, **ATTRIBUTE_PROBLEMS, too_many_streams=TOO_MANY_STREAMS),
    },
    openapi_extra={"requestBody": _BODY},
)
async def read_attributes(
    request: Request,
    context: Context,
    age: Annotated[AgeReaderName | None, Query(description="Reader of the apparent age.")] = None,
    sex: Annotated[SexReaderName | None, Query(description="Reader of the apparent sex.")] = None,
    ethnicity: Annotated[EthnicityReaderName | None, Query(description="Reader of the ethnicity.")] = None,
    emotion: Annotated[EmotionReaderName | None, Query(description="Reader of the expression.")] = None,
    landmarks: Annotated[LandmarksReaderName | None, Query(description="Reader of 478 landmarks.")] = None,
    store: Annotated[bool, Query(description="Whether the services keep the result in Redis and as files.")] = True,
    request_id: Annotated[
        str | None, Query(pattern=r"^[A-Za-z0-9._-]{1,64}$", description="Names the request in the services' log.")
    ] = None,
) -> AttributesOut | Response:
    """Sends the picture to the attribute services (`python -m curation services up`), and returns what they see.

    Without readers in the query, those of `services.readers` are used; `off` reads nothing. This service keeps neither
    the picture nor the answer, and neither becomes part of the event. At most `services.max_image_mb`.
    """
    content = await _picture(request)
    named = {"age": age, "sex": sex, "ethnicity": ethnicity, "emotion": emotion, "landmarks": landmarks}
    readers: Mapping[Attribute, str] = {Attribute(key): name for key, name in named.items() if name is not None}
    name = request_id or uuid.uuid4().hex[:12]
    if EVENT_STREAM in request.headers.get("accept", ""):
        demand_stream()
        events = context.attributes.events(
            content, request_id=name, readers=readers, store=store, instance=request.url.path
        )
        return StreamingResponse(events, media_type=EVENT_STREAM, headers={"Cache-Control": "no-store"})
    answer = await context.attributes.answer(content, request_id=name, readers=readers, store=store)
    problem = problem_of_answer(answer)
    if problem is not None:
        raise problem
    return AttributesOut.of(answer)


@router.get("/status", summary="Whether the attribute services answer")
def get_attributes_status(context: Context) -> AttributesStatusOut:
    """Asks each role of the services for its health; takes a few seconds if one of them hangs."""
    return AttributesStatusOut.of(context.attributes.services.state())


@router.get(
    "/{image}/steps", summary="The way of a picture through the services", responses=problem_responses(**_LOG_PROBLEMS)
)
def get_attributes_steps(
    context: Context,
    image: Annotated[
        str,
        Path(
            pattern=r"^[0-9a-fA-F]{6,64}$",
            description="The SHA-256 of the picture's bytes in hex, or the beginning of it.",
            examples=["9f86d081884c7d65"],
        ),
    ],
) -> tuple[StepOut, ...]:
    """The services' log of a picture, oldest first; empty for one that they do not know."""
    return tuple(map(StepOut.of, context.attributes.services.steps(image)))


@router.post(
    "/picture",
    summary="A picture as a JPEG for a browser",
    response_class=Response,
    responses={
        200: {"content": {"image/jpeg": _PICTURE}, "description": "An upright JPEG in sRGB, without metadata."},
        **problem_responses(
            **_BODY_PROBLEMS,
            photo_unreadable=ATTRIBUTE_PROBLEMS["photo_unreadable"],
            photo_too_large=ATTRIBUTE_PROBLEMS["photo_too_large"],
        ),
    },
    openapi_extra={"requestBody": _BODY},
)
async def show_picture(request: Request, context: Context) -> Response:
    """For formats that browsers cannot show, such as HEIC and RAW. Nothing is kept."""
    content = await _picture(request)
    limit = context.settings.io.max_photo_megapixels
    picture = partial(picture_of_bytes, size=PictureSize.SCREEN, max_megapixels=limit)
    jpeg = await made(partial(decoded, picture, content, about=hashlib.sha256(content).hexdigest()))
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


async def _picture(request: Request) -> bytes:
    """The bytes of the one picture in the body; `BodyLimit` sees to it that they are not too many."""
    content_type = request.headers.get("content-type", "")
    boundary = boundary_of(content_type)
    if boundary is None and content_type.partition(";")[0].strip().lower() in _TEXTS:
        raise ApiProblem(_NOT_A_BODY[0], "media_type_not_supported", _NOT_A_BODY[1])
    try:
        content = await request.body() if boundary is None else await _picture_of_form(request.stream(), boundary)
    except BrokenFormError as error:
        raise ApiProblem(400, "bad_request", f"the form is broken: {error}") from error
    except ClientDisconnect as error:
        # Nobody receives this response.
        raise ApiProblem(400, "bad_request", "the picture is cut off") from error
    if not content:
        raise ApiProblem(_NO_PICTURE[0], "request_invalid", _NO_PICTURE[1])
    return content


async def _picture_of_form(body: AsyncIterator[bytes], boundary: bytes) -> bytes:
    content = bytearray()
    files = 0
    async for part in parts_of(body, boundary):
        if isinstance(part, FilePart):
            files += 1
            if files > 1:
                raise ApiProblem(_ONE_PICTURE[0], "request_invalid", _ONE_PICTURE[1])
        elif isinstance(part, PartData):
            content += part.data
    return bytes(content)
