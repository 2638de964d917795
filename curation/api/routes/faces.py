"""Single faces."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request

from curation.api.context import Context
from curation.api.http.errors import ApiProblem, problem_responses
from curation.api.schemas.faces import FaceOut, face_out
from curation.domain.faces.ids import FACE_ID_PATTERN
from curation.errors import NOT_CLUSTERED

__all__ = ["FACE_NOT_FOUND", "FaceIdPath", "face_not_found", "router"]

router = APIRouter(prefix="/faces", tags=["faces"])

FaceIdPath = Annotated[
    str,
    Path(pattern=FACE_ID_PATTERN, description="From `GET /photos/{photo_id}`.", examples=["5b41f1e3a0c9d27e-0"]),
]
FACE_NOT_FOUND = {
    "face_not_found": (404, "there is no face 5b41f1e3a0c9d27e-7; GET /photos/{photo_id} lists those of a photo")
}


def face_not_found(face_id: str) -> ApiProblem:
    """The problem of an unknown face id."""
    return ApiProblem(
        404, "face_not_found", f"there is no face {face_id}; GET /photos/{{photo_id}} lists those of a photo"
    )


@router.get(
    "/{face_id}",
    summary="One face",
    responses=problem_responses(
        not_clustered=(409, NOT_CLUSTERED),
        face_data_invalid=(409, "face_data.csv has no column `cluster_id`; run the clustering again"),
        labels_invalid=(422, "cluster_labels.json: key '0': 'mian' is not a category; did you mean 'main'?"),
        **FACE_NOT_FOUND,
    ),
)
def get_face(request: Request, context: Context, face_id: FaceIdPath) -> FaceOut:
    """Its photo, box and landmarks, and its person."""
    face = context.catalog.face(face_id)
    if face is None:
        raise face_not_found(face_id)
    return face_out(request, face, context.catalog.labels())
