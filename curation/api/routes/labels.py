"""All labels at once: reading and writing cluster_labels.json."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response

from curation.api.context import Context
from curation.api.http.conditional import known_version
from curation.api.http.errors import ApiProblem, problem_responses
from curation.api.schemas.labels import LabelsOut, label_out
from curation.domain.labelling.labels import Labels
from curation.errors import NOT_CLUSTERED
from curation.event.people.label_edits import LABELS_CHANGED
from curation.storage.said.labels_file import parse_labels_text

__all__ = ["router"]

router = APIRouter(prefix="/labels", tags=["labels"])

MAX_BODY_BYTES = 4 * 1024 * 1024
"""Ten thousand labels with long names take about 1 MB."""

_LABELS_INVALID = (
    422,
    "the labels are not valid, none of them was used:\n"
    "  key '0': 'mian' is not a category; possible: main, important, other, did you mean 'main'?",
)
_NOT_USABLE = {
    "not_clustered": (409, NOT_CLUSTERED),
    "face_data_invalid": (409, "face_data.csv has no column `cluster_id`; run the clustering again"),
    "labels_invalid": _LABELS_INVALID,
}
_ETAG = {
    "ETag": {"description": "The entity tag of this version of the labels, for If-Match.", "schema": {"type": "string"}}
}


async def _body(request: Request) -> bytes:
    """The body, if it is JSON and not too long; read in a coroutine, because the route runs in a thread."""
    media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise ApiProblem(415, "media_type_not_supported", "send the labels as JSON: Content-Type: application/json")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise ApiProblem(413, "too_large", f"the labels may have at most {MAX_BODY_BYTES // 1024} KiB")
    return bytes(body)


@router.get(
    "",
    summary="The labels",
    responses={200: {"headers": _ETAG}, **problem_responses(**_NOT_USABLE)},
)
def get_labels(response: Response, context: Context) -> LabelsOut:
    """The labels as they are in cluster_labels.json; empty if nothing is labelled yet."""
    response.headers["ETag"], labels = context.people.labels()
    return _labels_out(labels)


@router.put(
    "",
    summary="Replace the labels",
    responses={
        200: {"headers": _ETAG},
        **problem_responses(
            **_NOT_USABLE,
            bad_request=(400, "the body is not UTF-8 text"),
            labels_changed=(412, LABELS_CHANGED),
            busy=(409, "corrections.lock is held by another process; try again when it has ended"),
            too_large=(413, "the labels may have at most 4096 KiB"),
            media_type_not_supported=(415, "send the labels as JSON: Content-Type: application/json"),
            storage=(507, "the disk is full: free some space and run again"),
        ),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "additionalProperties": {
                            "anyOf": [
                                {"$ref": "#/components/schemas/Category"},
                                {"$ref": "#/components/schemas/LabelIn"},
                            ]
                        },
                    },
                    "example": {"0": "main", "1": {"name": "Anna", "category": "important"}},
                }
            },
        }
    },
)
def put_labels(
    response: Response,
    context: Context,
    body: Annotated[bytes, Depends(_body)],
    if_match: Annotated[
        str | None,
        Header(description="The ETag of `GET /labels`: 412 if the labels were changed in the meantime."),
    ] = None,
) -> LabelsOut:
    """Checks all labels, and writes cluster_labels.json only if all of them are valid.

    Clusters that are omitted lose their label. Clusters with the same name are one person.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ApiProblem(400, "bad_request", "the body is not UTF-8 text") from error
    labels = context.catalog.event_labels.checked(parse_labels_text(text, "the body"))
    response.headers["ETag"], labels = context.people.replace_labels(labels, is_known=known_version(if_match))
    return _labels_out(labels)


def _labels_out(labels: Labels) -> LabelsOut:
    return {str(cluster): label_out(label) for cluster, label in sorted(labels.by_cluster.items())}
