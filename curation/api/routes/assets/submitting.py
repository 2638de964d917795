"""Handing in pictures, and having a failed one tried again."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from starlette.requests import ClientDisconnect

from curation.api.context import Context, ServiceContext
from curation.api.http.assets.desk import ASSETS_OFF
from curation.api.http.assets.receiving import AssetReceiver, HandedIn
from curation.api.http.errors import ApiProblem, problem_of, problem_responses
from curation.api.http.multipart_stream import BrokenFormError, body_in_pieces, boundary_of, parts_of
from curation.api.routes.assets.finding import ASSET_NOT_FOUND, ASSETS_PROBLEMS, AssetIdPath
from curation.api.schemas.assets.handing_in import HandedInOut, PhotosIn, SubmittedOut
from curation.api.schemas.assets.rows import AssetOut, asset_out
from curation.domain.assets.states import AssetState
from curation.errors import NOT_CLUSTERED, AssetNotFailedError

__all__ = ["router", "upload_router"]

router = APIRouter(prefix="/assets", tags=["assets"])
upload_router = APIRouter(prefix="/api", tags=["assets"])


_BODY_NEEDED = (
    415,
    "send pictures as a form with files (multipart/form-data), or the ids of photos of the event as JSON "
    '(application/json): {"photo_ids": ["5b41f1e3a0c9d27e"]}',
)
_BROKEN_FORM = (400, "the form is broken: the form is cut off")
_NO_FILES = (422, "there is no file in the form; send each picture as a part with a file name")
_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"files": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                "required": ["files"],
            }
        },
        "application/json": {"schema": PhotosIn.model_json_schema()},
    },
}
_PROBLEMS = problem_responses(
    bad_request=_BROKEN_FORM,
    assets_off=(409, ASSETS_OFF),
    not_clustered=(409, NOT_CLUSTERED),
    face_data_invalid=(409, "face_data.csv has no column `cluster_id`; run the clustering again"),
    photo_not_found=(404, "nothing was accepted; 5b41f1e3a0c9d27e: there is no photo 5b41f1e3a0c9d27e"),
    picture_not_found=(404, "nothing was accepted; day 2/IMG_0132.jpg: the photo is gone: put it back"),
    too_large=(413, "nothing was accepted; IMG_0132.tif: a picture may have at most 200 MB"),
    media_type_not_supported=_BODY_NEEDED,
    request_invalid=_NO_FILES,
    database_busy=(503, "the database of assets is busy: try again in a moment"),
    weights_missing=(503, "nothing was accepted; IMG_0132.jpg: the weights yolox_nano.onnx are missing"),
    storage=(507, "nothing was accepted; IMG_0132.jpg: the disk is full: free some space and run again"),
)
_ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {"description": "What became of each picture; the accepted ones are worked on from now on."}
}


@router.post(
    "",
    status_code=202,
    summary="Hand in pictures",
    responses={**_ACCEPTED, **_PROBLEMS},
    openapi_extra={"requestBody": _BODY},
)
async def submit_assets(request: Request, context: Context) -> SubmittedOut:
    """Takes files as a form, or photos of the event by their ids, and answers at once; `GET /assets/events` tells more.

    Pictures that cannot be used stand in the answer as REJECTED with a code and a message, and do not refuse the
    others. The same picture handed in again with the same settings is the same asset, and nothing is done twice; one
    that has FAILED begins again. If none could be taken at all, the answer is the problem of the first one.
    """
    return await _submitted(request, context)


@upload_router.post(
    "/upload/",
    status_code=202,
    summary="Hand in pictures (the same as POST /assets)",
    responses={**_ACCEPTED, **_PROBLEMS},
    openapi_extra={"requestBody": _BODY},
)
async def upload_assets(request: Request, context: Context) -> SubmittedOut:
    """For clients that were written for this address; see `POST /assets`."""
    return await _submitted(request, context)


@router.post(
    "/{asset_id}/retry",
    status_code=202,
    summary="Try a failed picture again",
    responses={
        202: {"description": "The asset, PENDING."},
        **problem_responses(
            **ASSETS_PROBLEMS,
            **ASSET_NOT_FOUND,
            asset_not_failed=(409, "IMG_0132.jpg is COMPLETED: only a FAILED picture can be tried again"),
        ),
    },
)
def retry_asset(context: Context, asset_id: AssetIdPath) -> AssetOut:
    """Begins a FAILED one again with no attempts. A REJECTED one would be rejected again."""
    work = context.assets.work
    asset = work.get(asset_id)
    if asset.state is not AssetState.FAILED:
        raise AssetNotFailedError(f"{asset.name} is {asset.state}: only a FAILED picture can be tried again")
    return asset_out(work.retry(asset_id), context.assets.name_of)


@router.delete(
    "/{asset_id}",
    status_code=204,
    summary="Delete an asset",
    response_class=Response,
    responses={
        204: {"description": "Its row and all its files are gone."},
        **problem_responses(
            **ASSETS_PROBLEMS, **ASSET_NOT_FOUND, storage=(507, "the folder cannot be removed: no permission")
        ),
    },
)
def delete_asset(context: Context, asset_id: AssetIdPath) -> Response:
    """For good, with the picture as it came, cut-outs and masks. A photo of the event stays in its folder."""
    context.assets.work.delete(asset_id)
    context.asset_pictures.forget(asset_id)
    return Response(status_code=204)


async def _submitted(request: Request, context: ServiceContext) -> SubmittedOut:
    receiver = AssetReceiver(context.assets.work, context.settings)
    content_type = request.headers.get("content-type", "")
    boundary = boundary_of(content_type)
    if boundary is not None:
        await _receive(request, receiver, boundary)
    elif content_type.partition(";")[0].strip().lower() == "application/json":
        await receiver.take((await _photos(request)).photo_ids, context.catalog, context.analysis)
    else:
        raise ApiProblem(_BODY_NEEDED[0], "media_type_not_supported", _BODY_NEEDED[1])
    first = next((one for one in receiver.done if one.refusal is not None), None)
    if first is not None and first.refusal is not None and all(one.asset is None for one in receiver.done):
        problem = problem_of(first.refusal)
        raise ApiProblem(problem.status, problem.code, f"nothing was accepted; {first.sent_as}: {problem.detail}")
    done = tuple(_handed_in_out(one, context) for one in receiver.done)
    return SubmittedOut(accepted=sum(one.code is None for one in done), assets=done)


async def _receive(request: Request, receiver: AssetReceiver, boundary: bytes) -> None:
    try:
        await receiver.receive(parts_of(body_in_pieces(request), boundary))
    except BrokenFormError as error:
        raise ApiProblem(400, "bad_request", f"the form is broken: {error}") from error
    except ClientDisconnect as error:
        # Nobody receives this response; complete files are worked on.
        raise ApiProblem(400, "bad_request", "the form is cut off") from error
    if not receiver.done:
        raise ApiProblem(_NO_FILES[0], "request_invalid", _NO_FILES[1])


async def _photos(request: Request) -> PhotosIn:
    try:
        return PhotosIn.model_validate_json(await request.body())
    except ClientDisconnect as error:
        raise ApiProblem(400, "bad_request", "the body is cut off") from error
    except ValidationError as error:
        errors = [
            {"where": ".".join(["body", *map(str, one["loc"])]), "message": one["msg"]}
            for one in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        detail = "the request is not valid: " + "; ".join(f"{one['where']}: {one['message']}" for one in errors)
        raise ApiProblem(422, "request_invalid", detail, extra={"errors": errors}) from error


def _handed_in_out(one: HandedIn, context: ServiceContext) -> HandedInOut:
    if one.asset is not None:
        is_rejected = one.asset.state is AssetState.REJECTED
        return HandedInOut(
            sent_as=one.sent_as,
            code=one.asset.code if is_rejected else None,
            message=one.asset.message if is_rejected else "",
            asset=asset_out(one.asset, context.assets.name_of),
        )
    assert one.refusal is not None
    problem = problem_of(one.refusal)
    return HandedInOut(sent_as=one.sent_as, code=problem.code, message=problem.detail, asset=None)
