"""Weights for the workers of other machines, by the hash of their content."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from curation.api.context import Context
from curation.api.http.errors import ApiProblem, problem_responses
from curation.api.http.video.ranges import NO_SUCH_RANGE, ranged_response
from curation.engines.weights.inventory import find_by_sha256

__all__ = ["router"]

router = APIRouter(prefix="/weights", tags=["workers"])

_MEDIA_TYPE = "application/octet-stream"
_NOT_FOUND = (
    404,
    "this machine has no model file with the SHA-256 0f1e…; `python -m curation weights` lists those that it has",
)

Sha256Path = Annotated[
    str,
    Path(
        pattern="^[0-9a-f]{64}$",
        description="SHA-256 of the file's content, in hex.",
        examples=["fbabce1f1c3316210b9488c976d68cedcb8598e5cebe02fae0a4d3c74219e8dc"],
    ),
]


@router.get(
    "/{sha256}",
    summary="A model file",
    response_class=Response,
    responses={
        200: {
            "description": "The file. `Range` and `HEAD` are understood, so that a download can go on.",
            "content": {_MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        },
        206: {"description": "A part of the file."},
        304: {"description": "The client has this version already."},
        **problem_responses(weights_not_found=_NOT_FOUND, range_not_satisfiable=NO_SUCH_RANGE),
    },
)
def get_weights(request: Request, context: Context, sha256: Sha256Path) -> Response:
    """Sends a model file that this machine knows; workers that lack it fetch it from `workers.weights_url`.

    Only files that are listed as model files are sent, whatever else has that hash.
    """
    found = find_by_sha256(sha256, context.settings.io.models_dir)
    response = None
    if found is not None:
        response = ranged_response(request, found.path, media_type=_MEDIA_TYPE, download_as=found.name)
    if response is None:
        raise ApiProblem(
            _NOT_FOUND[0],
            "weights_not_found",
            f"this machine has no model file with the SHA-256 {sha256}; `python -m curation weights` lists those that "
            "it has",
        )
    return response
